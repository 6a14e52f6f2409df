/*
 * The main process's view of all domains, over a hypervisor of the test's
 * making and a clock that only the test moves.
 */
#include <string.h>
#include <unistd.h>

#include "fake_hv.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/server.h"
#include "xenopsd/core/worker.h"
#include "xenopsd/domains/console.h"
#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/vms.h"

#define GUESTS 200
#define ROUNDS 400		/* more than the loop needs to come to rest */

struct rig {
	struct daemon d;
	struct fake_hv hv;
	int64_t now;
	int reboots, shutdowns;
	char last[UUID_TEXT_LEN + 1];
	int listed;
};

static int64_t
clock_of(void *arg)
{
	return ((struct rig *)arg)->now;
}

static int
reboot(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_reboot_args *a = args;
	struct rig *r = rq->daemon;

	(void)result;
	r->reboots++;
	snprintf(r->last, sizeof(r->last), "%s", a->vm);
	return 0;
}

static int
power_off(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_shutdown_args *a = args;
	struct rig *r = rq->daemon;

	(void)result;
	r->shutdowns++;
	snprintf(r->last, sizeof(r->last), "%s", a->vm);
	return 0;
}

static request_handler *const handlers[XENOPS_N] = {
	[XENOPS_VM_REBOOT] = reboot,
	[XENOPS_VM_SHUTDOWN] = power_off,
	[XENOPS_DOMAIN_LIST] = vms_domain_list,
	[XENOPS_VM_PAUSE] = vms_vm_pause,
};

static const char *
uuid_of(int i)
{
	static char uuid[UUID_TEXT_LEN + 1];

	snprintf(uuid, sizeof(uuid), "11111111-0000-4000-8000-%012d", i);
	return uuid;
}

/* As time stands still: all that is to be done. */
static void
settle(struct rig *r)
{
	for (int i = 0; i < ROUNDS; i++)
		loop_step(r->d.loop);
}

static void
pass(struct rig *r, int64_t ms)
{
	r->now += ms;
	settle(r);
}

static void
keep(struct rig *r, const char *uuid, enum kept_phase phase)
{
	struct kept k = { .phase = phase };

	memcpy(&k.spec, xenops_vm_spec_type.dflt, sizeof(k.spec));
	k.spec.uuid = uuid;
	k.spec.actions.after_reboot = XENOPS_AFTER_RESTART;
	k.spec.actions.after_shutdown = XENOPS_AFTER_DESTROY;
	k.spec.actions.after_crash = XENOPS_AFTER_PRESERVE;
	ck_assert_int_eq(kept_write(r->d.kept_dir, &k), 0);
}

/* n guests that are known and quiet. */
static struct rig *
rig_new(int n)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct workers_config wc = { .daemon = r };
	struct server_config sc = { .socket_path = scratch_file("sock"),
		.socket_gid = getgid(), .peer_uid = getuid(),
		.handlers = handlers, .daemon = r };

	r->now = 1000000;
	fake_init(&r->hv);
	r->d.hv = &r->hv.hv;
	r->d.kept_dir = scratch_dir();
	r->d.loop = wc.loop = loop_new_clock(clock_of, r);
	r->d.workers = workers_new(&wc);
	r->d.consoles = consoles_new(r->d.loop);
	ck_assert_int_eq(server_new(r->d.loop, &sc, &r->d.server), 0);
	for (int i = 0; i < n; i++) {
		keep(r, uuid_of(i), KEPT_RUNNING);
		fake_add(&r->hv, uuid_of(i));
	}
	r->d.vms = vms_new(&r->d);
	ck_assert_ptr_nonnull(r->d.vms);
	settle(r);
	/* each has been looked at, and again for what it wrote in its boot */
	for (int i = 0; i < n; i++)
		pass(r, 100);
	ck_assert_int_ge(r->hv.reads, n);
	r->hv.reads = r->hv.lists = r->hv.events = 0;
	for (int i = 0; i < n; i++)
		r->hv.dom[i].reads = 0;
	return r;
}

static void
rig_free(struct rig *r)
{
	workers_free(r->d.workers);
	server_free(r->d.server);
	vms_free(r->d.vms);
	consoles_free(r->d.consoles);
	loop_free(r->d.loop);
	fake_release(&r->hv);
	for (int i = 0; i < GUESTS; i++)
		kept_remove(scratch_dir(), uuid_of(i));
	free(r);
}

START_TEST(a_guest_that_writes_costs_the_others_nothing)
{
	struct rig *r = rig_new(GUESTS);

	for (int i = 0; i < 100; i++) {		/* ten seconds */
		fake_guest_writes(&r->hv, &r->hv.dom[7], 1);
		pass(r, 100);
	}
	ck_assert_int_ge(r->hv.dom[7].reads, 8);
	ck_assert_int_le(r->hv.dom[7].reads, 10);
	ck_assert_int_eq(r->hv.reads, r->hv.dom[7].reads);
	ck_assert_int_eq(r->hv.lists, 0);
	rig_free(r);
}
END_TEST

START_TEST(a_flood_is_not_even_received)
{
	struct rig *r = rig_new(2);

	for (int i = 0; i < 10000; i++) {
		fake_guest_writes(&r->hv, &r->hv.dom[0], 10);
		loop_step(r->d.loop);
		r->now++;
	}
	settle(r);
	ck_assert_int_ge(r->hv.dom[0].reads, 8);
	ck_assert_int_le(r->hv.dom[0].reads, 11);
	/* of 100,000 */
	ck_assert_int_le(r->hv.events, 12 * (VMS_GUEST_EVENTS + 10));
	/* and what it says when it is quiet again is seen */
	pass(r, 2000);
	pass(r, 2000);
	r->hv.dom[0].reads = 0;
	fake_guest_writes(&r->hv, &r->hv.dom[0], 1);
	settle(r);
	pass(r, 1000);
	ck_assert_int_eq(r->hv.dom[0].reads, 1);
	rig_free(r);
}
END_TEST

START_TEST(guests_that_all_write_have_equal_turns)
{
	const int seconds = 30;
	struct rig *r = rig_new(GUESTS);
	int least = 1000, most = 0;

	for (int ms = 0; ms < seconds * 1000; ms += VMS_GUEST_TURN_MS) {
		for (int i = 0; i < GUESTS; i++)
			fake_guest_writes(&r->hv, &r->hv.dom[i], 1);
		r->now += VMS_GUEST_TURN_MS;
		for (int i = 0; i < 8; i++)
			loop_step(r->d.loop);
	}
	for (int i = 0; i < GUESTS; i++) {
		int n = r->hv.dom[i].reads;

		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	ck_assert_int_ge(least, 8);
	ck_assert_int_le(most - least, 1);
	ck_assert_int_le(r->hv.reads, (seconds + 1) * VMS_GUEST_TURN * 1000 /
	    VMS_GUEST_TURN_MS);
	rig_free(r);
}
END_TEST

START_TEST(a_guest_that_ends_does_not_wait_behind_those_that_write)
{
	struct rig *r = rig_new(GUESTS);
	int reads;

	for (int i = 0; i < GUESTS; i++)
		fake_guest_writes(&r->hv, &r->hv.dom[i], 50);
	settle(r);
	r->now += VMS_GUEST_DELAY_MS;		/* they are all due */
	fake_guest_ends(&r->hv, &r->hv.dom[150], HV_END_REBOOT);
	reads = r->hv.reads;
	for (int i = 0; i < 20 && !r->reboots; i++)
		loop_step(r->d.loop);
	ck_assert_int_eq(r->reboots, 1);
	ck_assert_str_eq(r->last, uuid_of(150));
	ck_assert_int_le(r->hv.reads - reads, 8);
	rig_free(r);
}
END_TEST

START_TEST(what_a_guest_did_has_the_end_its_specification_wants)
{
	struct rig *r = rig_new(3);

	fake_guest_ends(&r->hv, &r->hv.dom[0], HV_END_SHUTDOWN);
	pass(r, 100);
	ck_assert_int_eq(r->shutdowns, 1);
	ck_assert_str_eq(r->last, uuid_of(0));
	fake_guest_ends(&r->hv, &r->hv.dom[1], HV_END_CRASH);
	fake_guest_ends(&r->hv, &r->hv.dom[2], HV_END_SUSPEND);
	pass(r, 100);
	ck_assert_int_eq(r->shutdowns, 1);
	ck_assert_int_eq(r->reboots, 0);
	rig_free(r);
}
END_TEST

START_TEST(a_guest_that_reboots_at_once_is_given_time)
{
	struct rig *r = rig_new(1);

	fake_guest_ends(&r->hv, &r->hv.dom[0], HV_END_REBOOT);
	for (int i = 0; i < 99; i++) {
		pass(r, 100);
		vms_touched(r->d.vms, uuid_of(0));
	}
	ck_assert_int_eq(r->reboots, 1);
	pass(r, 200);
	ck_assert_int_eq(r->reboots, 2);
	rig_free(r);
}
END_TEST

START_TEST(what_a_killed_xenopsd_left_is_taken_up)
{
	struct rig *r = rig_new(0);

	vms_free(r->d.vms);
	keep(r, uuid_of(0), KEPT_REBOOTING);
	r->d.vms = vms_new(&r->d);
	settle(r);
	ck_assert_int_eq(r->reboots, 1);
	vms_free(r->d.vms);
	keep(r, uuid_of(0), KEPT_BUILDING);
	r->d.vms = vms_new(&r->d);
	settle(r);
	ck_assert_int_eq(r->shutdowns, 1);
	rig_free(r);
}
END_TEST

START_TEST(a_domain_made_since_the_list_is_not_ended)
{
	struct rig *r = rig_new(0);
	int lists = r->hv.lists;

	r->now += VMS_LIST_GAP_MS;
	vms_touched(r->d.vms, uuid_of(0));
	for (int i = 0; i < ROUNDS && r->hv.lists == lists; i++)
		loop_step(r->d.loop);
	ck_assert_int_eq(r->hv.lists, lists + 1);
	/* a worker's, before the VM has its turn */
	keep(r, uuid_of(0), KEPT_RUNNING);
	fake_add(&r->hv, uuid_of(0));
	settle(r);
	ck_assert_int_eq(r->shutdowns, 0);
	rig_free(r);
}
END_TEST

START_TEST(many_changes_are_few_questions)
{
	struct rig *r = rig_new(GUESTS);

	for (int i = 0; i < 1000; i++) {
		vms_touched(r->d.vms, uuid_of(i % GUESTS));
		fake_changed(&r->hv);
		loop_step(r->d.loop);
		r->now++;
	}
	settle(r);
	ck_assert_int_le(r->hv.lists, 1000 / VMS_LIST_GAP_MS + 2);
	rig_free(r);
}
END_TEST

static void
list_done(void *arg, bool ok)
{
	((struct rig *)arg)->listed = ok ? 1 : -1;
}

START_TEST(a_list_leaves_room_and_what_it_missed_is_told_after_it)
{
	struct rig *r = rig_new(GUESTS);
	int reads;

	server_submit(r->d.server, XENOPS_DOMAIN_LIST, NULL, list_done, r);
	for (int i = 0; i < 10; i++) {
		reads = r->hv.reads;
		loop_step(r->d.loop);
		ck_assert_int_le(r->hv.reads - reads, 8);
	}
	ck_assert_int_eq(r->listed, 0);
	/* the first was listed already: it is told now, and once more */
	fake_guest_ends(&r->hv, &r->hv.dom[0], HV_END_CRASH);
	r->hv.dom[0].reads = 0;
	settle(r);
	ck_assert_int_eq(r->listed, 1);
	ck_assert_int_eq(r->hv.dom[0].reads, 2);
	rig_free(r);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("vms", a_guest_that_writes_costs_the_others_nothing,
	    a_flood_is_not_even_received,
	    guests_that_all_write_have_equal_turns,
	    a_guest_that_ends_does_not_wait_behind_those_that_write,
	    what_a_guest_did_has_the_end_its_specification_wants,
	    a_guest_that_reboots_at_once_is_given_time,
	    what_a_killed_xenopsd_left_is_taken_up,
	    a_domain_made_since_the_list_is_not_ended,
	    many_changes_are_few_questions,
	    a_list_leaves_room_and_what_it_missed_is_told_after_it);
}
