#include "xe/command.h"

int
main(int argc, char **argv)
{
	return xe_command(argc, argv);
}
