#include "owned.h"

#include <unistd.h>

void owned_close_descriptor(const int *descriptor)
{
	if (*descriptor >= 0)
		(void)close(*descriptor);
}
