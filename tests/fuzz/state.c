/*
 * Target: state_read, state_write (src/device/state.h): state.json.
 * Holds: what is read is written, and read again as the same.
 */
#include "fuzz.h"

#include "folder.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct failure failure;
	struct directory *folder = folder_empty(&failure);
	struct state state, again;

	must_hold(directory_write(folder, "state.json", bytes_of(data, len), 0600) == FAULT_NONE);
	failure.what[0] = '\0';
	if (state_read(folder, &state) != FAULT_NONE) {
		must_hold(failure.what[0] != '\0');
		return 0;
	}
	must_hold(state_write(folder, &state) == FAULT_NONE);
	must_hold(state_read(folder, &again) == FAULT_NONE);
	must_hold(memcmp(&again, &state, sizeof(state)) == 0);
	return 0;
}
