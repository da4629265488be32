#include "profile_name.h"

#include "limits.h"

static bool is_allowed(uint8_t octet)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-';
}

bool profile_name_is_well_formed(struct bytes name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!is_allowed(name.data[i]))
			return false;
	}
	return name.len > 0 && name.len <= PROFILE_NAME_MAX;
}

bool profile_list_is_well_formed(struct bytes list)
{
	size_t begin = 0;

	for (size_t i = 0; i < list.len; i++) {
		if (list.data[i] != ';')
			continue;
		if (!profile_name_is_well_formed(bytes_of(list.data + begin, i - begin)))
			return false;
		begin = i + 1;
	}
	return list.len > 0 &&
		profile_name_is_well_formed(bytes_of(list.data + begin, list.len - begin));
}
