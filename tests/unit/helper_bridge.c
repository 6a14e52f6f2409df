/* helper_bridge BRIDGE [PORT]: what xenopsd does for a network. */
#include <stdio.h>
#include <string.h>

#include "xenopsd/machine/bridge.h"

int
main(int argc, char **argv)
{
	int rc;

	if (argc < 2)
		return 2;
	rc = bridge_create(argv[1], 0, argc > 2 ? argv[2] : NULL);
	if (rc)
		fprintf(stderr, "'%s': %s\n", argv[1], strerror(-rc));
	return rc ? 1 : 0;
}
