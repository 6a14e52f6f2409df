/*
 * The bounds of one VM and of its bridges, known to both daemons: xenopsd refuses what is beyond
 * them, and xapi names the field before xenopsd is asked.  None is below what
 * XenServer takes.
 */
#ifndef BASE_VM_LIMITS_H
#define BASE_VM_LIMITS_H

#include <stdbool.h>

#define VM_MIN_MEMORY (16ll << 20)	/* bytes */
#define VM_MAX_MEMORY (1ll << 44)
#define VM_MAX_VCPUS 128
#define VM_MAX_DISKS 255		/* devices 0 to 254 */
#define VM_MAX_NICS 32
#define VM_MAX_ALLOWED 64		/* addresses of a VIF, of each family */
#define VM_MAX_RATE 104857600		/* KiB/s a VIF may send: 100 GiB */
#define VM_MAX_RATE_INTERVAL 1000000	/* microseconds */
#define VM_MIN_MTU 68
#define VM_MAX_MTU 65521
#define VM_MAX_TEXT 1024		/* command line, name; bytes */
#define VM_MAX_DATA 1000		/* entries of xenstore_data */
#define VM_MAX_DATA_VALUE 2048		/* bytes; what a guest may write */
#define VM_MAX_SCHED 65535		/* weight and cap */
#define VM_EMULATED_NICS 8		/* of an HVM guest: devices below it */
#define VM_IDE_DISKS 4			/* of an HVM guest, emulated, too */
#define VM_MIN_VIDEORAM (1ll << 20)	/* bytes; QEMU's cards have more */
#define VM_MAX_VIDEORAM (128ll << 20)
#define VM_MAX_TIMEOFFSET 2147483647	/* seconds */
#define VDI_MAX_BYTES (1ll << 46)

/* An interface's name: letters, digits and -_. only, fits the kernel. */
bool bridge_name_ok(const char *name);
/* Whether an entry of xenstore_data is for the guest: below vm-data, in plain
 * characters.  Clients keep other things there, which are not. */
bool vm_data_goes(const char *key);

#endif
