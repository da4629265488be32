#ifndef DEVICE_SURROUNDINGS_H
#define DEVICE_SURROUNDINGS_H

/*
 * surroundings: what the program does not take over from whoever starts it. At the start of main,
 * before any library is used.
 *
 * No core files, and no log of TLS keys ($SSLKEYLOGFILE, which libcurl obeys): the ticket would be
 * in them. No configuration of OpenSSL, neither the system's nor $OPENSSL_CONF: the device's own
 * openssl.cnf would have the TPM do our TLS and our verifications, over a second connection to it.
 */
void surroundings_shut_out(void);

/*
 * Where standard input, output or error are closed, something that takes nothing stands in their
 * place. Else the TPM or a file of the folder would, and get what is meant for a reader.
 */
void surroundings_fill_in(void);

#endif
