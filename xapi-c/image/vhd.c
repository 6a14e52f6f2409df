#include "image/vhd.h"

#include <string.h>

#include "image/big_endian.h"

#define VERSION 0x00010000
#define FEATURES 2			/* reserved, always set */
#define NOWHERE UINT64_MAX

/* Places in the footer. */
enum {
	F_COOKIE = 0, F_FEATURES = 8, F_VERSION = 12, F_HEADER_AT = 16,
	F_TIME = 24, F_MAKER = 28, F_MAKER_VERSION = 32, F_FIRST_SIZE = 40,
	F_SIZE = 48, F_CYLINDERS = 56, F_HEADS = 58, F_SECTORS = 59,
	F_TYPE = 60, F_SUM = 64, F_UUID = 68,
};

/* And in the header. */
enum {
	H_COOKIE = 0, H_NEXT = 8, H_TABLE_AT = 16, H_VERSION = 24,
	H_ENTRIES = 28, H_BLOCK = 32, H_SUM = 36,
};

static const char footer_cookie[] = "conectix", header_cookie[] = "cxsparse";

/* Of all but the sum itself. */
static uint32_t
sum(const uint8_t *p, size_t len, size_t sum_at)
{
	uint32_t all = 0;

	for (size_t i = 0; i < len; i++)
		if (i < sum_at || i >= sum_at + 4)
			all += p[i];
	return ~all;
}

bool
vhd_is_footer(const uint8_t raw[VHD_SECTOR])
{
	return memcmp(raw + F_COOKIE, footer_cookie, 8) == 0;
}

const char *
vhd_footer_decode(struct vhd_footer *f, const uint8_t raw[VHD_SECTOR])
{
	uint64_t size = get64(raw + F_SIZE);

	if (!vhd_is_footer(raw))
		return "it has no footer";
	if (get32(raw + F_SUM) != sum(raw, VHD_SECTOR, F_SUM))
		return "its footer is damaged";
	if (get32(raw + F_VERSION) >> 16 != VERSION >> 16)
		return "its version is unknown";
	if (size == 0 || size > (uint64_t)VHD_SIZE_MAX || size % VHD_SECTOR)
		return "its disk's size is none that a VHD can have";
	f->type = get32(raw + F_TYPE);
	f->size = (int64_t)size;
	f->header_at = get64(raw + F_HEADER_AT);
	f->time = get32(raw + F_TIME);
	memcpy(f->uuid, raw + F_UUID, VHD_UUID_SIZE);
	return NULL;
}

const char *
vhd_header_decode(struct vhd_header *h, const uint8_t raw[VHD_HEADER_SIZE])
{
	if (memcmp(raw + H_COOKIE, header_cookie, 8) != 0)
		return "it has no header";
	if (get32(raw + H_SUM) != sum(raw, VHD_HEADER_SIZE, H_SUM))
		return "its header is damaged";
	h->table_at = get64(raw + H_TABLE_AT);
	h->entries = get32(raw + H_ENTRIES);
	h->block = get32(raw + H_BLOCK);
	if (h->block < VHD_BLOCK_MIN || h->block > VHD_BLOCK_MAX ||
	    (h->block & (h->block - 1)))
		return "its blocks' size is none that we take";
	return h->entries > VHD_ENTRIES_MAX ? "its table is too large" : NULL;
}

/* Cylinders, heads and sectors as the specification's appendix counts them; they
 * matter to BIOSes of old. */
static void
put_geometry(uint8_t raw[VHD_SECTOR], int64_t size)
{
	int64_t most = (int64_t)65535 * 16 * 255, total = size / VHD_SECTOR;
	int64_t sectors = 17, heads, tracks;

	total = total > most ? most : total;
	tracks = total / sectors;
	heads = (tracks + 1023) / 1024;
	heads = heads < 4 ? 4 : heads;
	for (int64_t next = 31; next <= 63 && (tracks >= heads * 1024 ||
	    heads > 16); next += 32) {
		sectors = next;
		heads = 16;
		tracks = total / sectors;
	}
	if (total >= (int64_t)65535 * 16 * 63) {
		sectors = 255;
		heads = 16;
		tracks = total / sectors;
	}
	raw[F_CYLINDERS] = (uint8_t)(tracks / heads >> 8);
	raw[F_CYLINDERS + 1] = (uint8_t)(tracks / heads);
	raw[F_HEADS] = (uint8_t)heads;
	raw[F_SECTORS] = (uint8_t)sectors;
}

void
vhd_footer_encode(const struct vhd_footer *f, uint8_t raw[VHD_SECTOR])
{
	memset(raw, 0, VHD_SECTOR);
	memcpy(raw + F_COOKIE, footer_cookie, 8);
	put32(raw + F_FEATURES, FEATURES);
	put32(raw + F_VERSION, VERSION);
	put64(raw + F_HEADER_AT, f->type == VHD_FIXED ? NOWHERE : f->header_at);
	put32(raw + F_TIME, f->time);
	/* as XenServer signs: others then take the size as it stands */
	memcpy(raw + F_MAKER, "tap", 4);
	put32(raw + F_MAKER_VERSION, 0x00010003);
	put64(raw + F_FIRST_SIZE, (uint64_t)f->size);
	put64(raw + F_SIZE, (uint64_t)f->size);
	put_geometry(raw, f->size);
	put32(raw + F_TYPE, f->type);
	memcpy(raw + F_UUID, f->uuid, VHD_UUID_SIZE);
	put32(raw + F_SUM, sum(raw, VHD_SECTOR, F_SUM));
}

void
vhd_header_encode(const struct vhd_header *h, uint8_t raw[VHD_HEADER_SIZE])
{
	memset(raw, 0, VHD_HEADER_SIZE);
	memcpy(raw + H_COOKIE, header_cookie, 8);
	put64(raw + H_NEXT, NOWHERE);
	put64(raw + H_TABLE_AT, h->table_at);
	put32(raw + H_VERSION, VERSION);
	put32(raw + H_ENTRIES, h->entries);
	put32(raw + H_BLOCK, h->block);
	put32(raw + H_SUM, sum(raw, VHD_HEADER_SIZE, H_SUM));
}

static size_t
whole_sectors(size_t n)
{
	return (n + VHD_SECTOR - 1) / VHD_SECTOR * VHD_SECTOR;
}

size_t
vhd_bitmap_size(uint32_t block)
{
	return whole_sectors(block / VHD_SECTOR / 8);
}

size_t
vhd_table_size(uint32_t entries)
{
	return whole_sectors(entries * sizeof(uint32_t));
}
