#ifndef BASE_PEM_END_H
#define BASE_PEM_END_H

#include <stdbool.h>

/*
 * Why PEM_read_bio_* has just given nothing: true where no further PEM begins, which is how every
 * file ends; false for one that is broken, or where there was no memory. ERR_clear_error before the
 * first reading, so that it is not told of another failure.
 */
bool pem_has_ended(void);

#endif
