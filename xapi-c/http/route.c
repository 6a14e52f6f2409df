#include "http/route.h"

#include <stddef.h>
#include <string.h>

#include "http/page.h"
#include "http/stream.h"

#define RPC(path, k) { HTTP_POST, path, ROUTE_RPC_ ## k, NULL, NULL, \
	"post_root", ROLE_READ_ONLY }
#define PAGE(m, path, fn) { m, path, ROUTE_PAGE, fn, NULL, \
	"get_root", ROLE_READ_ONLY }
#define STREAM(m, path, fn, action, role) { m, path, ROUTE_STREAM, NULL, fn, \
	action, role }

static const struct route routes[] = {
	RPC("/", XML),
	RPC("/jsonrpc", JSON),
	PAGE(HTTP_POST, "/cli", page_missing),
	PAGE(HTTP_POST, "/services", page_missing),
	PAGE(HTTP_POST, "/remote_db_access", page_missing),
	PAGE(HTTP_OPTIONS, "/", page_options),
	PAGE(HTTP_GET, "/", page_static),
	PAGE(HTTP_PUT, "/", page_forbidden),
	PAGE(HTTP_CONNECT, "/", page_forbidden),
	STREAM(HTTP_CONNECT, "/console", console_stream, "connect_console",
	    ROLE_VM_OPERATOR),
	STREAM(HTTP_GET, "/console", console_stream, "connect_console_ws",
	    ROLE_VM_OPERATOR),
	STREAM(HTTP_GET, "/export_raw_vdi", raw_vdi_export,
	    "get_export_raw_vdi", ROLE_VM_ADMIN),
	STREAM(HTTP_PUT, "/import_raw_vdi", raw_vdi_import,
	    "put_import_raw_vdi", ROLE_VM_ADMIN),
};

const struct route *
route_find(enum http_method method, const char *path)
{
	const struct route *best = NULL, *r;
	size_t i, len, best_len = 0;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		r = &routes[i];
		len = strlen(r->prefix);
		if (r->method == method && len > best_len &&
		    strncmp(r->prefix, path, len) == 0) {
			best = r;
			best_len = len;
		}
	}
	return best;
}
