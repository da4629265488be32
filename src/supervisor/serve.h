#ifndef SUPERVISOR_SERVE_H
#define SUPERVISOR_SERVE_H

/*
 * serve: `genuine-ca serve`: runs all roles until SIGTERM or SIGINT. SIGHUP reloads, all or
 * nothing. listen is ADDRESS:PORT in place of the configured one, or NULL. Returns the exit status.
 */
int serve(const char *directory, const char *listen);

#endif
