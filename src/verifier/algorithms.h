#ifndef VERIFIER_ALGORITHMS_H
#define VERIFIER_ALGORITHMS_H

/*
 * algorithms: has OpenSSL fetch, before the sandbox closes, what the checks will ask of it, so that
 * no provider, table or cache is built while attackers' octets are in hand. Logs and exits 1 where
 * an algorithm is missing.
 */
void algorithms_prepare(void);

#endif
