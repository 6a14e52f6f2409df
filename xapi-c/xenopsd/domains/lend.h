/*
 * What QEMU has of dom0 as descriptors, since it cannot open it from inside its
 * box: the taps of emulated NICs, and disks, which it opens anew when a guest goes
 * on from its saved memory.  They stay open over exec(), and libxl's words for
 * them are replaced by words of static memory.  bedplate-box only, before it
 * leaves dom0's namespaces.
 */
#ifndef XENOPSD_DOMAINS_LEND_H
#define XENOPSD_DOMAINS_LEND_H

#include "base/vm_limits.h"

/* Of a disk: two descriptors, each an option and its value. */
#define LEND_WORDS (VM_IDE_DISKS * 4)

/* argv: QEMU's options, up to NULL; -1: errno. */
int lend_taps(char **argv);
/* more gets the options which argv then needs besides, LEND_WORDS at most.  How
 * many there are, or -1: errno; E2BIG: libxl gives no guest so many disks;
 * ENOTBLK: one is no device of dom0's. */
int lend_disks(char **argv, char **more);

#endif
