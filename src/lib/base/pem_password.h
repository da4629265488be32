#ifndef BASE_PEM_PASSWORD_H
#define BASE_PEM_PASSWORD_H

/*
 * The callback for every PEM_read_bio_*: it has no password, so that what is encrypted does not
 * read. Nobody is there to ask, and the library, left to itself, would open a terminal, which ends
 * a role that is in its sandbox.
 */
int pem_no_password(char *buffer, int size, int is_writing, void *context);

#endif
