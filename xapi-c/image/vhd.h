/*
 * The parts of a VHD image (Microsoft's "Virtual Hard Disk Image Format
 * Specification", 2006): a footer of one sector at the end, and, of a disk that is
 * not fixed, a copy of it at the start, a header, a table of blocks, and the
 * blocks, each behind a bitmap of its sectors.  Numbers are big-endian.
 */
#ifndef IMAGE_VHD_H
#define IMAGE_VHD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VHD_SECTOR 512
#define VHD_HEADER_SIZE 1024
#define VHD_SIZE_MAX ((int64_t)2040 << 30)	/* of a disk */
#define VHD_BLOCK (2u << 20)			/* of images that we make */
#define VHD_BLOCK_MIN 4096u
#define VHD_BLOCK_MAX (16u << 20)
#define VHD_ENTRIES_MAX (1u << 20)		/* of the table */
#define VHD_UNUSED UINT32_MAX			/* a block that is all zeroes */
#define VHD_UUID_SIZE 16

enum vhd_type { VHD_FIXED = 2, VHD_DYNAMIC = 3, VHD_DIFFERENCING = 4 };

struct vhd_footer {
	uint32_t type;			/* enum vhd_type, or what else is there */
	int64_t size;			/* bytes of the disk */
	uint64_t header_at;		/* bytes into the image */
	uint32_t time;			/* seconds since 2000 */
	uint8_t uuid[VHD_UUID_SIZE];
};

struct vhd_header {
	uint64_t table_at;		/* bytes into the image */
	uint32_t entries;
	uint32_t block;			/* bytes of a block */
};

bool vhd_is_footer(const uint8_t raw[VHD_SECTOR]);
/* NULL, or why it is none. */
const char *vhd_footer_decode(struct vhd_footer *f,
    const uint8_t raw[VHD_SECTOR]);
const char *vhd_header_decode(struct vhd_header *h,
    const uint8_t raw[VHD_HEADER_SIZE]);
void vhd_footer_encode(const struct vhd_footer *f, uint8_t raw[VHD_SECTOR]);
void vhd_header_encode(const struct vhd_header *h,
    uint8_t raw[VHD_HEADER_SIZE]);

/* Bytes of the bitmap before a block, and of a table. */
size_t vhd_bitmap_size(uint32_t block);
size_t vhd_table_size(uint32_t entries);

#endif
