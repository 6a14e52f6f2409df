/*
 * How an installed system lies on its disk: the partitions, their sizes and
 * names.  A name holds the installation's, so that the parts of one are never
 * taken for those of another:
 *
 *	1  bedplate-boot-ID	  1 MiB	what GRUB needs under BIOS
 *	2  bedplate-esp-ID	300 MiB	EFI system partition: GRUB, grubenv
 *	3  bedplate-a-ID	256 MiB	slot A: a system, read-only
 *	4  bedplate-b-ID	256 MiB	slot B
 *	5  bedplate-state-ID	  2 GiB	ext4: database, certificates, logs
 *	6  bedplate-sr-ID	the rest, for the first SR
 *
 * ID is 16 hexadecimal digits, drawn for each installation.  Writes nothing:
 * table.h does.  Sizes in bytes.
 */
#ifndef INSTALLER_DISK_LAYOUT_H
#define INSTALLER_DISK_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define LAYOUT_MIN_DISK ((uint64_t)8 << 30)
#define LAYOUT_ID_LEN 16
/* That of a flash image, until the first start of its copy. */
#define LAYOUT_ID_NONE "0000000000000000"

enum part {
	PART_BOOT,
	PART_ESP,
	PART_SLOT_A,
	PART_SLOT_B,
	PART_STATE,
	PART_SR,
	PART_N
};

struct layout {
	char id[LAYOUT_ID_LEN + 1];
	struct {
		char name[37];
		const char *type;	/* as GPT has it */
		char path[80];		/* /dev/sda1 */
		uint64_t start, size;
	} parts[PART_N];
};

/* The paths of the partitions of a disk. */
void layout_paths(struct layout *l, const char *disk);
/* The name of a part without the installation's, "bedplate-esp-". */
const char *layout_prefix(enum part part, char out[static 37]);
/* A new one for the disk of that size; false with *why, for a person, if it
 * cannot hold a system. */
bool layout_plan(const char *disk, uint64_t size, struct layout *out,
    const char **why);
/* The same for an ID that there is. */
bool layout_again(const char *disk, uint64_t size, const char *id,
    struct layout *out, const char **why);

#endif
