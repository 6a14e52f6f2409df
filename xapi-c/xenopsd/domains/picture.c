#include "xenopsd/domains/picture.h"

#include <stddef.h>

int
picture_open(const struct spawn_program *p, const char *name, int text)
{
	const char *const argv[] = { p->path, name, p->user, NULL };

	return spawn_on_socket(&(struct spawn){ .argv = argv, .lock = -1 }, 1,
	    text);
}
