#ifndef PROCESS_CPU_LIMIT_H
#define PROCESS_CPU_LIMIT_H

/*
 * cpu_limit: ends a process that computes too long on one thing. Nothing of ours does; so a parser
 * runs in a circle that somebody found, and the supervisor, which starts again what has ended,
 * cannot see it. Time in which the process waits does not count. Counts from begin to end; the
 * process ends by SIGPROF. Wants setitimer from the sandbox.
 */
void cpu_limit_begin(unsigned seconds);
void cpu_limit_end(void);

#endif
