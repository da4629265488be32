#ifndef SUPERVISOR_COMMAND_LINE_H
#define SUPERVISOR_COMMAND_LINE_H

/*
 * command_line: genuine-ca [-C DIR] [--json] COMMAND …: finds the command in the table of all of
 * them and runs it. Returns the exit status: 0 done, 1 failed or not found, 2 wrongly called.
 */
int command_line_run(int argc, char **argv);

#endif
