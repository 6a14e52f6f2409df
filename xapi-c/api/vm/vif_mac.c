#include "api/vm/vif_mac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a of seed and place, then mixed so that each bit of the result depends
 * on all of them.  Nobody's secret: two VMs must only hardly ever meet. */
static uint64_t
digest(const char *seed, long device)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *seed; seed++)
		h = (h ^ (unsigned char)*seed) * 0x100000001b3;
	h = (h ^ (uint64_t)device ^ 0x100) * 0x100000001b3;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

void
mac_of(const struct vm *vm, const char *device,
    char out[static MAC_TEXT_LEN + 1])
{
	const char *seed = map_get(vm->other_config, "mac_seed");
	struct ref r;
	uint64_t h;

	if (seed && *seed) {
		h = digest(seed, strtol(device, NULL, 10));
		memcpy(r.b, &h, sizeof h);
	} else {
		ref_random(&r);
	}
	/* locally administered, unicast */
	snprintf(out, MAC_TEXT_LEN + 1, "%02x:%02x:%02x:%02x:%02x:%02x",
	    (r.b[0] & 0xfc) | 0x02, r.b[1], r.b[2], r.b[3], r.b[4], r.b[5]);
}
