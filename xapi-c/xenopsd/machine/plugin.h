/*
 * The request plugin_run: a program of an extension pack, in a cell (cell.h).
 * In a worker.
 */
#ifndef XENOPSD_MACHINE_PLUGIN_H
#define XENOPSD_MACHINE_PLUGIN_H

#include "xenopsd/machine/packs.h"

#define PLUGIN_INPUT_MAX 98304		/* an argument may have 128 KiB */

#define PLUGIN_USER "plugin"

request_handler plugin_run;

/* Requests about packs, for a worker's table. */
#define PACK_HANDLERS \
	[XENOPS_PACKS_GET] = packs_get, \
	[XENOPS_PACK_REMOVE] = packs_remove_one, \
	[XENOPS_PLUGIN_RUN] = plugin_run

#endif
