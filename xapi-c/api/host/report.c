#include "api/host/report.h"

#include <stdbool.h>
#include <string.h>

#include "api/call.h"
#include "base/buf.h"
#include "gen/methods.h"
#include "gen/types.h"

/* By the names that clients have texts for. */
static const struct part {
	const char *key, *type;
	const char *private;		/* does it tell of people? */
	long long most;			/* bytes; -1: it depends */
} parts[REPORT_N] = {
	[REPORT_LOGS] = { "xenserver-logs", "text/plain", "maybe",
		512 << 10 },
	[REPORT_XEN] = { "xen-info", "text/plain", "maybe", 256 << 10 },
	[REPORT_OBJECTS] = { "xenserver-databases", "application/json", "yes",
		-1 },
};

static bool
is_named(const char *list, const char *key)
{
	size_t len = strlen(key), n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		if (n == len && memcmp(list, key, n) == 0)
			return true;
		if (!list[n])
			return false;
	}
}

unsigned
report_parts(const char *list)
{
	unsigned found = 0;

	if (!list || !*list)
		return REPORT_ALL;
	for (int i = 0; i < REPORT_N; i++)
		if (is_named(list, parts[i].key))
			found |= 1u << i;
	return found;
}

int
api_host_get_system_status_capabilities(struct call *c,
    const struct host_get_system_status_capabilities_args *a,
    const char **result)
{
	struct buf b = { 0 };

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	buf_adds(&b, "<?xml version=\"1.0\"?><system-status-capabilities>");
	for (const struct part *p = parts; p < parts + REPORT_N; p++)
		buf_addf(&b, "<capability key=\"%s\" content-type=\"%s\" "
		    "pii=\"%s\" default-checked=\"yes\" min-size=\"-1\" "
		    "max-size=\"%lld\" min-time=\"-1\" max-time=\"-1\"/>",
		    p->key, p->type, p->private, p->most);
	buf_adds(&b, "</system-status-capabilities>");
	*result = arena_strdup(c->arena, b.data);
	buf_release(&b);
	return 0;
}
