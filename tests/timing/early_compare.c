#include "early_compare.h"

bool early_compare(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (a.data[i] != b.data[i])
			return false;
	}
	return true;
}
