/* A qcow2 image from outside: whatever it says, nothing behind the disk changes. */
#include "fuzz.h"
#include "image_rig.h"

#define DISK (64u << 10)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rig r;

	rig_init(&r, DISK);
	(void)rig_in(&r, qcow2_in, data, len);
	rig_release(&r);
	return 0;
}
