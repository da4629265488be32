#ifndef TESTS_FUZZ_FOLDER_H
#define TESTS_FUZZ_FOLDER_H

#include "directory.h"

/*
 * folder: the device's folder, in memory, for the targets of what it keeps. Removed at the end.
 */

/* The folder, empty, whatever the last input has left there. */
struct directory *folder_empty(struct failure *);

#endif
