/*
 * The little XML document in a template's other_config "disks":
 *     <provision><disk device="0" size="8589934592" sr="" bootable="true"
 *     type="system"/></provision>
 */
#ifndef WIRE_DISKS_XML_H
#define WIRE_DISKS_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define DISKS_XML_MAX_BYTES 65536
#define DISKS_XML_MAX_DISKS 255

struct disks_xml_disk {
	const char *device;
	int64_t size;			/* bytes */
	const char *sr;			/* uuid, or "": the default SR */
	bool bootable;
	const char *type;		/* "system", "user" ... */
};

/* Number of disks (their array and texts in the arena), or -EBADMSG. */
int disks_xml_parse(struct arena *a, const char *xml,
    struct disks_xml_disk **out);
/* The document of n disks, as other_config keeps it. */
const char *disks_xml_text(struct arena *a,
    const struct disks_xml_disk *disks, int n);

#endif
