/* genuine-ca: the operator's command, and with `serve` the supervisor of the roles (serve.c). */
#include "command_line.h"

int main(int argc, char **argv)
{
	return command_line_run(argc, argv);
}
