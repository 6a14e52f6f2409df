/* A VHD image from outside: whatever it says, nothing behind the disk changes. */
#include <endian.h>

#include "fuzz.h"
#include "image/vhd.h"
#include "image_rig.h"

#define DISK (64u << 10)

/* Sums that are right, or hardly anything would get beyond them. */
static void
mend(uint8_t *part, size_t len, size_t sum_at)
{
	uint32_t all = 0;

	memset(part + sum_at, 0, sizeof(all));
	for (size_t i = 0; i < len; i++)
		all += part[i];
	all = htobe32(~all);
	memcpy(part + sum_at, &all, sizeof(all));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf image = { 0 };
	uint8_t *head;
	struct rig r;

	rig_init(&r, DISK);
	buf_add(&image, data, len);
	if (len >= 2 * VHD_SECTOR + VHD_HEADER_SIZE) {
		head = (uint8_t *)image.data;
		mend(head, VHD_SECTOR, 64);
		mend(head + VHD_SECTOR, VHD_HEADER_SIZE, 36);
		memcpy(head + len - VHD_SECTOR, head, VHD_SECTOR);
	}
	(void)rig_in(&r, vhd_in, image.data, image.len);
	rig_release(&r);
	buf_release(&image);
	return 0;
}
