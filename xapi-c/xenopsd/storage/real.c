#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/own.h"
#include "xenopsd/storage/storage.h"

static const char *
own(const struct storage_env *env, struct arena *a)
{
	(void)env;
	return own_partition(a, "");
}

const struct storage_env storage_real = {
	.run_dir = "/run/xenopsd",
	.lvm = "/usr/sbin/lvm",
	.mkfs = "/usr/sbin/mke2fs",
	.thin_check = "/usr/sbin/thin_check",
	.host_uuid = "/state/xenopsd/host.uuid",
	.library = "/state/iso",
	.library_spare = (int64_t)512 << 20,
	.own = own,
	.drivers = {
		[XENOPS_SR_TYPE_MEMORY] = &sr_driver_memory,
		[XENOPS_SR_TYPE_FILE] = &sr_driver_file,
		[XENOPS_SR_TYPE_LVM] = &sr_driver_lvm,
		[XENOPS_SR_TYPE_ISO] = &sr_driver_library,
		[XENOPS_SR_TYPE_NFS] = &sr_driver_nfs,
		[XENOPS_SR_TYPE_NFS_ISO] = &sr_driver_nfs_iso,
	},
};
