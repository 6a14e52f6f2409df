/*
 * What is done with domains, over a hypervisor of the test's making and real
 * books: whatever fails on the way, nothing is left that nobody knows of.
 */
#include <signal.h>
#include <string.h>

#include "fake_hv.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/core/request_impl.h"
#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/image.h"
#include "xenopsd/sim/plain.h"
#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/storage.h"

#define VM "11111111-0000-4000-8000-000000000001"
#define SR "44444444-0000-4000-8000-000000000001"
#define VDI "55555555-0000-4000-8000-000000000001"
#define VDI2 "55555555-0000-4000-8000-000000000002"
#define IMAGE "55555555-0000-4000-8000-000000000003"
#define VBD "22222222-0000-4000-8000-000000000001"
#define VBD2 "22222222-0000-4000-8000-000000000002"
#define VIF "33333333-0000-4000-8000-000000000001"
#define VIF2 "33333333-0000-4000-8000-000000000002"
#define MIB (1 << 20)

struct rig {
	struct daemon d;
	struct fake_hv hv;
	struct storage_env env;
	struct arena *arena;
	struct request_impl impl;
	struct request rq;
};

static void
no_progress(struct request *rq, double fraction)
{
	(void)rq;
	(void)fraction;
}

static struct storage
storage(struct rig *r)
{
	return (struct storage){ .env = &r->env, .arena = r->arena };
}

static struct rig *
rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct xenops_sr_create_args sr = { .uuid = SR, .name = "sr",
		.type = XENOPS_SR_TYPE_MEMORY };
	struct xenops_vdi_info vdi = { .uuid = VDI, .size = MIB }, out;
	struct xenops_sr_info info;
	struct storage s;

	signal(SIGPIPE, SIG_IGN);	/* as in xenopsd */
	fake_init(&r->hv);
	r->hv.asked_does = "end";
	r->arena = arena_new();
	r->env.run_dir = scratch_file("run");
	for (int i = 0; i < STORAGE_SR_TYPES; i++)
		r->env.drivers[i] = &sr_driver_plain;
	ck_assert_int_eq(mkdir(r->env.run_dir, 0700), 0);
	r->env.run_dir = arena_strdup(r->arena, r->env.run_dir);
	r->d.kept_dir = arena_strdup(r->arena, scratch_file("kept"));
	ck_assert_int_eq(mkdir(r->d.kept_dir, 0700), 0);
	r->d.image_key = arena_strdup(r->arena, scratch_file("key"));
	ck_assert_int_eq(image_make_key(r->d.image_key), 0);
	r->d.hv = &r->hv.hv;
	r->d.storage = &r->env;
	s = storage(r);
	storage_reap(&s, NULL, NULL);
	ck_assert_int_eq(storage_sr_create(&s, &sr, &info), 0);
	ck_assert_int_eq(storage_vdi_create(&s, SR, &vdi, &out), 0);
	vdi.uuid = VDI2;
	ck_assert_int_eq(storage_vdi_create(&s, SR, &vdi, &out), 0);
	vdi.uuid = IMAGE;
	vdi.size = 8 * MIB;
	ck_assert_int_eq(storage_vdi_create(&s, SR, &vdi, &out), 0);
	return r;
}

static void
rig_free(struct rig *r)
{
	fake_release(&r->hv);
	arena_free(r->arena);
	free(r);
}

static int
run(struct rig *r, request_handler *fn, enum xenops_message message,
    const void *args)
{
	static union {
		struct xenops_vm_start_result start;
		struct xenops_vm_reboot_result reboot;
		struct xenops_vm_resume_result resume;
		struct xenops_vm_set_memory_result set_memory;
	} result;

	r->impl = (struct request_impl){ .send_progress = no_progress };
	r->rq = (struct request){ .arena = r->arena, .daemon = &r->d,
		.message = (uint16_t)message, .args = args,
		.impl = &r->impl };
	r->hv.log[0] = '\0';
	if (!fn(&r->rq, args, &result))
		return 0;
	printf("%s: %s\n", xenops_messages[message].name,
	    r->impl.failure.text);
	return -1;
}

static struct xenops_disk_spec
disk(const char *vbd, int64_t device, const char *vdi)
{
	struct xenops_disk_spec d = *(const struct xenops_disk_spec *)
	    xenops_disk_spec_type.dflt;

	d.vbd = vbd;
	d.device = device;
	d.sr = SR;
	d.vdi = vdi;
	return d;
}

static struct xenops_nic_spec
nic(const char *vif, int64_t device)
{
	struct xenops_nic_spec n = *(const struct xenops_nic_spec *)
	    xenops_nic_spec_type.dflt;

	n.vif = vif;
	n.device = device;
	n.mac = "00:16:3e:00:00:01";
	n.bridge = "xenbr0";
	return n;
}

static struct xenops_vm_spec
guest(const char *vdi)
{
	static struct string_pair data = { "vm-data/a", "b" };
	static struct xenops_disk_spec d;
	static struct xenops_nic_spec n;
	struct xenops_vm_spec vm = *(const struct xenops_vm_spec *)
	    xenops_vm_spec_type.dflt;

	d = disk(VBD, 0, vdi);
	d.bootable = true;
	n = nic(VIF, 0);
	vm.uuid = VM;
	vm.name = "guest";
	vm.memory_target = vm.memory_max = 128 * MIB;
	vm.vcpus = vm.vcpus_max = 1;
	vm.disks = (struct vec){ &d, 1 };
	vm.nics = (struct vec){ &n, 1 };
	vm.xenstore_data = (struct vec){ &data, 1 };
	return vm;
}

static int
start(struct rig *r, const char *vdi)
{
	static struct xenops_vm_start_args a;

	a = (struct xenops_vm_start_args){ .vm = guest(vdi) };
	return run(r, domain_vm_start, XENOPS_VM_START, &a);
}

static int
off(struct rig *r, bool force)
{
	static struct xenops_vm_shutdown_args a;

	a = (struct xenops_vm_shutdown_args){ .vm = VM, .force = force,
		.timeout = 5 };
	return run(r, domain_vm_shutdown, XENOPS_VM_SHUTDOWN, &a);
}

static int
reboot(struct rig *r, bool force)
{
	static struct xenops_vm_reboot_args a;

	a = (struct xenops_vm_reboot_args){ .vm = VM, .force = force,
		.timeout = 5 };
	return run(r, domain_vm_reboot, XENOPS_VM_REBOOT, &a);
}

static int
reap(struct rig *r)
{
	static struct xenops_vm_shutdown_args a = { .vm = VM };

	return run(r, domain_reap, XENOPS_VM_SHUTDOWN, &a);
}

/* -1: there is nothing in the books. */
static int64_t
phase(struct rig *r, struct kept *k)
{
	return kept_read(r->d.kept_dir, VM, r->arena, k) ? -1 : k->phase;
}

static bool
in_use(struct rig *r, const char *vdi, const char *vbd)
{
	return access(arena_printf(r->arena, "%s/use/%s.%s", r->env.run_dir,
	    vdi, vbd), F_OK) == 0;
}

static void
nothing_is_left(struct rig *r)
{
	struct kept k;

	ck_assert_ptr_null(fake_by_uuid(&r->hv, VM));
	ck_assert_int_eq(phase(r, &k), -1);
	ck_assert(!in_use(r, VDI, VBD));
}

static void
it_runs(struct rig *r)
{
	struct kept k;

	ck_assert_ptr_nonnull(fake_by_uuid(&r->hv, VM));
	ck_assert_int_eq(phase(r, &k), KEPT_RUNNING);
	ck_assert(in_use(r, VDI, VBD));
}

START_TEST(a_vm_starts_and_ends)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_str_eq(r->hv.log, "create nic_set write unpause");
	it_runs(r);
	ck_assert_int_eq(start(r, VDI), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_EXISTS);
	it_runs(r);
	ck_assert_int_eq(off(r, true), 0);
	ck_assert_str_eq(r->hv.log, "destroy");
	nothing_is_left(r);
	ck_assert_int_eq(off(r, true), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DOMAIN);
	rig_free(r);
}
END_TEST

START_TEST(whatever_fails_in_a_start_leaves_nothing)
{
	static const char *const steps[] = { "create", "write", "unpause" };
	struct rig *r = rig_new();

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r->hv.fail = steps[i];
		ck_assert_int_eq(start(r, VDI), -1);
		ck_assert_ptr_null(r->hv.fail);
		nothing_is_left(r);
	}
	ck_assert_int_eq(start(r, VM), -1);	/* there is no such disk */
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_VDI);
	ck_assert_str_eq(r->hv.log, "");
	nothing_is_left(r);
	ck_assert_int_eq(start(r, VDI), 0);
	rig_free(r);
}
END_TEST

START_TEST(a_guest_is_asked_first)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.asked_does = NULL;		/* nothing */
	ck_assert_int_eq(off(r, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_TIMEOUT);
	ck_assert_str_eq(r->hv.log, "wait ask");
	it_runs(r);
	r->hv.fail = "ask";
	ck_assert_int_eq(off(r, false), -1);
	it_runs(r);
	r->hv.asked_does = "end";
	ck_assert_int_eq(off(r, false), 0);
	ck_assert_str_eq(r->hv.log, "wait ask destroy");
	nothing_is_left(r);
	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.asked_does = "vanish";
	ck_assert_int_eq(off(r, false), 0);
	nothing_is_left(r);
	rig_free(r);
}
END_TEST

START_TEST(a_domain_that_cannot_be_destroyed_stays_in_the_books)
{
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.fail = "destroy";
	ck_assert_int_eq(off(r, true), -1);
	ck_assert_int_eq(phase(r, &k), KEPT_STOPPING);
	ck_assert(in_use(r, VDI, VBD));
	ck_assert_int_eq(domain_remedy(&fake_by_uuid(&r->hv, VM)->d, &k),
	    XENOPS_VM_SHUTDOWN);
	ck_assert_int_eq(off(r, true), 0);
	nothing_is_left(r);
	rig_free(r);
}
END_TEST

START_TEST(a_reboot_is_a_new_domain_with_what_it_had)
{
	struct rig *r = rig_new();
	uint32_t first;

	ck_assert_int_eq(start(r, VDI), 0);
	first = fake_by_uuid(&r->hv, VM)->d.domid;
	ck_assert_int_eq(reboot(r, false), 0);
	ck_assert_str_eq(r->hv.log, "wait ask destroy create nic_set write unpause");
	ck_assert_str_eq(fake_by_uuid(&r->hv, VM)->asked, "");
	ck_assert_uint_ne(fake_by_uuid(&r->hv, VM)->d.domid, first);
	it_runs(r);
	ck_assert_int_eq(reboot(r, true), 0);
	ck_assert_str_eq(r->hv.log, "destroy create nic_set write unpause");
	it_runs(r);
	rig_free(r);
}
END_TEST

START_TEST(a_reboot_that_fails_leaves_nothing_or_all)
{
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.fail = "create";
	ck_assert_int_eq(reboot(r, true), -1);
	nothing_is_left(r);
	ck_assert_int_eq(reboot(r, true), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DOMAIN);
	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.fail = "destroy";
	ck_assert_int_eq(reboot(r, true), -1);
	ck_assert_int_eq(phase(r, &k), KEPT_REBOOTING);
	ck_assert_int_eq(reboot(r, true), 0);
	it_runs(r);
	rig_free(r);
}
END_TEST

START_TEST(only_what_was_caught_between_two_states_is_reaped)
{
	static const enum kept_phase between[] = { KEPT_BUILDING,
		KEPT_REBOOTING, KEPT_STOPPING };
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_int_eq(reap(r), 0);
	it_runs(r);
	for (int i = 0; i < 3; i++) {
		(void)phase(r, &k);
		k.phase = between[i];
		ck_assert_int_eq(kept_write(r->d.kept_dir, &k), 0);
		ck_assert_int_eq(reap(r), 0);
		nothing_is_left(r);
		ck_assert_int_eq(start(r, VDI), 0);
	}
	rig_free(r);
}
END_TEST

static int
plug(struct rig *r, const char *vbd, int64_t device, const char *vdi)
{
	static struct xenops_vbd_plug_args a;

	a = (struct xenops_vbd_plug_args){ .vm = VM,
		.disk = disk(vbd, device, vdi) };
	return run(r, domain_vbd_plug, XENOPS_VBD_PLUG, &a);
}

static int
unplug(struct rig *r, const char *vbd, bool force)
{
	static struct xenops_vbd_unplug_args a;

	a = (struct xenops_vbd_unplug_args){ .vm = VM, .vbd = vbd,
		.force = force };
	return run(r, domain_vbd_unplug, XENOPS_VBD_UNPLUG, &a);
}

static uint32_t
disks_kept(struct rig *r)
{
	struct kept k;

	return phase(r, &k) == -1 ? 0 : k.spec.disks.n;
}

START_TEST(disks_come_and_go)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(plug(r, VBD2, 1, VDI2), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DOMAIN);
	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_int_eq(plug(r, VBD2, 0, VDI2), -1);	/* xvda is taken */
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_EXISTS);
	ck_assert_int_eq(plug(r, VBD2, 1, VDI2), 0);
	ck_assert_str_eq(r->hv.log, "disk_add");
	ck_assert_uint_eq(disks_kept(r), 2);
	ck_assert(in_use(r, VDI2, VBD2));
	ck_assert_int_eq(plug(r, VBD2, 2, VDI2), -1);	/* it is plugged */
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_EXISTS);
	/* it comes back with the guest's reboot */
	ck_assert_int_eq(reboot(r, true), 0);
	ck_assert_uint_eq(fake_by_uuid(&r->hv, VM)->n_disks, 2);
	r->hv.fail = "disk_remove";
	ck_assert_int_eq(unplug(r, VBD2, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_TIMEOUT);
	ck_assert_uint_eq(disks_kept(r), 2);
	ck_assert(in_use(r, VDI2, VBD2));
	ck_assert_int_eq(unplug(r, VBD2, true), 0);
	ck_assert_str_eq(r->hv.log, "disk_destroy");
	ck_assert_uint_eq(disks_kept(r), 1);
	ck_assert(!in_use(r, VDI2, VBD2));
	ck_assert_int_eq(unplug(r, VBD2, true), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DEVICE);
	rig_free(r);
}
END_TEST

START_TEST(a_plug_that_fails_is_undone)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.fail = "disk_add";
	ck_assert_int_eq(plug(r, VBD2, 1, VDI2), -1);
	ck_assert_uint_eq(disks_kept(r), 1);
	ck_assert(!in_use(r, VDI2, VBD2));
	ck_assert_int_eq(plug(r, VBD2, 1, VM), -1);	/* no such disk */
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_VDI);
	ck_assert_str_eq(r->hv.log, "");
	ck_assert_uint_eq(disks_kept(r), 1);
	ck_assert_int_eq(plug(r, VBD2, 1, VDI2), 0);
	rig_free(r);
}
END_TEST

START_TEST(a_plug_that_was_cut_short_is_undone)
{
	static struct xenops_vbd_plug_args a;
	struct rig *r = rig_new();

	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_int_eq(plug(r, VBD2, 1, VDI2), 0);
	a = (struct xenops_vbd_plug_args){ .vm = VM,
		.disk = disk(VBD2, 1, VDI2) };
	ck_assert_int_eq(run(r, domain_reap_vbd_plug, XENOPS_VBD_PLUG, &a), 0);
	ck_assert_str_eq(r->hv.log, "disk_destroy");
	ck_assert_uint_eq(disks_kept(r), 1);
	ck_assert(!in_use(r, VDI2, VBD2));
	/* and once more, and when the VM is gone: nothing to do */
	ck_assert_int_eq(run(r, domain_reap_vbd_plug, XENOPS_VBD_PLUG, &a), 0);
	ck_assert_int_eq(off(r, true), 0);
	ck_assert_int_eq(run(r, domain_reap_vbd_plug, XENOPS_VBD_PLUG, &a), 0);
	rig_free(r);
}
END_TEST

static int
vif(struct rig *r, const char *uuid, int64_t device)
{
	static struct xenops_vif_plug_args a;

	a = (struct xenops_vif_plug_args){ .vm = VM,
		.nic = nic(uuid, device) };
	return run(r, domain_vif_plug, XENOPS_VIF_PLUG, &a);
}

/* An HVM guest whose second disk is a drive with vdi in it. */
static void
start_with_drive(struct rig *r, const char *vdi)
{
	struct xenops_disk_spec d[2] = { disk(VBD, 0, VDI),
		disk(VBD2, 3, vdi) };
	struct xenops_vm_start_args a =
	    *(const struct xenops_vm_start_args *)
	    xenops_vm_start_args_type.dflt;

	d[1].cdrom = true;
	a.vm.uuid = VM;
	a.vm.type = XENOPS_DOMAIN_TYPE_HVM;
	a.vm.hvm.boot_order = "c";
	a.vm.hvm.vga = XENOPS_VGA_NONE;
	a.vm.memory_target = a.vm.memory_max = 128 * MIB;
	a.vm.vcpus = a.vm.vcpus_max = 1;
	a.vm.disks = (struct vec){ d, 2 };
	ck_assert_int_eq(run(r, domain_vm_start, XENOPS_VM_START, &a), 0);
}

static int
insert(struct rig *r, int64_t device, const char *vdi, bool cut_short)
{
	struct xenops_vbd_plug_args a = { .vm = VM,
		.disk = disk(VBD2, device, vdi) };

	a.disk.cdrom = true;
	return run(r, cut_short ? domain_reap_vbd_plug : domain_vbd_plug,
	    XENOPS_VBD_PLUG, &a);
}

/* By the books, and who uses it; "": nothing. */
static void
in_the_drive(struct rig *r, const char *vdi)
{
	const struct xenops_disk_spec *d;
	const char *kept = NULL;
	struct kept k;

	ck_assert_int_eq(phase(r, &k), KEPT_RUNNING);
	ck_assert_uint_eq(k.spec.disks.n, 2);
	d = k.spec.disks.v;
	for (uint32_t i = 0; i < 2; i++)
		if (!strcmp(d[i].vbd, VBD2))
			kept = d[i].vdi;
	ck_assert_str_eq(kept ? kept : "", vdi);
	ck_assert_int_eq(in_use(r, VDI2, VBD2), !strcmp(vdi, VDI2));
}

START_TEST(media_come_and_go_and_the_drive_stays)
{
	struct rig *r = rig_new();

	start_with_drive(r, NULL);
	ck_assert_int_eq(insert(r, 3, VDI2, false), 0);
	ck_assert_str_eq(r->hv.log, "disk_insert");
	in_the_drive(r, VDI2);
	/* it is what the guest starts with next */
	ck_assert_int_eq(reboot(r, true), 0);
	in_the_drive(r, VDI2);
	r->hv.fail = "disk_eject";
	ck_assert_int_eq(unplug(r, VBD2, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_TIMEOUT);
	in_the_drive(r, VDI2);
	ck_assert_int_eq(unplug(r, VBD2, false), 0);
	ck_assert_str_eq(r->hv.log, "disk_eject");
	in_the_drive(r, "");
	ck_assert_int_eq(unplug(r, VBD2, false), 0);	/* once more */
	ck_assert_int_eq(insert(r, 2, VDI2, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DEVICE);
	ck_assert_int_eq(insert(r, 3, VDI2, false), 0);
	/* xapi did not hear of it, and says what is to be in it now */
	ck_assert_int_eq(insert(r, 3, VDI2, false), 0);
	ck_assert_str_eq(r->hv.log, "disk_eject disk_insert");
	in_the_drive(r, VDI2);
	ck_assert_int_eq(off(r, true), 0);
	ck_assert(!in_use(r, VDI2, VBD2));
	start_with_drive(r, VDI2);
	in_the_drive(r, VDI2);
	rig_free(r);
}
END_TEST

START_TEST(an_insert_that_fails_leaves_the_drive_empty)
{
	struct rig *r = rig_new();

	start_with_drive(r, NULL);
	r->hv.fail = "disk_insert";
	ck_assert_int_eq(insert(r, 3, VDI2, false), -1);
	ck_assert_str_eq(r->hv.log, "disk_insert disk_eject");
	in_the_drive(r, "");
	ck_assert_int_eq(insert(r, 3, VM, false), -1);	/* no such disk */
	in_the_drive(r, "");
	/* killed before its end, and after it */
	ck_assert_int_eq(insert(r, 3, VDI2, true), 0);
	in_the_drive(r, "");
	ck_assert_int_eq(insert(r, 3, VDI2, false), 0);
	ck_assert_int_eq(insert(r, 3, VDI2, true), 0);
	ck_assert_str_eq(r->hv.log, "disk_eject");
	in_the_drive(r, "");
	rig_free(r);
}
END_TEST

START_TEST(nics_come_and_go)
{
	static struct xenops_vif_unplug_args a = { .vm = VM, .vif = VIF2 };
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_int_eq(vif(r, VIF2, 0), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_EXISTS);
	r->hv.fail = "nic_add";
	ck_assert_int_eq(vif(r, VIF2, 1), -1);
	ck_assert_int_eq(phase(r, &k), KEPT_RUNNING);
	ck_assert_uint_eq(k.spec.nics.n, 1);
	ck_assert_int_eq(vif(r, VIF2, 1), 0);
	r->hv.fail = "nic_remove";
	ck_assert_int_eq(run(r, domain_vif_unplug, XENOPS_VIF_UNPLUG, &a), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_TIMEOUT);
	(void)phase(r, &k);
	ck_assert_uint_eq(k.spec.nics.n, 2);
	ck_assert_int_eq(run(r, domain_vif_unplug, XENOPS_VIF_UNPLUG, &a), 0);
	(void)phase(r, &k);
	ck_assert_uint_eq(k.spec.nics.n, 1);
	ck_assert_int_eq(run(r, domain_vif_unplug, XENOPS_VIF_UNPLUG, &a), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DEVICE);
	rig_free(r);
}
END_TEST

static int
change_vif(struct rig *r, const char *uuid, const char *bridge)
{
	static struct xenops_vif_change_args a;

	a = (struct xenops_vif_change_args){ .vm = VM, .nic = nic(uuid, 7) };
	a.nic.lock = XENOPS_VIF_LOCK_LOCKED;
	a.nic.bridge = bridge;
	return run(r, domain_vif_change, XENOPS_VIF_CHANGE, &a);
}

START_TEST(a_nic_has_its_lock_before_its_guest_runs)
{
	struct rig *r = rig_new();
	struct kept k;

	r->hv.fail = "nic_set";
	ck_assert_int_eq(start(r, VDI), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_BOOT_FAILED);
	ck_assert_str_eq(r->hv.log, "create nic_set destroy");
	ck_assert_int_eq(phase(r, &k), -1);
	ck_assert_int_eq(r->hv.cleared, 1);
	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.fail = "nic_set";
	ck_assert_int_eq(vif(r, VIF2, 1), -1);
	ck_assert_str_eq(r->hv.log, "nic_add nic_set nic_destroy");
	ck_assert_int_eq(r->hv.cleared, 2);
	(void)phase(r, &k);
	ck_assert_uint_eq(k.spec.nics.n, 1);
	rig_free(r);
}
END_TEST

START_TEST(a_nic_is_changed_or_stays_as_it_was)
{
	const struct xenops_nic_spec *n;
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_int_eq(change_vif(r, VIF2, "xenbr0"), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DEVICE);
	ck_assert_int_eq(change_vif(r, VIF, "nowhere"), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_BRIDGE);
	r->hv.fail = "nic_set";
	ck_assert_int_eq(change_vif(r, VIF, "xenbr0"), -1);
	(void)phase(r, &k);
	n = k.spec.nics.v;
	ck_assert_int_eq(n->lock, XENOPS_VIF_LOCK_UNLOCKED);
	ck_assert_int_eq(change_vif(r, VIF, "xenbr0"), 0);
	(void)phase(r, &k);
	n = k.spec.nics.v;
	ck_assert_uint_eq(k.spec.nics.n, 1);
	ck_assert_int_eq(n->lock, XENOPS_VIF_LOCK_LOCKED);
	ck_assert_int_eq(n->device, 0);
	rig_free(r);
}
END_TEST

/* libxl waits ten seconds for the back end, which a guest that took its front
 * end away can prevent; then both are taken away, and that is an error. */
START_TEST(what_is_gone_in_spite_of_the_guest_is_in_no_book)
{
	static struct xenops_vif_unplug_args a = { .vm = VM, .vif = VIF2,
		.force = true };
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_int_eq(plug(r, VBD2, 1, VDI2), 0);
	ck_assert_int_eq(vif(r, VIF2, 1), 0);
	r->hv.fails_late = true;
	r->hv.fail = "disk_destroy";
	ck_assert_int_eq(unplug(r, VBD2, true), 0);
	ck_assert_uint_eq(disks_kept(r), 1);
	ck_assert(!in_use(r, VDI2, VBD2));
	r->hv.fail = "nic_destroy";
	ck_assert_int_eq(run(r, domain_vif_unplug, XENOPS_VIF_UNPLUG, &a), 0);
	(void)phase(r, &k);
	ck_assert_uint_eq(k.spec.nics.n, 1);
	rig_free(r);
}
END_TEST

static int
suspend(struct rig *r, const char *vdi, bool cut_short)
{
	static struct xenops_vm_suspend_args a;

	a = (struct xenops_vm_suspend_args){ .vm = VM, .sr = SR, .vdi = vdi };
	return run(r, cut_short ? domain_reap_vm_suspend : domain_vm_suspend,
	    XENOPS_VM_SUSPEND, &a);
}

static int
resume(struct rig *r, bool paused)
{
	static struct xenops_vm_resume_args a;

	a = (struct xenops_vm_resume_args){ .vm = guest(VDI), .paused = paused,
		.sr = SR, .vdi = IMAGE };
	return run(r, domain_vm_resume, XENOPS_VM_RESUME, &a);
}

static int
reap_resume(struct rig *r)
{
	static struct xenops_vm_resume_args a;

	a = (struct xenops_vm_resume_args){ .vm = guest(VDI), .sr = SR,
		.vdi = IMAGE };
	return run(r, domain_reap, XENOPS_VM_RESUME, &a);
}

static int
wake(struct rig *r)
{
	static struct xenops_vm_wake_args a = { .vm = VM };

	return run(r, domain_vm_wake, XENOPS_VM_WAKE, &a);
}

static bool
has_image(struct rig *r)
{
	static struct xenops_vm_image_check_args a = { .vm = VM, .sr = SR,
		.vdi = IMAGE };
	char log[sizeof(r->hv.log)];
	bool yes;

	memcpy(log, r->hv.log, sizeof(log));
	yes = !run(r, domain_vm_image_check, XENOPS_VM_IMAGE_CHECK, &a);
	memcpy(r->hv.log, log, sizeof(log));
	ck_assert(!in_use(r, IMAGE, VM));
	return yes;
}

/* In that phase, with the image's disk in use, as a killed worker leaves it. */
static void
caught(struct rig *r, enum kept_phase phase_now)
{
	struct storage s = storage(r);
	int64_t size;
	struct kept k;
	int fd;

	(void)phase(r, &k);
	k.phase = phase_now;
	k.image_sr = SR;
	k.image_vdi = IMAGE;
	ck_assert_int_eq(kept_write(r->d.kept_dir, &k), 0);
	ck_assert_int_eq(storage_open(&s, SR, IMAGE, true, VM, &fd, &size), 0);
	close(fd);
}

START_TEST(an_image_counts_until_its_domain_is_gone)
{
	struct rig *r = rig_new();
	struct xenops_domain_info di;
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.fail = "destroy";
	ck_assert_int_eq(suspend(r, IMAGE, false), -1);
	ck_assert_int_eq(phase(r, &k), KEPT_STOPPING);
	domain_info_fill(r->d.hv, r->arena, VM, &fake_by_uuid(&r->hv, VM)->d,
	    &k, &di);
	ck_assert(di.suspending);
	ck_assert_int_eq(off(r, true), 0);
	nothing_is_left(r);
	ck_assert(has_image(r));
	rig_free(r);
}
END_TEST

START_TEST(a_suspended_guest_goes_on_once)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(suspend(r, IMAGE, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DOMAIN);
	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert(!has_image(r));
	ck_assert_int_eq(suspend(r, IMAGE, false), 0);
	ck_assert_str_eq(r->hv.log, "suspend destroy");
	nothing_is_left(r);
	ck_assert(has_image(r));
	ck_assert_int_eq(resume(r, false), 0);
	/* its new domain has what the guest said in the one before */
	ck_assert_str_eq(r->hv.log, "create feature-shutdown nic_set write unpause");
	ck_assert_int_eq(r->hv.read, FAKE_MEMORY);
	it_runs(r);
	ck_assert(!has_image(r));
	ck_assert_int_eq(resume(r, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_EXISTS);
	ck_assert_int_eq(off(r, true), 0);
	ck_assert_int_eq(resume(r, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_BAD_STATE);
	nothing_is_left(r);
	rig_free(r);
}
END_TEST

START_TEST(a_suspend_that_fails_ends_with_the_guest_running)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.suspend_fails_with = -ETIMEDOUT;
	ck_assert_int_eq(suspend(r, IMAGE, false), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_TIMEOUT);
	ck_assert_str_eq(r->hv.log, "suspend");
	it_runs(r);
	ck_assert(!has_image(r));
	r->hv.suspend_fails_with = 0;
	r->hv.fail = "suspend";		/* all was written, and it failed */
	ck_assert_int_eq(suspend(r, IMAGE, false), -1);
	ck_assert_str_eq(r->hv.log, "suspend wake");
	it_runs(r);
	ck_assert(!has_image(r));
	ck_assert_int_eq(suspend(r, VDI2, false), -1);	/* too small */
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SPACE);
	ck_assert_str_eq(r->hv.log, "suspend wake");
	it_runs(r);
	ck_assert_int_eq(suspend(r, VM, false), -1);	/* no such disk */
	ck_assert_str_eq(r->hv.log, "");
	it_runs(r);
	rig_free(r);
}
END_TEST

START_TEST(a_suspend_that_was_cut_short_goes_one_way_or_the_other)
{
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	/* before the guest was asked, and after it had stopped */
	caught(r, KEPT_RUNNING);
	ck_assert_int_eq(suspend(r, IMAGE, true), 0);
	it_runs(r);
	caught(r, KEPT_SUSPENDING);
	ck_assert_int_eq(suspend(r, IMAGE, true), 0);
	ck_assert_str_eq(r->hv.log, "");
	it_runs(r);
	caught(r, KEPT_SUSPENDING);
	fake_guest_ends(&r->hv, fake_by_uuid(&r->hv, VM), HV_END_SUSPEND);
	(void)phase(r, &k);
	ck_assert_int_eq(domain_remedy(&fake_by_uuid(&r->hv, VM)->d, &k),
	    XENOPS_VM_WAKE);
	r->hv.fail = "wake";
	ck_assert_int_eq(wake(r), -1);
	ck_assert_int_eq(phase(r, &k), KEPT_SUSPENDING);
	ck_assert_int_eq(wake(r), 0);
	ck_assert_str_eq(r->hv.log, "wake");
	it_runs(r);
	ck_assert(!has_image(r));
	/* it only did what it was asked to when nobody waited any more */
	fake_guest_ends(&r->hv, fake_by_uuid(&r->hv, VM), HV_END_SUSPEND);
	(void)phase(r, &k);
	ck_assert_int_eq(domain_remedy(&fake_by_uuid(&r->hv, VM)->d, &k),
	    XENOPS_VM_WAKE);
	ck_assert_int_eq(wake(r), 0);
	it_runs(r);
	/* the image was whole, and the domain could not be destroyed */
	r->hv.fail = "destroy";
	ck_assert_int_eq(suspend(r, IMAGE, false), -1);
	ck_assert_int_eq(phase(r, &k), KEPT_STOPPING);
	k.phase = KEPT_SUSPENDING;
	ck_assert_int_eq(kept_write(r->d.kept_dir, &k), 0);
	ck_assert_int_eq(suspend(r, IMAGE, true), 0);
	ck_assert_str_eq(r->hv.log, "destroy");
	nothing_is_left(r);
	ck_assert(has_image(r));
	rig_free(r);
}
END_TEST

START_TEST(a_resume_that_fails_leaves_the_image)
{
	static const char *const steps[] = { "create", "feature-shutdown",
		"write" };
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	ck_assert_int_eq(suspend(r, IMAGE, false), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r->hv.fail = steps[i];
		ck_assert_int_eq(resume(r, false), -1);
		ck_assert_ptr_null(r->hv.fail);
		nothing_is_left(r);
		ck_assert(has_image(r));
	}
	/* killed before the domain was whole, and after */
	ck_assert_int_eq(resume(r, true), 0);
	ck_assert(fake_by_uuid(&r->hv, VM)->d.paused);
	caught(r, KEPT_RUNNING);
	ck_assert_int_eq(reap_resume(r), 0);
	it_runs(r);
	ck_assert(!in_use(r, IMAGE, VM));
	ck_assert_int_eq(phase(r, &k), KEPT_RUNNING);
	ck_assert_str_eq(k.image_vdi, "");
	caught(r, KEPT_BUILDING);
	ck_assert_int_eq(reap_resume(r), 0);
	nothing_is_left(r);
	ck_assert(!in_use(r, IMAGE, VM));
	rig_free(r);
}
END_TEST

/* The memory of the only domain, MiB. */
static int
has_memory(struct rig *r)
{
	struct fake_domain *d = fake_by_uuid(&r->hv, VM);

	return d ? (int)(d->d.memory / MIB) : -1;
}

static struct kept
read_kept(struct rig *r)
{
	struct kept k;

	ck_assert_int_eq(kept_read(r->d.kept_dir, VM, r->arena, &k), 0);
	return k;
}

static int
start_within(struct rig *r, int64_t least_mib, int64_t free_mib)
{
	static struct xenops_vm_start_args a;

	a = (struct xenops_vm_start_args){ .vm = guest(VDI) };
	a.vm.memory_min = least_mib * MIB;
	r->hv.free = free_mib * MIB;
	return run(r, domain_vm_start, XENOPS_VM_START, &a);
}

static int
set_memory(struct rig *r, int64_t min_mib, int64_t max_mib)
{
	struct xenops_vm_set_memory_args a = { .vm = VM,
		.min = min_mib * MIB, .max = max_mib * MIB };

	return run(r, domain_vm_set_memory, XENOPS_VM_SET_MEMORY, &a);
}

/* A guest of one vCPU and 128 MiB takes 2.5 MiB beside, in pieces of 2 MiB. */
START_TEST(a_guest_starts_with_what_there_is_down_to_its_minimum)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(start_within(r, 64, 67), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_MEMORY);
	ck_assert_str_eq(r->hv.log, "");
	ck_assert_int_eq(start_within(r, 0, 131), -1);
	ck_assert_int_eq(start_within(r, 64, 70), 0);
	ck_assert_int_eq(has_memory(r), 67);
	ck_assert_int_eq(read_kept(r).memory_target, 67 * MIB);
	ck_assert_int_eq(read_kept(r).spec.memory_target, 128 * MIB);
	r->hv.free = 1024ll * MIB;
	ck_assert_int_eq(run(r, domain_vm_reboot, XENOPS_VM_REBOOT,
	    &(struct xenops_vm_reboot_args){ .vm = VM, .force = true }), 0);
	ck_assert_int_eq(has_memory(r), 128);
	rig_free(r);
}
END_TEST

START_TEST(memory_moves_within_what_there_is)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(set_memory(r, 0, 64), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_SUCH_DOMAIN);
	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.free = 0;
	ck_assert_int_eq(set_memory(r, 32, 64), 0);
	ck_assert_int_eq(has_memory(r), 64);
	ck_assert_int_eq(read_kept(r).spec.memory_min, 32 * MIB);
	r->hv.free = 10 * MIB + 5;
	ck_assert_int_eq(set_memory(r, 80, 128), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_NO_MEMORY);
	ck_assert_int_eq(set_memory(r, 0, 128), 0);
	ck_assert_int_eq(has_memory(r), 74);
	ck_assert_int_eq(set_memory(r, 65, 64), -1);
	ck_assert_int_eq(set_memory(r, 0, 129), -1);
	ck_assert_int_eq(set_memory(r, -1, 64), -1);
	ck_assert_int_eq(set_memory(r, 0, 8), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_BAD_REQUEST);
	ck_assert_int_eq(has_memory(r), 74);
	rig_free(r);
}
END_TEST

START_TEST(memory_that_could_not_be_moved_is_as_it_was)
{
	struct xenops_vm_set_memory_args a = { .vm = VM, .max = 64 * MIB };
	struct rig *r = rig_new();
	struct kept k;

	ck_assert_int_eq(start(r, VDI), 0);
	r->hv.fail = "memory";
	ck_assert_int_eq(set_memory(r, 0, 64), -1);
	ck_assert_int_eq(has_memory(r), 128);
	ck_assert_int_eq(read_kept(r).memory_target, 128 * MIB);
	/* killed between the two */
	k = read_kept(r);
	k.memory_target = k.spec.memory_target = 64 * MIB;
	ck_assert_int_eq(kept_write(r->d.kept_dir, &k), 0);
	ck_assert_int_eq(run(r, domain_vm_set_memory, XENOPS_VM_SET_MEMORY,
	    &a), 0);
	ck_assert_int_eq(has_memory(r), 64);
	rig_free(r);
}
END_TEST

START_TEST(each_state_has_its_remedy)
{
	struct hv_domain d = { .uuid = VM };
	struct kept k = { .phase = KEPT_RUNNING };

	k.spec.actions.after_shutdown = XENOPS_AFTER_DESTROY;
	k.spec.actions.after_reboot = XENOPS_AFTER_RESTART;
	k.spec.actions.after_crash = XENOPS_AFTER_PRESERVE;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_N);
	ck_assert_int_eq(domain_remedy(NULL, &k), XENOPS_VM_SHUTDOWN);
	d.shutdown = true;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_VM_SHUTDOWN);
	d.end = HV_END_REBOOT;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_VM_REBOOT);
	d.end = HV_END_CRASH;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_N);
	k.spec.actions.after_crash = XENOPS_AFTER_RESTART;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_VM_REBOOT);
	d.end = HV_END_SUSPEND;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_VM_WAKE);
	d.shutdown = false;
	k.phase = KEPT_REBOOTING;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_VM_REBOOT);
	k.phase = KEPT_BUILDING;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_VM_SHUTDOWN);
	k.phase = KEPT_STOPPING;
	ck_assert_int_eq(domain_remedy(&d, &k), XENOPS_VM_SHUTDOWN);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("domain", a_vm_starts_and_ends,
	    whatever_fails_in_a_start_leaves_nothing, a_guest_is_asked_first,
	    a_domain_that_cannot_be_destroyed_stays_in_the_books,
	    a_reboot_is_a_new_domain_with_what_it_had,
	    a_reboot_that_fails_leaves_nothing_or_all,
	    only_what_was_caught_between_two_states_is_reaped,
	    disks_come_and_go, a_plug_that_fails_is_undone,
	    a_plug_that_was_cut_short_is_undone,
	    media_come_and_go_and_the_drive_stays,
	    an_insert_that_fails_leaves_the_drive_empty, nics_come_and_go,
	    a_nic_has_its_lock_before_its_guest_runs,
	    a_nic_is_changed_or_stays_as_it_was,
	    what_is_gone_in_spite_of_the_guest_is_in_no_book,
	    an_image_counts_until_its_domain_is_gone,
	    a_suspended_guest_goes_on_once,
	    a_suspend_that_fails_ends_with_the_guest_running,
	    a_suspend_that_was_cut_short_goes_one_way_or_the_other,
	    a_resume_that_fails_leaves_the_image,
	    a_guest_starts_with_what_there_is_down_to_its_minimum,
	    memory_moves_within_what_there_is,
	    memory_that_could_not_be_moved_is_as_it_was,
	    each_state_has_its_remedy);
}
