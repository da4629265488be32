/* faulty: does what a sanitizer must report, so that it is seen that reports arrive. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	volatile int number = INT_MAX;
	char *volatile octets = malloc((size_t)argc);

	if (argc != 2 || octets == NULL)
		return 2;
	if (strcmp(argv[1], "address") == 0)
		octets[number - INT_MAX + argc] = 1;
	if (strcmp(argv[1], "undefined") == 0)
		number += argc;
	if (strcmp(argv[1], "leak") == 0)
		octets = NULL;
	free(octets);
	return number == INT_MAX ? 0 : 1;
}
