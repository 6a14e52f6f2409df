#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/type.h"
#include "gen/ops_stubs.h"
#include "ops/ops.h"
#include "scratch.h"
#include "unit.h"

#define LIMIT_MS 60000
#define MIB ((int64_t)1 << 20)
#define VM_A "11111111-0000-4000-8000-000000000001"
#define VBD_A "22222222-0000-4000-8000-000000000001"
#define VBD_B "22222222-0000-4000-8000-000000000002"
#define VIF_A "33333333-0000-4000-8000-000000000001"
#define SR_A "44444444-0000-4000-8000-000000000001"
#define VDI_A "55555555-0000-4000-8000-000000000001"
#define VDI_B "55555555-0000-4000-8000-000000000002"

/* A running simulator, a client of it, and the last state seen of VM_A. */
struct bench {
	char dir[64];
	char socket[96];
	pid_t pid;
	struct ops *o;
	struct ops_call k;
	pthread_mutex_t lock;
	int state;			/* -1: none seen */
	int64_t domid;
	bool booted;
	int events;
};

static const char *program;

static void
on_event(void *arg, uint16_t message, const void *record)
{
	const struct xenops_domain_changed *ev = record;
	struct bench *b = arg;

	if (message != XENOPS_DOMAIN_CHANGED)
		return;
	pthread_mutex_lock(&b->lock);
	b->state = ev->domain.state;
	b->domid = ev->domain.domid;
	b->booted = ev->domain.shutdown_feature;
	b->events++;
	pthread_mutex_unlock(&b->lock);
}

static void
start_program(struct bench *b)
{
	char state[96];

	snprintf(state, sizeof(state), "%s/state", b->dir);
	b->pid = fork();
	ck_assert_int_ne(b->pid, -1);
	if (b->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, program, "--state", state, "--socket",
		    b->socket, "--number", "7", (char *)NULL);
		_exit(127);
	}
}

static void
wait_connected(struct bench *b, bool want)
{
	int64_t end = clock_mono_ms() + LIMIT_MS;

	while (ops_is_connected(b->o) != want) {
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(2000);
	}
}

static void
setup(struct bench *b)
{
	struct ops_config cfg = { .event = on_event, .arg = b };

	memset(b, 0, sizeof(*b));
	pthread_mutex_init(&b->lock, NULL);
	b->state = -1;
	snprintf(b->dir, sizeof(b->dir), "/tmp/test_sim.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(b->dir));
	snprintf(b->socket, sizeof(b->socket), "%s/sock", b->dir);
	start_program(b);
	cfg.socket_path = b->socket;
	ck_assert_int_eq(ops_start(&cfg, &b->o), 0);
	b->k.arena = arena_new();
	wait_connected(b, true);
}

static void
teardown(struct bench *b)
{
	int status;

	ops_stop(b->o);
	kill(b->pid, SIGTERM);
	ck_assert_int_eq(waitpid(b->pid, &status, 0), b->pid);
	ck_assert_int_eq(status, 0);
	arena_free(b->k.arena);
	scratch_remove_tree(b->dir);
}

/* Says a line to the control socket, which must say ok. */
static void
control(struct bench *b, const char *line)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char answer[64] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s/state/control.sock",
	    b->dir);
	ck_assert_int_eq(connect(fd, (void *)&un, sizeof(un)), 0);
	ck_assert_int_eq(dprintf(fd, "%s\n", line), (int)strlen(line) + 1);
	ck_assert_int_gt(read(fd, answer, sizeof(answer) - 1), 0);
	ck_assert_str_eq(answer, "ok\n");
	close(fd);
}

static void
wait_state(struct bench *b, int state, bool booted)
{
	int64_t end = clock_mono_ms() + LIMIT_MS;
	bool there = false;

	while (!there) {
		pthread_mutex_lock(&b->lock);
		there = b->state == state && b->booted == booted;
		pthread_mutex_unlock(&b->lock);
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(2000);
	}
}

/* Waits until a domain other than old has booted. */
static void
wait_new_domain(struct bench *b, int64_t old)
{
	int64_t end = clock_mono_ms() + LIMIT_MS;
	bool there = false;

	while (!there) {
		pthread_mutex_lock(&b->lock);
		there = b->domid != old && b->booted &&
		    b->state == XENOPS_DOMAIN_STATE_RUNNING;
		pthread_mutex_unlock(&b->lock);
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(2000);
	}
}

static void
make_sr(struct bench *b)
{
	struct xenops_sr_create_args a = { .uuid = SR_A,
		.type = XENOPS_SR_TYPE_FILE, .device = "/dev/sdb",
		.name = "disks" };
	struct xenops_sr_create_result r;

	ck_assert_int_eq(ops_sr_create(b->o, &b->k, &a, &r), 0);
	ck_assert_str_eq(r.sr.uuid, SR_A);
}

static void
make_vdi(struct bench *b, const char *uuid, int64_t size)
{
	struct xenops_vdi_create_args a = { .sr = SR_A, .vdi = {
		.uuid = uuid, .name = "n\xc3\xa4me", .description = "d",
		.size = size } };
	struct xenops_vdi_create_result r;

	ck_assert_int_eq(ops_vdi_create(b->o, &b->k, &a, &r), 0);
	ck_assert_int_eq(r.vdi.size, (size + MIB - 1) / MIB * MIB);
	ck_assert_str_eq(r.vdi.name, "n\xc3\xa4me");
}

static int
start_vm(struct bench *b, bool paused, const char *told, const char *value)
{
	struct string_pair data = { arena_printf(b->k.arena, "vm-data/sim/%s",
	    told), value };
	struct xenops_disk_spec disk = { .vbd = VBD_A, .bootable = true,
		.sr = SR_A, .vdi = VDI_A };
	struct xenops_nic_spec nic = { .vif = VIF_A, .mac =
		"00:16:3e:00:00:01", .bridge = "xenbr0", .mtu = 1500 };
	struct xenops_vm_start_args a = *(const struct xenops_vm_start_args *)
	    xenops_vm_start_args_type.dflt;
	struct xenops_vm_start_result r;

	a.vm.uuid = VM_A;
	a.vm.name = "guest";
	a.vm.memory_target = a.vm.memory_max = 128 * MIB;
	a.vm.vcpus = a.vm.vcpus_max = 1;
	a.vm.disks = (struct vec){ &disk, 1 };
	a.vm.nics = (struct vec){ &nic, 1 };
	a.vm.actions.after_reboot = XENOPS_AFTER_RESTART;
	a.vm.xenstore_data = (struct vec){ &data, 1 };
	a.paused = paused;
	return ops_vm_start(b->o, &b->k, &a, &r);
}

static int
shutdown_vm(struct bench *b, bool force, int64_t timeout_s)
{
	struct xenops_vm_shutdown_args a = { .vm = VM_A, .force = force,
		.timeout = timeout_s };

	return ops_vm_shutdown(b->o, &b->k, &a);
}

START_TEST(the_host_is_believable_and_stays_the_same)
{
	struct xenops_host_get_result r, again;
	struct bench b;
	int64_t end;

	setup(&b);
	ck_assert_int_eq(ops_host_get(b.o, &b.k, &r), 0);
	ck_assert_str_eq(r.host.hostname, "sim7");
	ck_assert_uint_eq(strlen(r.host.uuid), UUID_TEXT_LEN);
	ck_assert_int_gt(r.host.memory_free, 32 * 1024 * MIB);
	ck_assert_uint_eq(r.host.nics.n, 2);
	ck_assert_uint_eq(r.host.disks.n, 3);
	ck_assert_int_eq(ops_host_set_hostname(b.o, &b.k,
	    &(struct xenops_host_set_hostname_args){ .hostname = "abc" }), 0);
	ck_assert_int_eq(ops_host_power(b.o, &b.k,
	    &(struct xenops_host_power_args){ XENOPS_POWER_REBOOT }), 0);
	end = clock_mono_ms() + LIMIT_MS;
	while (ops_host_get(b.o, &b.k, &again) ||
	    !strcmp(again.host.hostname, "sim7")) {
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(2000);
	}
	ck_assert_str_eq(again.host.hostname, "abc");
	ck_assert_str_eq(again.host.uuid, r.host.uuid);
	teardown(&b);
}
END_TEST

START_TEST(a_guest_lives_from_start_to_clean_shutdown)
{
	struct xenops_domain_list_result list;
	const struct xenops_domain_info *d;
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, 10 * MIB);
	ck_assert_int_eq(start_vm(&b, false, "", ""), 0);
	wait_state(&b, XENOPS_DOMAIN_STATE_RUNNING, true);
	ck_assert_int_eq(ops_domain_list(b.o, &b.k, &list), 0);
	ck_assert_uint_eq(list.domains.n, 1);
	d = list.domains.v;
	ck_assert_str_eq(d->uuid, VM_A);
	ck_assert_uint_eq(d->disks.n, 1);
	ck_assert_uint_eq(d->nics.n, 1);
	ck_assert_ptr_nonnull(map_get(d->guest, "attr/os/name"));
	ck_assert_int_eq(start_vm(&b, false, "", ""), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_EXISTS);
	ck_assert_int_eq(shutdown_vm(&b, false, 60), 0);
	wait_state(&b, XENOPS_DOMAIN_STATE_HALTED, false);
	ck_assert_int_eq(ops_domain_list(b.o, &b.k, &list), 0);
	ck_assert_uint_eq(list.domains.n, 0);
	teardown(&b);
}
END_TEST

START_TEST(what_xenopsd_refuses_is_refused)
{
	struct xenops_vm_start_args a = *(const struct xenops_vm_start_args *)
	    xenops_vm_start_args_type.dflt;
	struct xenops_vm_start_result r;
	struct bench b;

	setup(&b);
	a.vm.uuid = VM_A;
	a.vm.boot = XENOPS_BOOT_KERNEL;
	a.vm.memory_target = a.vm.memory_max = 128 * MIB;
	a.vm.vcpus = a.vm.vcpus_max = 1;
	a.vm.type = XENOPS_DOMAIN_TYPE_HVM;
	ck_assert_int_eq(ops_vm_start(b.o, &b.k, &a, &r), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_BAD_REQUEST);
	a.vm.type = XENOPS_DOMAIN_TYPE_PV;
	a.vm.vcpus = 2;
	ck_assert_int_eq(ops_vm_start(b.o, &b.k, &a, &r), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_BAD_REQUEST);
	a.vm.vcpus = 1;
	ck_assert_int_eq(ops_vm_start(b.o, &b.k, &a, &r), 0);
	teardown(&b);
}
END_TEST

START_TEST(a_deaf_guest_times_out_and_is_forced)
{
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, 10 * MIB);
	ck_assert_int_eq(start_vm(&b, false, "shutdown", "ignore"), 0);
	ck_assert_int_eq(shutdown_vm(&b, false, 1), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_TIMEOUT);
	ck_assert_int_eq(shutdown_vm(&b, true, 0), 0);
	ck_assert_int_eq(shutdown_vm(&b, true, 0), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_NO_SUCH_DOMAIN);
	teardown(&b);
}
END_TEST

START_TEST(a_guest_that_reboots_is_a_new_domain)
{
	struct xenops_vm_reboot_args a = { .vm = VM_A, .timeout = 60 };
	struct xenops_vm_reboot_result r;
	int64_t first;
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, 10 * MIB);
	ck_assert_int_eq(start_vm(&b, false, "", ""), 0);
	wait_state(&b, XENOPS_DOMAIN_STATE_RUNNING, true);
	first = b.domid;
	ck_assert_int_eq(ops_vm_reboot(b.o, &b.k, &a, &r), 0);
	ck_assert_int_ne(r.domain.domid, first);
	wait_new_domain(&b, first);
	ck_assert_int_eq(b.domid, r.domain.domid);
	control(&b, "guest " VM_A " reboot");
	wait_new_domain(&b, r.domain.domid);
	control(&b, "guest " VM_A " crash");
	wait_state(&b, XENOPS_DOMAIN_STATE_HALTED, false);
	teardown(&b);
}
END_TEST

START_TEST(pausing_holds_the_boot)
{
	struct xenops_vm_unpause_args a = { .vm = VM_A };
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, 10 * MIB);
	ck_assert_int_eq(start_vm(&b, true, "", ""), 0);
	wait_state(&b, XENOPS_DOMAIN_STATE_PAUSED, false);
	/* it hears of it when it runs, and would be gone before it is seen */
	control(&b, "stop 600000");
	ck_assert_int_eq(shutdown_vm(&b, false, 1), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_TIMEOUT);
	ck_assert_int_eq(ops_vm_unpause(b.o, &b.k, &a), 0);
	wait_state(&b, XENOPS_DOMAIN_STATE_RUNNING, true);
	teardown(&b);
}
END_TEST

START_TEST(disks_and_nics_come_and_go)
{
	struct xenops_vbd_plug_args plug = { .vm = VM_A, .disk = {
		.vbd = VBD_B, .device = 1, .sr = SR_A, .vdi = VDI_B } };
	struct xenops_vbd_unplug_args unplug = { .vm = VM_A, .vbd = VBD_B };
	struct xenops_vdi_destroy_args destroy = { .sr = SR_A, .vdi = VDI_B };
	struct xenops_vif_unplug_args vif = { .vm = VM_A, .vif = VIF_A };
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, 10 * MIB);
	make_vdi(&b, VDI_B, 10 * MIB);
	ck_assert_int_eq(start_vm(&b, false, "", ""), 0);
	ck_assert_int_eq(ops_vbd_plug(b.o, &b.k, &plug), 0);
	ck_assert_int_eq(ops_vdi_destroy(b.o, &b.k, &destroy), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_IN_USE);
	ck_assert_int_eq(ops_vbd_unplug(b.o, &b.k, &unplug), 0);
	ck_assert_int_eq(ops_vbd_unplug(b.o, &b.k, &unplug), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_NO_SUCH_DEVICE);
	ck_assert_int_eq(ops_vdi_destroy(b.o, &b.k, &destroy), 0);
	ck_assert_int_eq(ops_vif_unplug(b.o, &b.k, &vif), 0);
	teardown(&b);
}
END_TEST

START_TEST(an_open_disk_is_real_and_in_use_until_closed)
{
	struct xenops_vdi_open_args open_args = { .sr = SR_A, .vdi = VDI_A,
		.writable = true };
	struct xenops_vdi_open_result r;
	struct xenops_vdi_close_args close_args;
	struct xenops_sr_scan_args scan_args = { .uuid = SR_A };
	struct xenops_sr_scan_result scan;
	const struct xenops_vdi_info *vdi;
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, 10 * MIB - 5);
	ck_assert_int_eq(ops_vdi_open(b.o, &b.k, &open_args, &r), 0);
	ck_assert_int_eq(r.size, 10 * MIB);
	ck_assert_int_eq(b.k.nfds, 1);
	ck_assert_int_eq(pwrite(b.k.fds[0], "data", 4, 5 * MIB), 4);
	close(b.k.fds[0]);
	ck_assert_int_eq(start_vm(&b, false, "", ""), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_IN_USE);
	close_args.lease = r.lease;
	ck_assert_int_eq(ops_vdi_close(b.o, &b.k, &close_args), 0);
	ck_assert_int_eq(ops_vdi_close(b.o, &b.k, &close_args), -1);
	ck_assert_int_eq(ops_sr_scan(b.o, &b.k, &scan_args, &scan), 0);
	ck_assert_uint_eq(scan.vdis.n, 1);
	vdi = scan.vdis.v;
	ck_assert_int_gt(vdi->used, 0);
	ck_assert_int_lt(vdi->used, MIB);
	ck_assert_int_eq(start_vm(&b, false, "", ""), 0);
	teardown(&b);
}
END_TEST

static void
read_until(int fd, const char *want)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char text[512] = "";
	size_t n = 0;
	ssize_t r;

	while (!strstr(text, want)) {
		ck_assert_int_eq(poll(&p, 1, LIMIT_MS), 1);
		r = read(fd, text + n, sizeof(text) - 1 - n);
		ck_assert_int_gt(r, 0);
		n += (size_t)r;
	}
}

START_TEST(consoles_talk)
{
	struct xenops_console_open_args a = { .vm = VM_A };
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, 10 * MIB);
	ck_assert_int_eq(start_vm(&b, false, "", ""), 0);
	ck_assert_int_eq(ops_console_open(b.o, &b.k, &a), 0);
	ck_assert_int_eq(b.k.nfds, 1);
	/* what is typed before there is a terminal is lost */
	read_until(b.k.fds[0], "I am up");
	ck_assert_int_eq(write(b.k.fds[0], "hello", 5), 5);
	read_until(b.k.fds[0], "hello");
	close(b.k.fds[0]);
	teardown(&b);
}
END_TEST

START_TEST(faults_come_when_told)
{
	struct xenops_host_get_result r;
	struct bench b;

	setup(&b);
	control(&b, "fail host_get io 1 2");
	ck_assert_int_eq(ops_host_get(b.o, &b.k, &r), 0);
	ck_assert_int_eq(ops_host_get(b.o, &b.k, &r), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_IO);
	ck_assert_int_eq(ops_host_get(b.o, &b.k, &r), -1);
	ck_assert_int_eq(ops_host_get(b.o, &b.k, &r), 0);
	make_sr(&b);
	make_vdi(&b, VDI_A, MIB);
	ck_assert_int_eq(start_vm(&b, false, "boot", "fail"), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_BOOT_FAILED);
	ck_assert_int_eq(start_vm(&b, false, "", ""), 0);
	teardown(&b);
}
END_TEST

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

START_TEST(a_slow_request_is_cancelled)
{
	struct xenops_domain_list_result list;
	struct bench b;

	setup(&b);
	make_sr(&b);
	make_vdi(&b, VDI_A, MIB);
	control(&b, "delay vm_start 600000");
	b.k.cancelled = always;
	ck_assert_int_eq(start_vm(&b, false, "", ""), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_CANCELLED);
	b.k.cancelled = NULL;
	ck_assert_int_eq(ops_domain_list(b.o, &b.k, &list), 0);
	ck_assert_uint_eq(list.domains.n, 0);
	teardown(&b);
}
END_TEST

START_TEST(only_unused_disks_become_srs)
{
	struct xenops_sr_create_args a = { .uuid = SR_A,
		.type = XENOPS_SR_TYPE_LVM, .device = "/dev/sda" };
	struct xenops_sr_detach_args sr = { .uuid = SR_A };
	struct xenops_sr_attach_args attach = { .uuid = SR_A,
		.type = XENOPS_SR_TYPE_FILE };
	struct xenops_sr_attach_result attached;
	struct xenops_sr_create_result r;
	struct bench b;

	setup(&b);
	ck_assert_int_eq(ops_sr_create(b.o, &b.k, &a, &r), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_DEVICE_NOT_USABLE);
	a.device = "../../etc/passwd";
	ck_assert_int_eq(ops_sr_create(b.o, &b.k, &a, &r), -1);
	a.uuid = "../../../tmp/x";
	a.device = "/dev/sdc";
	ck_assert_int_eq(ops_sr_create(b.o, &b.k, &a, &r), -1);
	ck_assert_int_eq(b.k.err.code, XENOPS_CODE_BAD_REQUEST);
	make_sr(&b);
	a.uuid = "44444444-0000-4000-8000-000000000009";
	a.device = "/dev/sdb";
	ck_assert_int_eq(ops_sr_create(b.o, &b.k, &a, &r), -1);
	make_vdi(&b, VDI_A, MIB);
	ck_assert_int_eq(ops_sr_detach(b.o, &b.k, &sr), 0);
	ck_assert_int_eq(ops_sr_attach(b.o, &b.k, &attach, &attached), 0);
	ck_assert_int_eq(attached.sr.allocated, MIB);
	teardown(&b);
}
END_TEST

/* The simulator lies beside this program. */
static const char *
sibling(const char *self, const char *name)
{
	static char path[4096];
	const char *slash = strrchr(self, '/');

	snprintf(path, sizeof(path), "%.*s%s",
	    slash ? (int)(slash - self + 1) : 0, self, name);
	return path;
}

int
main(int argc, char **argv)
{
	(void)argc;
	program = sibling(argv[0], "helper_sim");
	return UNIT_RUN("sim", the_host_is_believable_and_stays_the_same,
	    a_guest_lives_from_start_to_clean_shutdown,
	    what_xenopsd_refuses_is_refused,
	    a_deaf_guest_times_out_and_is_forced,
	    a_guest_that_reboots_is_a_new_domain, pausing_holds_the_boot,
	    disks_and_nics_come_and_go,
	    an_open_disk_is_real_and_in_use_until_closed, consoles_talk,
	    faults_come_when_told, a_slow_request_is_cancelled,
	    only_unused_disks_become_srs);
}
