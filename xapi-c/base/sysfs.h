/*
 * What the kernel says of a device: a file below /sys/class or /sys/block with
 * one line in it.  Any thread.
 */
#ifndef BASE_SYSFS_H
#define BASE_SYSFS_H

#include <stddef.h>

/* The line of folder/name/key, cut to size - 1 bytes, without blanks at its
 * ends; "" if it cannot be read, as with a NIC that is down. */
void sysfs_text(const char *folder, const char *name, const char *key,
    char *out, size_t size);

#endif
