#include "xe/connect.h"

#include <stdlib.h>
#include <string.h>

struct dial *
xe_connect(const struct xe_options *o, char why[static DIAL_WHY])
{
	const char *socket = getenv("XE_SOCKET");
	bool here = !o->server || strcmp(o->server, "127.0.0.1") == 0 ||
	    strcmp(o->server, "localhost") == 0;
	struct dial *d = NULL;

	if (here && !o->port)
		d = dial_unix(socket ? socket : XE_SOCKET, why);
	if (d || (!o->server && !o->port))
		return d;
	return dial_tcp(o->server ? o->server : "127.0.0.1", o->port ?
	    o->port : o->plain ? 80 : 443, !o->plain, why);
}
