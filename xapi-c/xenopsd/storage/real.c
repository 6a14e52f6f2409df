#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/storage.h"

const struct storage_env storage_real = {
	.run_dir = "/run/xenopsd",
	.lvm = "/usr/sbin/lvm",
	.mkfs = "/usr/sbin/mke2fs",
	.thin_check = "/usr/sbin/thin_check",
	.drivers = {
		[XENOPS_SR_TYPE_MEMORY] = &sr_driver_memory,
		[XENOPS_SR_TYPE_FILE] = &sr_driver_file,
		[XENOPS_SR_TYPE_LVM] = &sr_driver_lvm,
	},
};
