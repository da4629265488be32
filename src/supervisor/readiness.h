#ifndef SUPERVISOR_READINESS_H
#define SUPERVISOR_READINESS_H

/*
 * readiness: tells systemd how the service stands (sd_notify(3)): one datagram to the socket that
 * NOTIFY_SOCKET names; nothing where there is none. state is such as "READY=1".
 */
void readiness_notify(const char *state);

#endif
