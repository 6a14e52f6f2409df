#include "api/sync/parts.h"

#include <string.h>

#include "api/host/host.h"
#include "api/host/product.h"
#include "api/access/role.h"
#include "api/xapi.h"
#include "gen/store.h"

/* -- pool and host: records that logging in and the first call need -- */

struct seed {
	struct xapi *x;
	struct ref pool;
	struct ref master;
};

static int
take_pool(const void *obj, void *arg)
{
	const struct pool *pool = obj;
	struct seed *s = arg;

	s->pool = pool->obj.ref;
	s->master = pool->master;
	return 1;
}

/*
 * What this release has, for clients that offer only what is there: the one
 * place that says so.  Unknown keys count as restricted for some clients and
 * as allowed for others, so all are listed.
 */
static const struct {
	const char *key;
	bool built;
} feature_keys[] = {
	{ "restrict_rbac", true },
	{ "restrict_dmc", false },
	{ "restrict_hotfix_apply", true },
	{ "restrict_batch_hotfix_apply", false },
	{ "restrict_checkpoint", true },
	{ "restrict_cifs", false },
	{ "restrict_pci_device_for_auto_update", false },
	{ "restrict_vswitch_controller", false },
	{ "restrict_network_sriov", false },
	{ "restrict_pooling", false },
	{ "restrict_vmss", true },
	{ "restrict_dr", false },
	{ "restrict_xcm", false },
	{ "restrict_storage_xen_motion", false },
	{ "restrict_cbt", false },
	{ "restrict_pool_secret_rotation", false },
	{ "restrict_certificate_verification", false },
	{ "restrict_email_alerting", false },
	{ "restrict_netapp", false },
	{ "restrict_historical_performance", true },
	{ "restrict_cpu_masking", false },
	{ "restrict_gpu", false },
	{ "restrict_usb_passthrough", false },
	{ "restrict_vgpu", false },
	{ "restrict_management_on_vlan", false },
	{ "restrict_integrated_gpu_passthrough", false },
	{ "restrict_export_resource_data", true },
	{ "restrict_read_caching", false },
	{ "restrict_pvs_proxy", false },
	{ "restrict_live_patching", false },
	{ "restrict_igmp_snooping", false },
	{ "restrict_set_vcpus_number_live", false },
	{ "restrict_corosync", false },
	{ "restrict_vtpm", false },
	{ "restrict_rpu", false },
	{ "restrict_zstd_export", false },
	{ "restrict_ad", false },
	{ "restrict_xen_motion", false },
	{ "restrict_vss", false },
	{ "restrict_pool_size", false },
	{ "restrict_wlb", false },
	{ "restrict_health_check", false },
};

static struct vec
restrictions(struct arena *a)
{
	struct vec map = { 0 };
	size_t n = sizeof(feature_keys) / sizeof(feature_keys[0]);

	for (size_t i = 0; i < n; i++)
		map = map_set(a, map, feature_keys[i].key,
		    feature_keys[i].built ? "false" : "true");
	return map_set(a, map, "enable_xha", "false");
}

static struct ref
make_host(struct db_txn *t)
{
	struct host_metrics *metrics = host_metrics_txn_new(t);
	struct host *host = host_txn_new(t);

	metrics->live = true;
	host->metrics = metrics->obj.ref;
	host->name_label = "bedplate";
	host->name_description = "";
	host->hostname = "bedplate";
	host->enabled = true;
	host->https_only = true;
	host->API_version_vendor = "XenSource";
	return host->obj.ref;
}

/* What a new version of the software may say differently. */
static void
refresh_host(struct db_txn *t, const struct ref *ref)
{
	struct host *host = host_txn_edit(t, ref);
	struct arena *a = txn_arena(t);
	struct vec license = restrictions(a);

	host->API_version_major = 2;
	host->API_version_minor = 21;
	host->sched_policy = "credit2";
	host->supported_bootloaders = vec_add_string(a, (struct vec){ 0 },
	    "grub");
	license = map_set(a, license, "expiry", "never");
	host->license_params = license;
	host->edition = "free";
	host->editions = vec_add_string(a, (struct vec){ 0 }, "free");
	host->power_on_mode = "";
	host->ssl_legacy = false;
	host->multipathing = false;
	host_refresh_operations(t, host);
}

static int
seed_in(struct db_txn *t, void *arg)
{
	struct seed *s = arg;
	struct pool *pool;

	s->pool = s->master = REF_NULL;
	txn_each(t, CLASS_POOL, take_pool, s);
	if (ref_is_null(&s->pool)) {
		s->master = make_host(t);
		pool = pool_txn_new(t);
		pool->name_label = "";
		pool->master = s->master;
		pool->other_config = product_answered(txn_arena(t), s->x,
		    pool->other_config);
		s->pool = pool->obj.ref;
	}
	if (!host_txn_get(t, &s->master)) {
		s->master = make_host(t);
		pool = pool_txn_edit(t, &s->pool);
		pool->master = s->master;
	}
	pool = pool_txn_edit(t, &s->pool);
	pool->restrictions = restrictions(txn_arena(t));
	refresh_host(t, &s->master);
	sync_sms(t);
	sync_templates(t, pool);
	return 0;
}

int
sync_seed(struct xapi *x)
{
	struct seed s = { .x = x };
	int rc = db_write(x->db, seed_in, &s);

	if (rc)
		return rc;
	x->pool = s.pool;
	x->host = s.master;
	return role_load(x);
}

/* -- SMs -- */

static const char *const features[] = {
	"SR_SCAN", "VDI_CREATE", "VDI_DELETE", "VDI_ATTACH", "VDI_DETACH",
	"VDI_CLONE", "VDI_SNAPSHOT", "VDI_RESIZE", "VDI_UPDATE",
};

#define ALL_FEATURES (sizeof(features) / sizeof(features[0]))
#define ISO_FEATURES 5

static const struct sm_row {
	const char *type;
	const char *name;
	const char *description;
	uint32_t features;		/* as many of them */
	const char *key;		/* of device_config */
	const char *value;
} sms[] = {
	{ "lvm", "Local LVM",
	  "Thin volumes on a disk of this host", ALL_FEATURES,
	  "device", "disk of this host, e.g. /dev/sdb" },
	{ "ext", "Local EXT4",
	  "Files on an ext4 file system on a disk of this host", ALL_FEATURES,
	  "device", "disk of this host, e.g. /dev/sdb" },
	{ "file", "Files",
	  "Files in this host's memory, or on a disk as type ext", ALL_FEATURES,
	  "location", "memory, for files in memory" },
	{ "iso", "ISO library",
	  "Images of CDs on this host's state volume or an NFS server",
	  ISO_FEATURES, "location", "state, for a library on this host's "
	  "state volume, or server:/path" },
	{ "nfs", "NFS", "Files on an NFS server", ALL_FEATURES,
	  "serverpath", "path on the server, which server names" },
};

static struct vec
feature_map(struct arena *a, const struct sm_row *row)
{
	/* A (string -> int) map. */
	struct { const char *key; int64_t value; } *pairs;

	pairs = arena_alloc(a, row->features * sizeof(*pairs));
	for (uint32_t i = 0; i < row->features; i++) {
		pairs[i].key = features[i];
		pairs[i].value = 1;
	}
	return (struct vec){ .v = pairs, .n = row->features };
}

static struct vec
capability_set(struct arena *a, const struct sm_row *row)
{
	struct vec set = { 0 };

	for (uint32_t i = 0; i < row->features; i++)
		set = vec_add_string(a, set, features[i]);
	return set;
}

struct find_sm {
	const char *type;
	struct ref ref;
};

static int
look_sm(const void *obj, void *arg)
{
	const struct sm *sm = obj;
	struct find_sm *f = arg;

	if (!sm->type || strcmp(sm->type, f->type))
		return 0;
	f->ref = sm->obj.ref;
	return 1;
}

void
sync_sms(struct db_txn *t)
{
	struct arena *a = txn_arena(t);

	for (size_t i = 0; i < sizeof(sms) / sizeof(sms[0]); i++) {
		struct find_sm f = { .type = sms[i].type };
		struct sm *sm;

		if (txn_each(t, CLASS_SM, look_sm, &f))
			sm = sm_txn_edit(t, &f.ref);
		else
			sm = sm_txn_new(t);
		sm->type = sms[i].type;
		sm->name_label = sms[i].name;
		sm->name_description = sms[i].description;
		sm->vendor = "Bedplate";
		sm->copyright = "";
		sm->version = "1.0";
		sm->required_api_version = "1.0";
		sm->driver_filename = sms[i].type;
		sm->features = feature_map(a, &sms[i]);
		sm->capabilities = capability_set(a, &sms[i]);
		sm->configuration = map_set(a, (struct vec){ 0 }, sms[i].key,
		    sms[i].value);
	}
}
