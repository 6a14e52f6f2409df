/*
 * Requests on the host itself and on its bridges, in the main process.  What
 * is set is also kept below /state.
 */
#ifndef XENOPSD_MACHINE_HOST_H
#define XENOPSD_MACHINE_HOST_H

#include "xenopsd/core/request.h"

request_handler host_set_hostname, host_power, host_secret_set;
request_handler host_update_open;
request_handler host_pack_open;
request_handler host_backup_open, host_restore_open;
request_handler host_bridge_create, host_bridge_destroy, host_bridge_find,
    host_vlan_destroy;

#endif
