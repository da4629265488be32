/*
 * Target: state_read, state_write (src/device/state.h): state.json.
 * Holds: what is read is written, and read again as the same.
 */
#include "fuzz.h"

#include "state.h"

#include <stdio.h>
#include <unistd.h>

static struct directory folder;
static struct failure failure;
static char path[] = "/dev/shm/genuine-fuzz-state-XXXXXX";

static void folder_remove(void)
{
	(void)unlinkat(folder.descriptor, "state.json", 0);
	directory_close(&folder);
	(void)rmdir(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must_hold(mkdtemp(path) != NULL);
	must_hold(directory_open(&folder, path, &failure) == FAULT_NONE);
	(void)atexit(folder_remove);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct state state, again;

	must_hold(directory_write(&folder, "state.json", bytes_of(data, len), 0600) == FAULT_NONE);
	failure.what[0] = '\0';
	if (state_read(&folder, &state) != FAULT_NONE) {
		must_hold(failure.what[0] != '\0');
		return 0;
	}
	must_hold(state_write(&folder, &state) == FAULT_NONE);
	must_hold(state_read(&folder, &again) == FAULT_NONE);
	must_hold(memcmp(&again, &state, sizeof(state)) == 0);
	return 0;
}
