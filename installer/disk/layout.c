#include "disk/layout.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define MIB ((uint64_t)1 << 20)

/* Types of GPT partitions, as the UEFI specification and its users have them. */
#define TYPE_BIOS_BOOT "21686148-6449-6E6F-744E-656564454649"
#define TYPE_ESP "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
#define TYPE_LINUX "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
#define TYPE_LVM "E6D6D379-F507-44C2-A23C-238F2A3DF928"

static const struct {
	const char *name;
	uint64_t size;			/* 0: what is left */
	const char *type;
} parts[PART_N] = {
	[PART_BOOT] = { "boot", MIB, TYPE_BIOS_BOOT },
	[PART_ESP] = { "esp", 300 * MIB, TYPE_ESP },
	[PART_SLOT_A] = { "a", 256 * MIB, TYPE_LINUX },
	[PART_SLOT_B] = { "b", 256 * MIB, TYPE_LINUX },
	[PART_STATE] = { "state", 2048 * MIB, TYPE_LINUX },
	[PART_SR] = { "sr", 0, TYPE_LVM },
};

static bool
draw_id(char id[static LAYOUT_ID_LEN + 1])
{
	unsigned char b[LAYOUT_ID_LEN / 2];

	if (getrandom(b, sizeof b, 0) != sizeof b)
		return false;
	for (size_t i = 0; i < sizeof b; i++)
		snprintf(id + 2 * i, 3, "%02x", b[i]);
	return true;
}

void
layout_paths(struct layout *l, const char *disk)
{
	/* what ends in a digit gets a p before the partition's number */
	const char *p = isdigit((unsigned char)disk[strlen(disk) - 1]) ?
	    "p" : "";

	for (int i = 0; i < PART_N; i++)
		snprintf(l->parts[i].path, sizeof l->parts[i].path, "%.64s%s%d",
		    disk, p, i + 1);
}

const char *
layout_prefix(enum part part, char out[static 37])
{
	snprintf(out, 37, "bedplate-%s-", parts[part].name);
	return out;
}

bool
layout_again(const char *disk, uint64_t size, const char *id,
    struct layout *out, const char **why)
{
	uint64_t at = MIB;

	if (size < LAYOUT_MIN_DISK) {
		*why = "the disk is smaller than 8 GiB";
		return false;
	}
	memset(out, 0, sizeof *out);
	snprintf(out->id, sizeof out->id, "%s", id);
	layout_paths(out, disk);
	for (int i = 0; i < PART_N; i++) {
		/* the last MiB is the second table's */
		uint64_t left = size / MIB * MIB - MIB - at;

		snprintf(out->parts[i].name, sizeof out->parts[i].name,
		    "bedplate-%s-%s", parts[i].name, id);
		out->parts[i].type = parts[i].type;
		out->parts[i].start = at;
		out->parts[i].size = parts[i].size ? parts[i].size : left;
		at += out->parts[i].size;
	}
	return true;
}

bool
layout_plan(const char *disk, uint64_t size, struct layout *out,
    const char **why)
{
	char id[LAYOUT_ID_LEN + 1];

	if (!draw_id(id)) {
		*why = "no random numbers";
		return false;
	}
	return layout_again(disk, size, id, out, why);
}
