/*
 * The default templates as data: what every pool is given once, by family.  A
 * new template is a row with the next generation; a row is never removed, as
 * its label says which template of a pool it has become.
 */
#ifndef API_SYNC_TEMPLATE_TABLE_H
#define API_SYNC_TEMPLATE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/type.h"

/* One <restriction> of VM.recommendations. */
struct template_rule {
	const char *kind;		/* "field" or "property" */
	const char *of;
	const char *bound;		/* "min", "max" or "value" */
	const char *value;
};

/* Lists end with a zeroed entry. */
struct template_family {
	const char *description;
	const char *methods;		/* of installing, or NULL: it has a disk */
	const char *order;		/* letters of cdn; HVM only */
	const char *firmware;		/* "bios" or "uefi"; HVM only */
	const struct template_rule *rules;
	const struct string_pair *platform;	/* beside what all have */
	const struct string_pair *other;	/* of other_config */
	int domain_type;
	int vcpus;
};

struct template_row {
	const char *label;		/* VM.reference_label */
	const char *name;
	const struct template_family *family;
	int32_t memory_min_mib;
	int32_t memory_mib;
	int32_t disk_gib;		/* 0: none is made */
	int32_t generation;
};

/* The newest generation of a row. */
#define TEMPLATE_GENERATION 1

extern const struct template_row template_rows[];
extern const size_t template_rows_n;

#endif
