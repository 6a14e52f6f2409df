/*
 * Every data source there is: names as XenServer has them ('*' stands for the
 * instance: a CPU, a device, the first eight characters of an SR's uuid).
 * Those that are not standard have archives only once somebody asks for it.
 */
#ifndef METRICS_DEFS_H
#define METRICS_DEFS_H

#include "metrics/rrd.h"

/* What a disk does, in the order of the tables. */
enum {
	DISK_READ, DISK_WRITE, DISK_IOPS_READ, DISK_IOPS_WRITE, DISK_IOPS_TOTAL,
	DISK_MIB_READ, DISK_MIB_WRITE, DISK_MIB_TOTAL, DISK_READ_LATENCY,
	DISK_WRITE_LATENCY, DISK_LATENCY, DISK_IOWAIT, DISK_INFLIGHT,
	DISK_QUEUE, DISK_DEFS
};
/* And a NIC. */
enum { NIC_RX, NIC_TX, NIC_RX_ERRORS, NIC_TX_ERRORS, NIC_DEFS };

enum {
	HOST_CPU, HOST_CPU_AVG, HOST_LOADAVG, HOST_VCPUS, HOST_DOMAINS,
	HOST_MEMORY_TOTAL, HOST_MEMORY_FREE, HOST_PIF_RX, HOST_PIF_TX,
	HOST_PIFS = HOST_PIF_RX + NIC_DEFS,
	HOST_ALL_RX = HOST_PIFS, HOST_ALL_TX, HOST_SR,
	HOST_DEFS = HOST_SR + DISK_DEFS
};
enum {
	VM_CPU, VM_CPU_USAGE, VM_MEMORY, VM_MEMORY_TARGET, VM_MEMORY_FREE,
	VM_VIF, VM_VBD = VM_VIF + NIC_DEFS, VM_DEFS = VM_VBD + DISK_DEFS
};

extern const struct rrd_def host_defs[HOST_DEFS];
extern const struct rrd_def vm_defs[VM_DEFS];
extern const struct rrd_def sr_defs[DISK_DEFS];

#endif
