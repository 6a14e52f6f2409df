#include "metrics/defs.h"

#include <math.h>
#include <stddef.h>

#define DEF(n, k, most, std, u, f, l, by, text) { \
	.kind = RRD_ ## k, .max = most, .standard = std, .name = n, \
	.units = u, .description = text, .family = f, .label = l, .factor = by }

#define NIC(n, f, l, std, std_errors) \
	DEF(n "rx", RATE, INFINITY, std, "B/s", f "receive_bytes_per_second", \
	    l, 1, "Bytes received each second"), \
	DEF(n "tx", RATE, INFINITY, std, "B/s", \
	    f "transmit_bytes_per_second", l, 1, "Bytes sent each second"), \
	DEF(n "rx_errors", RATE, INFINITY, std_errors, "err/s", \
	    f "receive_errors_per_second", l, 1, \
	    "Errors of receiving each second"), \
	DEF(n "tx_errors", RATE, INFINITY, std_errors, "err/s", \
	    f "transmit_errors_per_second", l, 1, \
	    "Errors of sending each second")

/* p and s: what is before and behind the key. */
#define DISK(p, s, f, l, all) \
	DEF(p "read" s, RATE, INFINITY, true, "B/s", \
	    f "read_bytes_per_second", l, 1, "Bytes read each second"), \
	DEF(p "write" s, RATE, INFINITY, true, "B/s", \
	    f "written_bytes_per_second", l, 1, "Bytes written each second"), \
	DEF(p "iops_read" s, RATE, INFINITY, true, \
	    "requests/s", f "reads_per_second", l, 1, "Reads each second"), \
	DEF(p "iops_write" s, RATE, INFINITY, true, \
	    "requests/s", f "writes_per_second", l, 1, "Writes each second"), \
	DEF(p "iops_total" s, RATE, INFINITY, all, \
	    "requests/s", f "requests_per_second", l, 1, \
	    "Reads and writes each second"), \
	DEF(p "io_throughput_read" s, RATE, INFINITY, all, \
	    "MiB/s", NULL, NULL, 1, "MiB read each second"), \
	DEF(p "io_throughput_write" s, RATE, INFINITY, all, \
	    "MiB/s", NULL, NULL, 1, "MiB written each second"), \
	DEF(p "io_throughput_total" s, RATE, INFINITY, all, \
	    "MiB/s", NULL, NULL, 1, "MiB read and written each second"), \
	DEF(p "read_latency" s, RATIO, INFINITY, all, \
	    "us", f "read_latency_seconds", l, 1e-6, "Time that a read takes"), \
	DEF(p "write_latency" s, RATIO, INFINITY, all, \
	    "us", f "write_latency_seconds", l, 1e-6, \
	    "Time that a write takes"), \
	DEF(p "latency" s, RATIO, INFINITY, false, "us", \
	    f "latency_seconds", l, 1e-6, "Time that a request takes"), \
	DEF(p "iowait" s, RATE, 1, false, "s/s", \
	    f "busy_ratio", l, 1, "Part of the time with requests under way"), \
	DEF(p "inflight" s, GAUGE, INFINITY, false, \
	    "requests", f "inflight_requests", l, 1, \
	    "Requests that are under way"), \
	DEF(p "avgqu_sz" s, RATE, INFINITY, false, "requests", \
	    f "queue_length", l, 1, "Requests under way, on average")

const struct rrd_def host_defs[HOST_DEFS] = {
	[HOST_CPU] = DEF("cpu*", REST, 1, true, "(fraction)",
	    "host_cpu_usage_ratio", "cpu", 1, "Usage of a physical CPU"),
	[HOST_CPU_AVG] = DEF("cpu_avg", REST, 1, true, "(fraction)",
	    "host_cpu_average_ratio", NULL, 1,
	    "Average usage of the physical CPUs"),
	[HOST_LOADAVG] = DEF("loadavg", GAUGE, INFINITY, true, "(fraction)",
	    "host_load_average", NULL, 1, "Load average of the control domain"),
	[HOST_VCPUS] = DEF("running_vcpus", GAUGE, INFINITY, true, "count",
	    "host_running_vcpus", NULL, 1, "vCPUs of all running domains"),
	[HOST_DOMAINS] = DEF("running_domains", GAUGE, INFINITY, true, "count",
	    "host_running_domains", NULL, 1,
	    "Domains that run, the control domain too"),
	[HOST_MEMORY_TOTAL] = DEF("memory_total_kib", GAUGE, INFINITY, true,
	    "KiB", "host_memory_bytes", NULL, 1024, "Memory of the host"),
	[HOST_MEMORY_FREE] = DEF("memory_free_kib", GAUGE, INFINITY, true,
	    "KiB", "host_memory_free_bytes", NULL, 1024,
	    "Memory of the host that is free"),
	[HOST_PIF_RX] = NIC("pif_*_", "host_pif_", "interface", true, false),
	[HOST_ALL_RX] = DEF("pif_aggr_rx", RATE, INFINITY, true, "B/s",
	    NULL, NULL, 1, "Bytes that all NICs receive each second"),
	[HOST_ALL_TX] = DEF("pif_aggr_tx", RATE, INFINITY, true, "B/s",
	    NULL, NULL, 1, "Bytes that all NICs send each second"),
	[HOST_SR] = DISK("", "_*", "host_sr_", "sr", true),
};

const struct rrd_def vm_defs[VM_DEFS] = {
	[VM_CPU] = DEF("cpu*", RATE, 1, true, "(fraction)",
	    "vm_cpu_usage_ratio", "cpu", 1, "Usage of a vCPU"),
	[VM_CPU_USAGE] = DEF("cpu_usage", RATE, 1, true, "(fraction)",
	    "vm_cpu_average_ratio", NULL, 1, "Average usage of the vCPUs"),
	[VM_MEMORY] = DEF("memory", GAUGE, INFINITY, true, "B",
	    "vm_memory_bytes", NULL, 1, "Memory that the VM has"),
	[VM_MEMORY_TARGET] = DEF("memory_target", GAUGE, INFINITY, true, "B",
	    "vm_memory_target_bytes", NULL, 1, "Memory that the VM shall have"),
	[VM_MEMORY_FREE] = DEF("memory_internal_free", GAUGE, INFINITY, true,
	    "KiB", "vm_memory_guest_free_bytes", NULL, 1024,
	    "Memory that the guest says is free"),
	[VM_VIF] = NIC("vif_*_", "vm_vif_", "vif", true, false),
	[VM_VBD] = DISK("vbd_*_", "", "vm_vbd_", "disk", false),
};

const struct rrd_def sr_defs[DISK_DEFS] = {
	DISK("", "", "sr_", NULL, true),
};
