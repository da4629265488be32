/*
 * make_seeds: writes the seeds that our own writers can make. make_seeds FOLDER, in which corpus/ and
 * fixed/ are made; make_seeds.py does the rest. New keys each time: fixed/ changes with them.
 */
#include "seeds.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 2;
	}
	seeds_open(argv[1]);
	seeds_of_messages();
	seeds_of_keys();
	seeds_of_certificates();
	seeds_of_authority();
	return 0;
}
