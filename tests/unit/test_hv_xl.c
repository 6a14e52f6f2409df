/*
 * The real hv_xl.c, config.c and xl.c over a libxl of the test's making: what a
 * guest is built of, what is answered when Xen refuses, and that nothing stays.
 */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/vm_limits.h"
#include "fake_xl.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/request_impl.h"
#include "xenopsd/domains/hv_xl.h"
#include "xenopsd/domains/model.h"

#define VM "11111111-0000-4000-8000-000000000001"
#define VM2 "11111111-0000-4000-8000-000000000002"
#define MIB (1 << 20)
#define HOTPLUG "/usr/sbin/bedplate-hotplug"
#define GUEST "/local/domain/7/"

struct rig {
	struct xl *xl;
	struct hv *hv;
	struct arena *arena;
	struct request_impl impl;
	struct request rq;
	struct xenops_disk_spec disks[3];
	struct xenops_nic_spec nics[2];
	struct xenops_vm_spec vm;
};

static const char *const devices[] = { "/dev/a", NULL, "/dev/c" };

/* Two disks, an empty drive between them, two NICs. */
static struct rig *
rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	fake.need_kib = 1024;
	fake.free_kib = 4096;
	r->xl = xl_new(&hv_xl);
	ck_assert_ptr_nonnull(r->xl);
	r->hv = &r->xl->hv;
	r->arena = arena_new();
	r->rq = (struct request){ .arena = r->arena, .impl = &r->impl };
	for (int i = 0; i < 3; i++)
		r->disks[i] = (struct xenops_disk_spec){ .device = i,
			.cdrom = i > 0 };
	for (int i = 0; i < 2; i++)
		r->nics[i] = (struct xenops_nic_spec){ .device = i,
			.mac = "00:16:3e:00:00:0a", .bridge = "xenbr1",
			.mtu = i * 9000 };
	r->vm = (struct xenops_vm_spec){ .uuid = VM,
		.type = XENOPS_DOMAIN_TYPE_PVH, .boot = XENOPS_BOOT_DISK,
		.memory_max = 64 * MIB, .memory_target = 32 * MIB,
		.vcpus_max = 4, .vcpus = 2,
		.disks = { .v = r->disks, .n = 3 },
		.nics = { .v = r->nics, .n = 2 } };
	return r;
}

static void
rig_free(struct rig *r)
{
	xl_free(r->xl);
	arena_free(r->arena);
	free(r);
	ck_assert_int_eq(fake.contexts, 0);
	ck_assert_int_eq(fake.handles, 0);
}

static int
create_from(struct rig *r, int image)
{
	uint32_t domid = 0;
	int rc;

	memset(&r->impl, 0, sizeof(r->impl));
	fake.log[0] = '\0';
	rc = hv_xl.create(r->hv, &r->rq, &r->vm, devices, image, &domid);
	if (!rc)
		ck_assert_uint_eq(domid, 7);
	return rc;
}

static int
create(struct rig *r)
{
	return create_from(r, -1);
}

/* The domain is refused with that code and a text that has `says`. */
static void
refused(struct rig *r, enum xenops_code code, const char *says)
{
	ck_assert_int_eq(create(r), -1);
	ck_assert(r->impl.failed);
	ck_assert_int_eq(r->impl.failure.code, (int)code);
	ck_assert_msg(strstr(r->impl.failure.text, says) != NULL, "%s",
	    r->impl.failure.text);
}

START_TEST(a_pvh_guest_is_built_as_its_vm_says)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(create(r), 0);
	ck_assert_str_eq(fake.log, "create pvh " VM " vcpus 2 of 4 mask 03, "
	    "32768 of 65536 KiB, weight 0 cap 0\n"
	    "boot /usr/lib/bedplate/guest/grub-i386-xen_pvh.bin - -\n"
	    "disk xvda /dev/a rw " HOTPLUG "\n"
	    "cd xvdc /dev/c ro " HOTPLUG "\n"
	    "nic 0 xenbr1 00:16:3e:00:00:0a mtu 0\n"
	    "nic 1 xenbr1 00:16:3e:00:00:0a mtu 9000\n");
	rig_free(r);
}
END_TEST

START_TEST(a_guest_is_suspended_and_goes_on)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(hv_xl.suspend(r->hv, 7, 33), 0);
	ck_assert_int_eq(hv_xl.wake(r->hv, 7), 0);
	ck_assert_str_eq(fake.log, "suspend 7 to 33, 0\nresume 7 1\n");
	fake.fails = "domain_resume";
	ck_assert_int_eq(hv_xl.wake(r->hv, 7), -EIO);
	fake.fails = "domain_suspend";
	ck_assert_int_eq(hv_xl.suspend(r->hv, 7, 33), -EIO);
	fake.fails_with = ERROR_GUEST_TIMEDOUT;
	ck_assert_int_eq(hv_xl.suspend(r->hv, 7, 33), -ETIMEDOUT);
	fake.fails = NULL;
	ck_assert_int_eq(create_from(r, 33), 0);
	ck_assert_int_eq(strncmp(fake.log, "restore by 33, -1, version 2\n"
	    "create pvh " VM, 40), 0);
	fake.fails = "domain_create_new";
	fake.fails_with = ERROR_FAIL;
	ck_assert_int_eq(create_from(r, 33), -1);
	ck_assert_int_eq(r->impl.failure.code, XENOPS_CODE_BOOT_FAILED);
	rig_free(r);
}
END_TEST

START_TEST(a_pvh_guest_boots_by_uefi)
{
	struct rig *r = rig_new();

	r->vm.firmware = XENOPS_FIRMWARE_UEFI;
	ck_assert_int_eq(create(r), 0);
	ck_assert_ptr_nonnull(strstr(fake.log,
	    "\nboot /usr/lib/bedplate/guest/ovmf.fd - -\n"));
	rig_free(r);
}
END_TEST

START_TEST(a_pv_guest_boots_by_the_other_grub)
{
	struct rig *r = rig_new();

	r->vm.type = XENOPS_DOMAIN_TYPE_PV;
	r->vm.weight = 512;
	r->vm.cap = 50;
	r->vm.disks.n = r->vm.nics.n = 0;
	ck_assert_int_eq(create(r), 0);
	ck_assert_str_eq(fake.log, "create pv " VM " vcpus 2 of 4 mask 03, "
	    "32768 of 65536 KiB, weight 512 cap 50\n"
	    "boot /usr/lib/bedplate/guest/grub-x86_64-xen.bin - -\n");
	rig_free(r);
}
END_TEST

static void
make_hvm(struct rig *r)
{
	r->vm.type = XENOPS_DOMAIN_TYPE_HVM;
	r->vm.hvm = (struct xenops_hvm_spec){ .boot_order = "dc",
		.acpi = true, .apic = true, .pae = true, .nx = true,
		.hpet = true, .usb_tablet = true, .serial = true,
		.vga = XENOPS_VGA_STD, .videoram = 8 * MIB,
		.timeoffset = -3600 };
	r->vm.nics.n = 0;
}

START_TEST(an_hvm_guest_has_its_model_in_a_box)
{
	struct rig *r = rig_new();

	make_hvm(r);
	ck_assert_int_eq(create(r), 0);
	ck_assert_str_eq(fake.log, "create hvm " VM " vcpus 2 of 4 mask 03, "
	    "32768 of 65536 KiB, weight 0 cap 0\nboot - - -\n"
	    "hvm /usr/sbin/bedplate-box restricted order dc vga 2 16384 KiB "
	    "time -3600 serial pty tablet\n"
	    "acpi 1 apic 1 pae 1 nx 1 viridian -1 hpet 1 vkb -1\n"
	    "vnc 1 unused -1 unix:/run/xen/screen-" VM ",share=force-shared\n"
	    "bios seabios -\n"
	    "disk xvda /dev/a rw " HOTPLUG "\ndrive xvdb empty\n"
	    "drive xvdc /dev/c\n");
	r->vm.hvm = (struct xenops_hvm_spec){ .boot_order = "c",
		.viridian = true, .vga = XENOPS_VGA_CIRRUS,
		.videoram = 32 * MIB };
	ck_assert_int_eq(create(r), 0);
	ck_assert_ptr_nonnull(strstr(fake.log,
	    "order c vga 1 32768 KiB time 0 serial - -\n"
	    "acpi -1 apic -1 pae -1 nx -1 viridian 1 hpet -1 vkb -1\n"));
	r->vm.hvm.vga = XENOPS_VGA_NONE;
	r->vm.firmware = XENOPS_FIRMWARE_UEFI;
	ck_assert_int_eq(create(r), 0);
	ck_assert_ptr_nonnull(strstr(fake.log, "vga 3 0 KiB"));
	ck_assert_ptr_nonnull(strstr(fake.log, "vnc -1 unused 0 -\n"));
	ck_assert_ptr_nonnull(strstr(fake.log,
	    "\nbios ovmf /usr/lib/bedplate/guest/ovmf.fd\n"));
	rig_free(r);
}
END_TEST

/* Emulated beside the paravirtual one, for whoever has no driver of its own; one
 * that comes later has no model. */
START_TEST(the_first_nics_of_an_hvm_guest_are_emulated_too)
{
	struct rig *r = rig_new();

	make_hvm(r);
	r->vm.nics.n = 2;
	r->nics[1].device = VM_EMULATED_NICS;
	ck_assert_int_eq(create(r), 0);
	ck_assert_ptr_nonnull(strstr(fake.log,
	    "nic 0 xenbr1 00:16:3e:00:00:0a mtu 0 and rtl8139\n"
	    "nic 8 xenbr1 00:16:3e:00:00:0a mtu 9000\n"));
	r->vm.hvm.nic = XENOPS_NIC_MODEL_E1000;
	ck_assert_int_eq(create(r), 0);
	ck_assert_ptr_nonnull(strstr(fake.log, "mtu 0 and e1000\n"));
	fake.log[0] = '\0';
	ck_assert_int_eq(hv_xl.nic_add(r->hv, 7, &r->nics[0]), 0);
	ck_assert_ptr_null(strstr(fake.log, "and"));
	rig_free(r);
}
END_TEST

/* A process of the user that QEMU of domain 7 would be; waits to be killed. */
static pid_t
some_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	ck_assert_int_ne(pid, -1);
	return pid;
}

START_TEST(a_guest_whose_model_is_not_there_has_crashed)
{
	struct rig *r = rig_new();
	pid_t other = some_process();
	struct hv_event e;
	char text[16];
	int status;

	snprintf(text, sizeof(text), "%d", (int)other);
	fake.ndomains = 1;
	fake.domains[0] = (libxl_dominfo){ .domid = 7 };
	ck_assert_int_ge(hv_xl.event_fd(r->hv), 0);
	fake.log[0] = '\0';
	hv_xl.watch_guest(r->hv, 7, VM, true);
	ck_assert_ptr_null(strstr(fake.log, "xc_domain_shutdown"));
	/* the number is there, and the process another one's */
	fake_store(GUEST "image/device-model-pid", text);
	hv_xl.watch_guest(r->hv, 7, VM, true);
	ck_assert_ptr_nonnull(strstr(fake.log, "xc_domain_shutdown 7 3\n"));
	/* it had ended by itself before */
	fake.log[0] = '\0';
	fake.domains[0].shutdown = true;
	hv_xl.watch_guest(r->hv, 7, VM, true);
	ck_assert(!hv_xl.event(r->hv, &e));
	ck_assert_ptr_null(strstr(fake.log, "xc_domain_shutdown"));
	hv_xl.watch_guest(r->hv, 7, VM, false);
	kill(other, SIGKILL);
	waitpid(other, &status, 0);
	rig_free(r);
}
END_TEST

/* A domain's device model that has ended, as models_look has yet to see. */
static struct models *
ended_model(struct rig *r, int p[2], bool paused)
{
	/* of domain 7, should this test run as that user */
	uint32_t domid = (uint32_t)(getuid() - MODEL_UID_BASE);
	pid_t pid = some_process();
	struct models *m;
	int fd, status;

	ck_assert_int_eq(pipe(p), 0);
	fake.ndomains = 1;
	fake.domains[0] = (libxl_dominfo){ .domid = domid, .paused = paused };
	m = models_new(r->xl->ctx, r->xl->logger, p[0], &fd);
	ck_assert_ptr_nonnull(m);
	models_add(m, domid, pid);
	models_look(m);
	ck_assert_str_eq(fake.log, "");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return m;
}

START_TEST(a_model_that_ends_is_noticed_once)
{
	struct rig *r = rig_new();
	int p[2];
	struct models *m = ended_model(r, p, false);

	models_look(m);
	ck_assert_ptr_nonnull(strstr(fake.log, "xc_domain_shutdown"));
	fake.log[0] = '\0';
	models_look(m);
	ck_assert_str_eq(fake.log, "");
	models_free(m);
	close(p[0]);
	close(p[1]);
	rig_free(r);
}
END_TEST

START_TEST(a_paused_domain_may_be_on_its_way_out)
{
	struct rig *r = rig_new();
	int p[2];
	struct models *m = ended_model(r, p, true);

	models_look(m);
	ck_assert_str_eq(fake.log, "");
	fake.domains[0].paused = false;
	for (int i = 0; i < 600 && !strstr(fake.log, "shutdown"); i++) {
		models_look(m);
		usleep(50000);
	}
	ck_assert_ptr_nonnull(strstr(fake.log, "xc_domain_shutdown"));
	models_free(m);
	close(p[0]);
	close(p[1]);
	rig_free(r);
}
END_TEST

START_TEST(memory_of_dom0_is_what_the_kernel_says)
{
	char path[PATH_MAX + 16];
	FILE *f;

	snprintf(path, sizeof(path), "%s/meminfo", scratch_dir());
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("MemTotal:         250000 kB\nMemFree:           10000 kB\n"
	    "MemAvailable:     100000 kB\n", f);
	fclose(f);
	ck_assert_int_eq(model_room(path), 100000ll << 10);
	ck_assert_int_eq(model_room("/nowhere/meminfo"), -1);
	ck_assert_int_gt(model_room("/proc/meminfo"), 0);
}
END_TEST

#define LOG_PATH (PATH_MAX + 32)

static void
lay_log(char *path_out, const char *name, const char *text)
{
	FILE *f;

	snprintf(path_out, LOG_PATH, "%s/%s", scratch_dir(), name);
	f = fopen(path_out, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(a_guests_logs_go_with_it)
{
	char own[LOG_PATH], old[LOG_PATH], probe[LOG_PATH], other[LOG_PATH];

	lay_log(own, "qemu-dm-aa-1.log", "first\nlast words\n\n");
	lay_log(old, "qemu-dm-aa-1.log.1", "");
	lay_log(probe, "qemu-probe-aa-1.log", "one without an end");
	lay_log(other, "qemu-dm-aa-2.log", "stays\n");
	model_remove_logs(scratch_dir(), "aa-1");
	ck_assert_int_eq(access(own, F_OK), -1);
	ck_assert_int_eq(access(old, F_OK), -1);
	ck_assert_int_eq(access(probe, F_OK), -1);
	model_remove_logs(scratch_dir(), "aa-*");
	model_remove_logs("/nowhere", "aa-2");
	ck_assert_int_eq(access(other, F_OK), 0);
	unlink(other);
}
END_TEST

START_TEST(what_a_model_leaves_goes_with_its_domain)
{
	char root[LOG_PATH], socket[LOG_PATH], other[LOG_PATH];
	char screen[LOG_PATH];

	snprintf(root, sizeof(root), "%s/qemu-root-7", scratch_dir());
	ck_assert_int_eq(mkdir(root, 0), 0);
	lay_log(socket, "qmp-libxenstat-7", "");
	lay_log(other, "qmp-libxenstat-77", "");
	lay_log(screen, "screen-" VM, "");
	model_clean(scratch_dir(), 7, VM);
	ck_assert_int_eq(access(root, F_OK), -1);
	ck_assert_int_eq(access(socket, F_OK), -1);
	ck_assert_int_eq(access(screen, F_OK), -1);
	ck_assert_int_eq(access(other, F_OK), 0);
	model_clean("/nowhere", 77, NULL);
	model_clean(scratch_dir(), 8, "../x");
	unlink(other);
}
END_TEST

START_TEST(an_hvm_guests_screen_is_its_models)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, seen;

	ck_assert_int_eq(model_screen(scratch_dir(), VM), -ENOENT);
	model_screen_path(a.sun_path, scratch_dir(), VM);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(model_screen(scratch_dir(), VM), -ECONNREFUSED);
	ck_assert_int_eq(listen(s, 0), 0);
	fd = model_screen(scratch_dir(), VM);
	ck_assert_int_ge(fd, 0);
	/* it is never waited for */
	ck_assert_int_eq(model_screen(scratch_dir(), VM), -EAGAIN);
	seen = accept(s, NULL, NULL);
	ck_assert_int_eq(write(seen, "x", 1), 1);
	ck_assert_int_eq(read(fd, &(char){ 0 }, 1), 1);
	close(seen);
	close(fd);
	close(s);
	unlink(a.sun_path);
}
END_TEST

START_TEST(what_cannot_be_built_is_not_begun)
{
	struct rig *r = rig_new();

	fake.fails = "cpu_bitmap_alloc";
	refused(r, XENOPS_CODE_INTERNAL, "no memory");
	fake.fails = "get_free_memory";
	fake.errors[0] = "no answer";
	refused(r, XENOPS_CODE_INTERNAL, "no answer");
	fake.fails = NULL;
	fake.free_kib = fake.need_kib - 1;
	refused(r, XENOPS_CODE_NO_MEMORY, "1024 KiB needed, 1023 free");
	fake.free_kib = fake.need_kib;
	r->vm.boot = XENOPS_BOOT_KERNEL;
	r->vm.kernel = "../etc/passwd";
	ck_assert_int_eq(create(r), -1);
	ck_assert_str_eq(fake.log, "");
	r->vm.uuid = "not one";
	refused(r, XENOPS_CODE_BAD_REQUEST, "uuid");
	ck_assert_str_eq(fake.log, "");
	rig_free(r);
}
END_TEST

START_TEST(a_refused_build_says_why)
{
	struct rig *r = rig_new();

	fake.fails = "domain_create_new";
	fake.errors[0] = "libxl_a.c:1:build: xc: no such kernel";
	fake.errors[1] = "the rest follows from that";
	refused(r, XENOPS_CODE_BOOT_FAILED, "xc: no such kernel");
	hv_xl.forget_errors(r->hv);
	fake.errors[0] = "domain 7: cannot add a device";
	fake.errors[1] = "libxl_b.c:2:run: script: the disk is gone";
	refused(r, XENOPS_CODE_BOOT_FAILED, "the disk is gone");
	fake.fails_with = ERROR_NOMEM;
	refused(r, XENOPS_CODE_NO_MEMORY, "cannot create");
	rig_free(r);
}
END_TEST

START_TEST(without_xen_there_is_no_back_end)
{
	fake.fails = "ctx_alloc";
	ck_assert_ptr_null(xl_new(&hv_xl));
	fake.fails = "xs_open";
	ck_assert_ptr_null(xl_new(&hv_xl));
	ck_assert_int_eq(fake.contexts, 0);
}
END_TEST

START_TEST(domains_are_those_of_guests)
{
	struct rig *r = rig_new();
	struct hv_domain *v, d;
	uint32_t n, domid;
	uint8_t uuid[16], other[16];

	ck_assert(uuid_from_text(VM, uuid) && uuid_from_text(VM2, other));
	fake.ndomains = 3;
	fake.domains[1] = (libxl_dominfo){ .domid = 3, .shutdown = true,
		.shutdown_reason = LIBXL_SHUTDOWN_REASON_WATCHDOG,
		.domain_type = LIBXL_DOMAIN_TYPE_PVH, .vcpu_online = 2,
		.current_memkb = 1024, .outstanding_memkb = 1024 };
	fake.domains[2] = (libxl_dominfo){ .domid = 4, .dying = true };
	memcpy(fake.domains[1].uuid.uuid, uuid, 16);
	memcpy(fake.domains[2].uuid.uuid, other, 16);
	ck_assert_int_eq(hv_xl.list(r->hv, r->arena, &v, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(v[0].uuid, VM);
	ck_assert(v[0].shutdown && v[0].end == HV_END_CRASH);
	ck_assert_int_eq(v[0].type, XENOPS_DOMAIN_TYPE_PVH);
	ck_assert_int_eq(v[0].memory, 2 * MIB);
	ck_assert_int_eq(hv_xl.get(r->hv, 3, &d), 0);
	ck_assert_int_eq(hv_xl.get(r->hv, 4, &d), -ENOENT);
	ck_assert_int_eq(hv_xl.get(r->hv, 5, &d), -ENOENT);
	ck_assert(hv_xl.find(r->hv, VM, false, &domid) && domid == 3);
	ck_assert(!hv_xl.find(r->hv, VM2, false, &domid));
	ck_assert(hv_xl.find(r->hv, VM2, true, &domid) && domid == 4);
	fake.fails = "list_domain";
	ck_assert_int_eq(hv_xl.list(r->hv, r->arena, &v, &n), -EIO);
	ck_assert(!hv_xl.find(r->hv, VM, false, &domid));
	rig_free(r);
}
END_TEST

START_TEST(devices_come_and_go)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(hv_xl.disk_add(r->hv, r->arena, 7, &r->disks[1],
	    "/dev/b"), 0);
	ck_assert_int_eq(hv_xl.disk_remove(r->hv, r->arena, 7, 1, false), 0);
	ck_assert_int_eq(hv_xl.disk_remove(r->hv, r->arena, 7, 1, true), 0);
	ck_assert_int_eq(hv_xl.nic_remove(r->hv, 7, 1, true), 0);
	ck_assert_int_eq(hv_xl.nic_remove(r->hv, 7, 1, false), 0);
	ck_assert_str_eq(fake.log,
	    "device_disk_add 7 cd xvdb /dev/b ro " HOTPLUG "\n"
	    "device_disk_safe_remove 7 disk xvdb /dev/there ro -\n"
	    "device_disk_destroy 7 disk xvdb /dev/there ro -\n"
	    "device_nic_destroy 7 nic 1 xenbr0 00:00:00:00:00:00 mtu 0\n"
	    "device_nic_remove 7 nic 1 xenbr0 00:00:00:00:00:00 mtu 0\n");
	fake.log[0] = '\0';
	ck_assert_int_eq(hv_xl.disk_change(r->hv, r->arena, 7, &r->disks[1],
	    "/dev/b"), 0);
	ck_assert_int_eq(hv_xl.disk_change(r->hv, r->arena, 7, &r->disks[1],
	    NULL), 0);
	ck_assert_str_eq(fake.log, "cdrom_insert 7 drive xvdb /dev/b\n"
	    "cdrom_insert 7 drive xvdb empty\n");
	fake.fails = "cdrom_insert";
	ck_assert_int_eq(hv_xl.disk_change(r->hv, r->arena, 7, &r->disks[1],
	    NULL), -EIO);
	fake.fails = "device_nic_add";
	ck_assert_int_eq(hv_xl.nic_add(r->hv, 7, &r->nics[0]), -EIO);
	fake.fails = "device_disk_add";
	ck_assert_int_eq(hv_xl.disk_add(r->hv, r->arena, 7, &r->disks[0],
	    "/dev/a"), -EIO);
	fake.log[0] = '\0';
	fake.fails = "vdev_to_device_disk";
	ck_assert_int_eq(hv_xl.disk_remove(r->hv, r->arena, 7, 1, true), -EIO);
	fake.fails = "devid_to_device_nic";
	ck_assert_int_eq(hv_xl.nic_remove(r->hv, 7, 1, false), -EIO);
	ck_assert_str_eq(fake.log, "");
	rig_free(r);
}
END_TEST

START_TEST(a_guest_that_writes_much_is_bounded_and_tamed)
{
	struct rig *r = rig_new();
	static char longest[2001], path[80];
	const struct string_pair *p;
	struct vec v;

	memset(longest, 'x', sizeof(longest) - 1);
	fake_store(GUEST "control/feature-shutdown", "1");
	fake_store(GUEST "control/shutdown", "poweroff");
	fake_store(GUEST "data/os", "\033[2J");
	fake_store(GUEST "data/long", longest);
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), GUEST "data/%d", i);
		fake_store(path, "v");
	}
	v = hv_xl.guest_data(r->hv, r->arena, 7);
	p = v.v;
	ck_assert_uint_eq(v.n, 128);
	ck_assert_str_eq(p[0].key, "control/feature-shutdown");
	ck_assert_str_eq(p[1].key, "data/os");
	ck_assert_str_eq(p[1].value, "?[2J");
	ck_assert_uint_eq(strlen(p[2].value), 512);
	rig_free(r);
}
END_TEST

START_TEST(what_is_written_for_a_guest_is_its_own)
{
	struct rig *r = rig_new();

	ck_assert_int_eq(hv_xl.write_data(r->hv, 7, "vm-data/a", "b"), 0);
	ck_assert_str_eq(fake.log, "write " GUEST "vm-data/a=b\n"
	    "owner " GUEST "vm-data/a=7 (1)\n");
	fake.fails = "xs_set_permissions";
	ck_assert_int_eq(hv_xl.write_data(r->hv, 7, "vm-data/a", "b"),
	    -EACCES);
	fake.fails = "xs_write";
	ck_assert_int_eq(hv_xl.ask(r->hv, 7, "poweroff"), -EACCES);
	fake.fails = "domain_destroy";
	ck_assert_int_eq(hv_xl.destroy(r->hv, 7), -EIO);
	fake.fails = "domain_unpause";
	ck_assert_int_eq(hv_xl.pause(r->hv, 7, true), 0);
	ck_assert_int_eq(hv_xl.pause(r->hv, 7, false), -EIO);
	fake.log[0] = '\0';
	ck_assert_int_eq(hv_xl.sysrq(r->hv, 7, 'h'), 0);
	ck_assert_int_eq(hv_xl.trigger(r->hv, 7, XENOPS_TRIGGER_POWER), 0);
	ck_assert_int_eq(hv_xl.trigger(r->hv, 7, XENOPS_TRIGGER_S3RESUME), 0);
	ck_assert_str_eq(fake.log, "sysrq 7 h\ntrigger 7 1 0\ntrigger 7 6 0\n");
	fake.fails = "send_trigger";
	ck_assert_int_eq(hv_xl.trigger(r->hv, 7, XENOPS_TRIGGER_NMI), -EIO);
	fake.fails = "send_sysrq";
	ck_assert_int_eq(hv_xl.sysrq(r->hv, 7, 'h'), -EIO);
	rig_free(r);
}
END_TEST

START_TEST(memory_is_free_and_moves)
{
	struct rig *r = rig_new();
	int64_t bytes;

	ck_assert_int_eq(hv_xl.free_memory(r->hv, &bytes), 0);
	ck_assert_int_eq(bytes, 4 * MIB);
	ck_assert_int_eq(hv_xl.set_memory(r->hv, 7, 3 * MIB), 0);
	ck_assert_str_eq(fake.log, "memory 7 3072 KiB 0 1\n");
	fake.fails = "get_free_memory";
	ck_assert_int_eq(hv_xl.free_memory(r->hv, &bytes), -EIO);
	fake.fails = "set_memory_target";
	ck_assert_int_eq(hv_xl.set_memory(r->hv, 7, 3 * MIB), -EIO);
	rig_free(r);
}
END_TEST

START_TEST(events_name_their_vm)
{
	struct rig *r = rig_new();
	struct hv_event e;

	ck_assert_int_ge(hv_xl.event_fd(r->hv), 0);
	ck_assert(!hv_xl.event(r->hv, &e));
	fake.event = "domains";
	ck_assert(hv_xl.event(r->hv, &e) && e.kind == HV_EVENT_DOMAINS);
	fake.event = VM;
	ck_assert(hv_xl.event(r->hv, &e) && e.kind == HV_EVENT_GUEST);
	ck_assert_str_eq(e.uuid, VM);
	fake.fails = "xs_watch";
	ck_assert_int_eq(hv_xl.event_fd(r->hv), -1);
	ck_assert_int_eq(hv_xl.wait_begin(r->hv), -EACCES);
	rig_free(r);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("hv_xl", memory_is_free_and_moves, a_pvh_guest_is_built_as_its_vm_says,
	    a_guest_is_suspended_and_goes_on,
	    a_pvh_guest_boots_by_uefi,
	    a_pv_guest_boots_by_the_other_grub,
	    an_hvm_guest_has_its_model_in_a_box,
	    the_first_nics_of_an_hvm_guest_are_emulated_too,
	    an_hvm_guests_screen_is_its_models,
	    a_guest_whose_model_is_not_there_has_crashed,
	    a_model_that_ends_is_noticed_once,
	    a_paused_domain_may_be_on_its_way_out,
	    memory_of_dom0_is_what_the_kernel_says,
	    a_guests_logs_go_with_it,
	    what_a_model_leaves_goes_with_its_domain,
	    what_cannot_be_built_is_not_begun, a_refused_build_says_why,
	    without_xen_there_is_no_back_end, domains_are_those_of_guests,
	    devices_come_and_go, a_guest_that_writes_much_is_bounded_and_tamed,
	    what_is_written_for_a_guest_is_its_own, events_name_their_vm);
}
