/*
 * The network cards of this machine, as a person tells them apart.  Read-only.
 */
#ifndef INSTALLER_SETUP_NIC_H
#define INSTALLER_SETUP_NIC_H

#include <stdbool.h>

#define NICS_MAX 32

struct nic {
	char name[16];			/* eth0 */
	char mac[18];
	bool link;			/* there is a cable with a peer */
};

/* Physical ones, in the order of their names; their number. */
int nics_list(struct nic out[static NICS_MAX]);

#endif
