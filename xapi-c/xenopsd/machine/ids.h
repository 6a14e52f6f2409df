/*
 * The names of a bus' devices by their numbers: a file of lines "KEY NAME" in the order
 * of their bytes (dom0-rootfs/ids.py), searched by halves where it lies.  Any
 * thread, each with an ids of its own.
 */
#ifndef XENOPSD_MACHINE_IDS_H
#define XENOPSD_MACHINE_IDS_H

#include <stddef.h>

#include "base/arena.h"

#define IDS_PCI "/usr/share/bedplate/pci.names"
#define IDS_USB "/usr/share/bedplate/usb.names"

struct ids {
	const char *text;
	size_t len;
};

/* Without such a file nothing has a name. */
void ids_open(struct ids *ids, const char *path);
void ids_close(struct ids *ids);
/* The name of a key, in the arena; "" if there is none. */
const char *ids_find(struct arena *a, const struct ids *ids, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

#endif
