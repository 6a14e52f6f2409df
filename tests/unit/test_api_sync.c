/* Records from what xenopsd says: host, NICs, domains, guests; its errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/sync/parts.h"
#include "api/sync/sync.h"
#include "api/sync/template_table.h"
#include "api/vm/actions.h"
#include "api/vm/state.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/codec.h"
#include "fake_xenopsd.h"
#include "gen/store.h"
#include "gen/xenops.h"
#include "store.h"
#include "unit.h"

#define LIMIT_MS 20000
#define DOM0 "11111111-1111-4111-8111-111111111111"

static struct xapi x;
static struct call c;
static struct xenops_nic_info nic;
static struct xenops_host_info info;

static void
begin(void)
{
	memset(&x, 0, sizeof(x));
	x.cfg.https_port = 443;
	x.started = 1000;
	x.db = store_open();
	ck_assert_int_eq(sync_seed(&x), 0);
	c = (struct call){
		.x = &x, .arena = arena_new(), .superuser = true,
		.root = db_root_get(x.db),
	};
	nic = (struct xenops_nic_info){
		.device = "eth0", .mac = "52:54:00:00:00:01", .mtu = 1500,
		.bridge = "xenbr0", .management = true, .ip = "192.0.2.7",
		.netmask = "255.255.255.0", .dhcp = true,
	};
	info = (struct xenops_host_info){
		.hostname = "node1",
		.uuid = "22222222-2222-4222-8222-222222222222",
		.dom0_uuid = DOM0, .cpu = { .count = 4, .sockets = 1 },
		.memory_total = 8LL << 30, .memory_free = 7LL << 30,
		.dom0_memory = 256LL << 20, .dom0_vcpus = 2,
		.boot_time = 500, .boot_id = "one", .address = "192.0.2.7",
		.nics = { &nic, 1 },
	};
}

static void
end(void)
{
	db_root_put(c.root);
	arena_free(c.arena);
	db_close(x.db);
}

static void
sync_all(void)
{
	ck_assert_int_eq(sync_host(&c, &info), 0);
	ck_assert_int_eq(sync_devices(&c, &info), 0);
	ck_assert_int_eq(sync_crashes(&c, &info, 0), 0);
	ck_assert_int_eq(sync_pifs(&c, &info), 0);
	call_refresh(&c);
}

static const struct host *
host(void)
{
	return host_find(c.root, &x.host);
}

START_TEST(the_host_is_what_xenopsd_says)
{
	const struct host_metrics *m;
	const struct vm *dom0;
	const struct console *con;

	begin();
	sync_all();
	ck_assert_str_eq(host()->uuid, info.uuid);
	ck_assert_str_eq(host()->name_label, "node1");
	ck_assert_str_eq(host()->address, "192.0.2.7");
	ck_assert_str_eq(map_get(host()->cpu_info, "cpu_count"), "4");
	ck_assert_str_eq(map_get(host()->other_config, "boot_time"), "500.");
	ck_assert_int_eq(host()->host_CPUs.n, 4);
	m = host_metrics_find(c.root, &host()->metrics);
	ck_assert(m->live);
	ck_assert_int_eq(m->memory_total, 8LL << 30);
	dom0 = vm_find(c.root, &host()->control_domain);
	ck_assert_str_eq(dom0->uuid, DOM0);
	ck_assert_int_eq(dom0->power_state, VM_POWER_STATE_RUNNING);
	ck_assert_int_eq(dom0->consoles.n, 1);
	con = console_find(c.root, dom0->consoles.v);
	ck_assert_ptr_nonnull(strstr(con->location,
	    "https://192.0.2.7/console?uuid="));
	end();
}
END_TEST

START_TEST(nothing_new_changes_nothing)
{
	uint64_t vms, pifs;

	begin();
	sync_all();
	vms = db_class_generation(c.root, CLASS_VM);
	pifs = db_class_generation(c.root, CLASS_PIF);
	sync_all();
	ck_assert_uint_eq(db_class_generation(c.root, CLASS_VM), vms);
	ck_assert_uint_eq(db_class_generation(c.root, CLASS_PIF), pifs);
	end();
}
END_TEST

static int
count(const void *obj, void *arg)
{
	(void)obj;
	++*(int *)arg;
	return 0;
}

START_TEST(templates_are_given_once)
{
	uint64_t vms, pools;
	int n = 0;

	begin();
	db_each(c.root, CLASS_VM, count, &n);
	ck_assert_int_eq(n, (int)template_rows_n);
	vms = db_class_generation(c.root, CLASS_VM);
	pools = db_class_generation(c.root, CLASS_POOL);
	ck_assert_int_eq(sync_seed(&x), 0);
	call_refresh(&c);
	ck_assert_uint_eq(db_class_generation(c.root, CLASS_VM), vms);
	ck_assert_uint_eq(db_class_generation(c.root, CLASS_POOL), pools);
	for (size_t i = 0; i < template_rows_n; i++) {
		const struct template_row *a = &template_rows[i];

		ck_assert_int_ge(a->generation, 1);
		ck_assert_int_le(a->generation, TEMPLATE_GENERATION);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(a->label, template_rows[j].label);
	}
	end();
}
END_TEST

static int
rename_in(struct db_txn *t, void *arg)
{
	host_txn_edit(t, &x.host)->name_label = arg;
	return 0;
}

START_TEST(a_name_given_by_the_user_stays)
{
	begin();
	sync_all();
	info.hostname = "node2";
	sync_all();
	ck_assert_str_eq(host()->name_label, "node2");
	ck_assert_int_eq(call_write(&c, rename_in, "the big one"), 0);
	info.hostname = "node3";
	sync_all();
	ck_assert_str_eq(host()->name_label, "the big one");
	ck_assert_str_eq(host()->hostname, "node3");
	end();
}
END_TEST

START_TEST(cpus_that_are_gone_are_forgotten)
{
	begin();
	sync_all();
	info.cpu.count = 2;
	sync_all();
	ck_assert_int_eq(host()->host_CPUs.n, 2);
	end();
}
END_TEST

START_TEST(a_new_address_moves_the_consoles)
{
	const struct vm *dom0;
	const struct console *con;

	begin();
	sync_all();
	info.address = "2001:db8::7";
	sync_all();
	dom0 = vm_find(c.root, &host()->control_domain);
	ck_assert_int_eq(dom0->consoles.n, 1);
	con = console_find(c.root, dom0->consoles.v);
	ck_assert_ptr_nonnull(strstr(con->location,
	    "https://[2001:db8::7]/console?uuid="));
	end();
}
END_TEST

static int
disable_in(struct db_txn *t, void *arg)
{
	(void)arg;
	host_txn_edit(t, &x.host)->enabled = false;
	return 0;
}

static struct xenops_pci_info
pci(const char *address, const char *class_id)
{
	return (struct xenops_pci_info){
		.address = address, .class_id = class_id,
		.vendor_id = "8086", .device_id = "1234",
	};
}

START_TEST(devices_are_known_by_where_they_are)
{
	struct xenops_pci_info pcis[3] = {
		pci("0000:00:01.0", "0300"), pci("0000:00:01.1", "0403"),
		pci("0000:00:02.0", "0200"),
	};
	const struct pci *first, *again;
	struct ref kept;
	uint64_t seen;

	begin();
	info.pcis = (struct vec){ pcis, 3 };
	sync_all();
	ck_assert_int_eq(host()->PCIs.n, 3);
	ck_assert_int_eq(host()->PGPUs.n, 1);
	seen = db_class_generation(c.root, CLASS_PCI);
	sync_all();
	ck_assert_uint_eq(db_class_generation(c.root, CLASS_PCI), seen);
	kept = pgpu_find(c.root, host()->PGPUs.v)->PCI;
	first = pci_find(c.root, &kept);
	ck_assert_str_eq(first->pci_id, "0000:00:01.0");
	ck_assert_int_eq(first->dependencies.n, 1);
	pcis[0].class_id = "0200";
	info.pcis.n = 1;
	sync_all();
	sync_all();
	again = pci_find(c.root, &kept);
	ck_assert_ptr_nonnull(again);
	ck_assert_int_eq(again->dependencies.n, 0);
	ck_assert_int_eq(host()->PCIs.n, 1);
	ck_assert_int_eq(host()->PGPUs.n, 0);
	end();
}
END_TEST

START_TEST(devices_without_number_or_name_are_survived)
{
	struct xenops_pci_info *many = calloc(2000, sizeof(*many));
	struct xenops_usb_info none[2] = { 0 };

	begin();
	info.pcis = (struct vec){ many, 2000 };
	info.usbs = (struct vec){ none, 2 };
	sync_all();
	ck_assert_int_eq(host()->PCIs.n, 1024);
	ck_assert_int_eq(host()->PUSBs.n, 2);
	info.pcis.n = info.usbs.n = 0;
	sync_all();
	ck_assert_int_eq(host()->PCIs.n, 0);
	ck_assert_int_eq(host()->PUSBs.n, 0);
	free(many);
	end();
}
END_TEST

START_TEST(a_boot_enables_the_host_again)
{
	begin();
	sync_all();
	ck_assert_int_eq(call_write(&c, disable_in, NULL), 0);
	sync_all();
	ck_assert(!host()->enabled);
	info.boot_id = "two";
	sync_all();
	ck_assert(host()->enabled);
	end();
}
END_TEST

START_TEST(a_set_clock_enables_no_host)
{
	begin();
	sync_all();
	ck_assert_int_eq(call_write(&c, disable_in, NULL), 0);
	info.boot_time += 1000;
	sync_all();
	ck_assert(!host()->enabled);
	ck_assert_str_eq(map_get(host()->other_config, "boot_time"), "1500.");
	end();
}
END_TEST

static int
count_failures(const void *obj, void *arg)
{
	const struct message *m = obj;

	ck_assert_str_eq(m->name, "HOST_FAILED");
	ck_assert(strstr(m->body, "xenstored died"));
	ck_assert_str_eq(m->obj_uuid, info.uuid);
	++*(int *)arg;
	return 0;
}

START_TEST(a_host_that_has_failed_is_disabled_and_says_so_once)
{
	int messages = 0;

	begin();
	info.failure = "xenstored died";
	sync_all();
	ck_assert(!host()->enabled);
	sync_all();
	db_each(c.root, CLASS_MESSAGE, count_failures, &messages);
	ck_assert_int_eq(messages, 1);
	info.failure = "";
	info.boot_id = "two";
	sync_all();
	ck_assert(host()->enabled);
	end();
}
END_TEST

START_TEST(a_nic_is_its_mac_and_not_its_name)
{
	const struct pif *pif;
	const struct network *n;
	struct ref ref;

	begin();
	sync_all();
	ck_assert_int_eq(host()->PIFs.n, 1);
	ref = *(const struct ref *)host()->PIFs.v;
	pif = pif_find(c.root, &ref);
	ck_assert(pif->management);
	ck_assert_str_eq(pif->IP, "192.0.2.7");
	ck_assert_int_eq(pif->ip_configuration_mode,
	    IP_CONFIGURATION_MODE_DHCP);
	n = network_find(c.root, &pif->network);
	ck_assert_str_eq(n->bridge, "xenbr0");
	ck_assert_str_eq(n->name_label,
	    "Pool-wide network associated with eth0");
	nic.device = "eth3";
	sync_all();
	ck_assert_int_eq(host()->PIFs.n, 1);
	ck_assert_str_eq(pif_find(c.root, &ref)->device, "eth3");
	nic.mac = "52:54:00:00:00:02";
	sync_all();
	ck_assert_int_eq(host()->PIFs.n, 2);
	ck_assert(!pif_find(c.root, &ref)->currently_attached);
	end();
}
END_TEST

START_TEST(a_vlan_for_management_has_its_pif_and_network)
{
	struct xenops_nic_info both[2];
	const struct vlan *vlan;
	const struct pif *pif, *under;
	const struct ref *refs;

	begin();
	nic.management = false;
	both[0] = both[1] = nic;
	both[0].ip = "";
	both[1].vlan = 100;
	both[1].bridge = "xenbr0.100";
	both[1].management = true;
	info.nics = (struct vec){ both, 2 };
	sync_all();
	sync_all();
	ck_assert_int_eq(host()->PIFs.n, 2);
	refs = host()->PIFs.v;
	pif = pif_find(c.root, &refs[0]);
	under = pif_find(c.root, &refs[1]);
	if (pif->physical) {
		under = pif;
		pif = pif_find(c.root, &refs[1]);
	}
	ck_assert(under->physical && !under->management && under->VLAN == -1);
	ck_assert(!pif->physical && pif->management && pif->VLAN == 100);
	ck_assert_str_eq(pif->device, "eth0");
	ck_assert_str_eq(pif->IP, "192.0.2.7");
	ck_assert_str_eq(network_find(c.root, &pif->network)->bridge,
	    "xenbr0.100");
	ck_assert_str_eq(network_find(c.root, &pif->network)->name_label,
	    "Pool-wide network associated with eth0 on VLAN 100");
	vlan = vlan_find(c.root, &pif->VLAN_master_of);
	ck_assert_int_eq(vlan->tag, 100);
	ck_assert(ref_equal(&vlan->tagged_PIF, &under->obj.ref));
	ck_assert(ref_equal(&vlan->untagged_PIF, &pif->obj.ref));
	ck_assert_int_eq(under->VLAN_slave_of.n, 1);
	/* then management goes back to the NIC itself */
	both[0].management = true;
	info.nics.n = 1;
	sync_all();
	pif = pif_find(c.root, &vlan->untagged_PIF);
	ck_assert(!pif->management && !pif->currently_attached);
	end();
}
END_TEST

/* -- domains -- */

struct make {
	struct ref vm;
	const struct xenops_domain_info *d;
};

static int
make_in(struct db_txn *t, void *arg)
{
	struct make *m = arg;
	struct vm *vm = vm_txn_new(t);

	m->vm = vm->obj.ref;
	return 0;
}

static int
apply_in(struct db_txn *t, void *arg)
{
	struct make *m = arg;

	vm_state_apply(t, &x, &m->vm, m->d);
	return 0;
}

static const struct vm *
apply(struct make *m, const struct xenops_domain_info *d)
{
	m->d = d;
	ck_assert_int_eq(call_write(&c, apply_in, m), 0);
	call_refresh(&c);
	return vm_find(c.root, &m->vm);
}

START_TEST(a_domain_makes_its_vm_run_and_halt)
{
	const struct string_pair guest[] = {
		{ "attr/vif/0/ipv4/0", "192.0.2.9" },
		{ "attr/vif/0/ipv6/0", "fe80::9" },
		{ "data/os_name", "Debian" },
		{ "control/feature-poweroff", "1" },
		{ "attr/PVAddons/MajorVersion", "8" },
	};
	struct xenops_domain_info d = {
		.domid = 7, .state = XENOPS_DOMAIN_STATE_RUNNING,
		.type = XENOPS_DOMAIN_TYPE_PVH, .vcpus = 2,
		.memory = 1 << 28, .started = 12345,
	};
	const struct vm_guest_metrics *g;
	const struct vm_metrics *vm_m;
	const struct vm *vm;
	struct make m;

	begin();
	sync_all();
	ck_assert_int_eq(call_write(&c, make_in, &m), 0);
	vm = apply(&m, &d);
	ck_assert_int_eq(vm->power_state, VM_POWER_STATE_RUNNING);
	ck_assert_int_eq(vm->domid, 7);
	ck_assert(ref_equal(&vm->resident_on, &x.host));
	ck_assert_int_eq(vm->consoles.n, 2);
	ck_assert(ref_is_null(&vm->guest_metrics));
	vm_m = vm_metrics_find(c.root, &vm->metrics);
	ck_assert_int_eq(vm_m->VCPUs_number, 2);
	ck_assert_int_eq(vm_m->start_time, 12345);
	ck_assert_int_eq(vm_m->current_domain_type, DOMAIN_TYPE_PVH);

	d.guest = (struct vec){ guest, 5 };
	vm = apply(&m, &d);
	g = vm_guest_metrics_find(c.root, &vm->guest_metrics);
	ck_assert_str_eq(map_get(g->networks, "0/ip"), "192.0.2.9");
	ck_assert_str_eq(map_get(g->networks, "0/ipv4/0"), "192.0.2.9");
	ck_assert_str_eq(map_get(g->networks, "0/ipv6/0"), "fe80::9");
	ck_assert_str_eq(map_get(g->os_version, "name"), "Debian");
	ck_assert_str_eq(map_get(g->PV_drivers_version, "major"), "8");
	ck_assert_str_eq(map_get(g->other, "feature-poweroff"), "1");
	ck_assert(g->PV_drivers_detected);
	ck_assert(set_has_enum(vm->allowed_operations,
	    VM_OPERATIONS_CLEAN_SHUTDOWN));

	d.state = XENOPS_DOMAIN_STATE_HALTED;
	vm = apply(&m, &d);
	ck_assert_int_eq(vm->power_state, VM_POWER_STATE_HALTED);
	ck_assert_int_eq(vm->domid, -1);
	ck_assert(ref_is_null(&vm->resident_on));
	ck_assert(ref_is_null(&vm->guest_metrics));
	ck_assert_int_eq(vm->consoles.n, 0);
	ck_assert_int_eq(db_count(c.root, CLASS_VM_GUEST_METRICS), 0);
	end();
}
END_TEST

START_TEST(the_same_news_twice_is_no_event)
{
	const struct string_pair guest[] = {
		{ "control/feature-poweroff", "1" },
	};
	struct xenops_domain_info d = {
		.domid = 7, .state = XENOPS_DOMAIN_STATE_RUNNING,
		.guest = { guest, 1 },
	};
	struct make m;
	uint64_t before;

	begin();
	sync_all();
	ck_assert_int_eq(call_write(&c, make_in, &m), 0);
	apply(&m, &d);
	before = db_generation(c.root);
	apply(&m, &d);
	ck_assert_uint_eq(db_generation(c.root), before);
	end();
}
END_TEST

/* -- news from before an operation -- */

/* The sync thread with a xenopsd that answers when the test does, and two VMs
 * that run: other's news keeps the thread, while news of vm waits. */
struct bench {
	struct fake f;
	struct sync *s;
	struct frame in;		/* what the thread asked last */
	struct xenops_domain_info vm, other;
	struct ref ref;
};

static struct xenops_domain_info
running(struct ref *ref, int64_t domid)
{
	struct xenops_domain_info d = {
		.domid = domid, .state = XENOPS_DOMAIN_STATE_RUNNING,
		.type = XENOPS_DOMAIN_TYPE_PVH,
	};
	struct make m;

	ck_assert_int_eq(call_write(&c, make_in, &m), 0);
	d.uuid = arena_strdup(c.arena, apply(&m, &d)->uuid);
	d.actions = vm_actions(vm_find(c.root, &m.vm));
	*ref = m.vm;
	return d;
}

static void
wait_connected(void)
{
	int64_t end = clock_mono_ms() + LIMIT_MS;

	while (!ops_is_connected(x.ops)) {
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(1000);
	}
}

static void
bench_begin(struct bench *b)
{
	const struct ops_config cfg = { .socket_path = b->f.path };
	struct ref other;

	begin();
	sync_all();
	b->vm = running(&b->ref, 7);
	b->other = running(&other, 8);
	fake_init(&b->f);
	ck_assert_int_eq(sync_new(&x, &b->s), 0);
	ck_assert_int_eq(ops_start(&cfg, &x.ops), 0);
	fake_accept(&b->f, XENOPS_VERSION);
	wait_connected();
	ck_assert_int_eq(sync_start(b->s), 0);
}

static void
bench_end(struct bench *b)
{
	ck_assert_int_eq(shutdown(b->f.fd, SHUT_RDWR), 0);
	ck_assert(sync_free(b->s));
	ops_stop(x.ops);
	fake_release(&b->f);
	end();
}

static void
news(struct bench *b, const struct xenops_domain_info *d)
{
	sync_event(b->s, XENOPS_DOMAIN_CHANGED,
	    &(struct xenops_domain_changed){ .domain = *d });
}

/* The thread asks for what it cannot believe: other has another domid. */
static void
news_of_other(struct bench *b)
{
	b->other.domid++;
	news(b, &b->other);
}

static void
asks(struct bench *b)
{
	fake_take(&b->f, &b->in);
	ck_assert_int_eq(b->in.message, XENOPS_DOMAIN_LIST);
}

static void
answer(struct bench *b)
{
	const struct xenops_domain_info both[] = { b->vm, b->other };
	const struct xenops_domain_list_result r = {
		.domains = { both, 2 },
	};

	fake_answer(&b->f, &b->in, FRAME_REPLY,
	    &xenops_domain_list_result_type, &r);
}

struct outcome {
	struct oplock *l;
	const struct xenops_domain_info *d;
};

static int
outcome_in(struct db_txn *t, void *arg)
{
	struct outcome *o = arg;

	vm_state_apply(t, &x, &o->l->ref, o->d);
	oplock_release_in(t, o->l);
	return 0;
}

/* The operation begins and ends. */
static void
operate(struct bench *b, int op, int state)
{
	struct xenops_domain_info d = b->vm;
	struct oplock l = { 0 };

	d.state = state;
	ck_assert_ptr_nonnull(vm_lock(&c, &l, &b->ref, op));
	ck_assert_int_eq(oplock_write(&c, &l, outcome_in,
	    &(struct outcome){ &l, &d }), 0);
}

static int
power_state(struct bench *b)
{
	call_refresh(&c);
	return vm_find(c.root, &b->ref)->power_state;
}

static void
wait_power_state(struct bench *b, int state)
{
	int64_t end = clock_mono_ms() + LIMIT_MS;

	while (power_state(b) != state) {
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(1000);
	}
}

/* What xenopsd answered before the operation is asked for again after it. */
static void
asks_again(struct bench *b)
{
	news_of_other(b);
	asks(b);
	ck_assert_int_eq(power_state(b), VM_POWER_STATE_PAUSED);
	b->vm.state = XENOPS_DOMAIN_STATE_HALTED;
	answer(b);
	asks(b);
	answer(b);
	wait_power_state(b, VM_POWER_STATE_HALTED);
}

START_TEST(an_answer_from_before_an_operation_is_not_applied)
{
	struct bench b = { 0 };

	bench_begin(&b);
	b.vm.domid++;
	news(&b, &b.vm);
	asks(&b);
	operate(&b, VM_OPERATIONS_PAUSE, XENOPS_DOMAIN_STATE_PAUSED);
	answer(&b);
	asks_again(&b);
	bench_end(&b);
}
END_TEST

START_TEST(news_from_before_an_operation_is_not_applied)
{
	struct bench b = { 0 };

	bench_begin(&b);
	news_of_other(&b);
	asks(&b);
	news(&b, &b.vm);
	operate(&b, VM_OPERATIONS_PAUSE, XENOPS_DOMAIN_STATE_PAUSED);
	answer(&b);
	asks_again(&b);
	bench_end(&b);
}
END_TEST

static int
suspend_in(struct db_txn *t, void *arg)
{
	struct bench *b = arg;
	struct vdi *vdi = vdi_txn_new(t);
	struct vm *vm = vm_txn_edit(t, &b->ref);

	vdi->type = VDI_TYPE_SUSPEND;
	vm->suspend_VDI = vdi->obj.ref;
	vm_state_apply(t, &x, &b->ref, NULL);
	return 0;
}

/* A VM that xenopsd does not list has no domain, and none that runs: were its
 * memory's disk removed, xenopsd would be asked for that next. */
START_TEST(the_memory_of_a_vm_without_a_domain_stays)
{
	struct bench b = { 0 };
	struct xenops_domain_list_result r;

	bench_begin(&b);
	ck_assert_int_eq(call_write(&c, suspend_in, &b), 0);
	ck_assert_int_eq(power_state(&b), VM_POWER_STATE_SUSPENDED);
	news(&b, &b.vm);
	asks(&b);
	r.domains = (struct vec){ &b.other, 1 };
	fake_answer(&b.f, &b.in, FRAME_REPLY,
	    &xenops_domain_list_result_type, &r);
	news_of_other(&b);
	asks(&b);
	ck_assert_int_eq(power_state(&b), VM_POWER_STATE_SUSPENDED);
	ck_assert(!ref_is_null(&vm_find(c.root, &b.ref)->suspend_VDI));
	bench_end(&b);
}
END_TEST

static void
answers_nothing(struct bench *b)
{
	ck_assert_int_eq(frame_send(b->f.fd, &(struct frame){
	    .id = b->in.id, .message = b->in.message, .kind = FRAME_REPLY }),
	    0);
}

static void
asks_for_host(struct bench *b)
{
	struct xenops_host_get_result r = { .host = info };
	struct xenops_packs_get_result none = { 0 };

	fake_take(&b->f, &b->in);
	ck_assert_int_eq(b->in.message, XENOPS_HOST_GET);
	fake_answer(&b->f, &b->in, FRAME_REPLY, &xenops_host_get_result_type,
	    &r);
	fake_take(&b->f, &b->in);
	ck_assert_int_eq(b->in.message, XENOPS_PACKS_GET);
	fake_answer(&b->f, &b->in, FRAME_REPLY, &xenops_packs_get_result_type,
	    &none);
}

/* The thread asks for the host and its packs, makes its bridges and asks for the
 * domains. */
static void
asks_for_all(struct bench *b)
{
	for (asks_for_host(b); ; answers_nothing(b)) {
		fake_take(&b->f, &b->in);
		if (b->in.message != XENOPS_BRIDGE_CREATE)
			break;
	}
	ck_assert_int_eq(b->in.message, XENOPS_DOMAIN_LIST);
}

START_TEST(a_pass_from_before_an_operation_is_not_applied)
{
	struct bench b = { 0 };

	bench_begin(&b);
	sync_disk_works(b.s);
	asks_for_all(&b);
	operate(&b, VM_OPERATIONS_PAUSE, XENOPS_DOMAIN_STATE_PAUSED);
	answer(&b);
	asks_again(&b);
	bench_end(&b);
}
END_TEST

#define VLANS 8

static int
vlans_in(struct db_txn *t, void *arg)
{
	(void)arg;
	for (int i = 0; i < VLANS; i++) {
		struct network *n = network_txn_new(t);
		struct pif *pif = pif_txn_new(t);

		n->bridge = arena_printf(txn_arena(t), "tagged%d", i);
		n->MTU = 9000;
		n->managed = true;
		pif->network = n->obj.ref;
		pif->host = x.host;
		pif->device = nic.device;
		pif->MAC = nic.mac;
		pif->VLAN = 1 + i;
	}
	return 0;
}

/* Its tag; 0: the NIC's own bridge. */
static int64_t
asked_for_vlan(struct bench *b)
{
	struct xenops_bridge_create_args args = { 0 };

	ck_assert_int_eq(codec_decode(c.arena, &xenops_bridge_create_args_type,
	    &args, b->in.body, b->in.len, NULL), 0);
	ck_assert_str_eq(args.port ? args.port : "", args.vlan ? "eth0" : "");
	return args.vlan;
}

/* The NIC's own bridge, here alone, gives it the MTU without which no VLAN can
 * have a large one. */
START_TEST(a_vlan_is_made_after_the_bridge_of_its_nic)
{
	struct bench b = { 0 };
	unsigned made = 0;
	int64_t vlan;

	bench_begin(&b);
	ck_assert_int_eq(call_write(&c, vlans_in, NULL), 0);
	sync_disk_works(b.s);
	for (asks_for_host(&b); ; answers_nothing(&b)) {
		fake_take(&b.f, &b.in);
		if (b.in.message != XENOPS_BRIDGE_CREATE)
			break;
		vlan = asked_for_vlan(&b);
		ck_assert(vlan || made == 0);
		made |= 1u << vlan;
	}
	ck_assert_uint_eq(made, (2u << VLANS) - 1);
	answer(&b);
	bench_end(&b);
}
END_TEST

/* -- errors -- */

static const char *
failed(int code, const struct ops_subject *s)
{
	const struct ops_call k = { .err = { code, "words" } };

	c.err = (struct error){ 0 };
	ck_assert_int_eq(ops_failed(&c, &k, s), -1);
	return c.err.code;
}

START_TEST(errors_of_xenopsd_have_their_own_codes)
{
	struct ops_subject s = { .needed = 5, .available = 3 };

	begin();
	ck_assert_str_eq(failed(XENOPS_CODE_NO_MEMORY, &s),
	    "HOST_NOT_ENOUGH_FREE_MEMORY");
	ck_assert_str_eq(c.err.params[0], "5");
	ck_assert_str_eq(c.err.params[1], "3");
	ck_assert_str_eq(failed(XENOPS_CODE_NO_SPACE, &s), "SR_FULL");
	ck_assert_str_eq(failed(XENOPS_CODE_INTERNAL, &s), "INTERNAL_ERROR");
	ck_assert_str_eq(c.err.params[0], "words");
	ck_assert_str_eq(failed(XENOPS_CODE_CANCELLED, &s),
	    "TASK_CANCELLED");
	ck_assert_str_eq(failed(XENOPS_CODE_DEVICE_NOT_USABLE, &s),
	    "SR_DEVICE_IN_USE");
	ref_random(&s.vm);
	s.timeout_s = 60;
	ck_assert_str_eq(failed(XENOPS_CODE_NO_SUCH_DOMAIN, &s),
	    "VM_BAD_POWER_STATE");
	ck_assert_str_eq(failed(XENOPS_CODE_TIMEOUT, &s),
	    "VM_SHUTDOWN_TIMEOUT");
	/* a start whose disk went meanwhile */
	ck_assert_str_eq(failed(XENOPS_CODE_NO_SUCH_VDI, &s),
	    "SR_BACKEND_FAILURE");
	ck_assert_str_eq(failed(XENOPS_CODE_NO_SUCH_SR, &s),
	    "SR_BACKEND_FAILURE");
	ck_assert_str_eq(failed(XENOPS_CODE_NO_BOOTABLE_DISK, &s),
	    "BOOTLOADER_FAILED");
	s.device_class = "VBD";
	ref_random(&s.device);
	ck_assert_str_eq(failed(XENOPS_CODE_TIMEOUT, &s),
	    "DEVICE_DETACH_TIMEOUT");
	ck_assert_str_eq(c.err.params[0], "VBD");
	/* Codes of a newer xenopsd are no crash. */
	ck_assert_str_eq(failed(999, &s), "INTERNAL_ERROR");
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("api_sync", the_host_is_what_xenopsd_says,
	    nothing_new_changes_nothing, templates_are_given_once,
	    a_name_given_by_the_user_stays,
	    cpus_that_are_gone_are_forgotten,
	    devices_are_known_by_where_they_are,
	    devices_without_number_or_name_are_survived,
	    a_new_address_moves_the_consoles, a_boot_enables_the_host_again,
	    a_set_clock_enables_no_host,
	    a_host_that_has_failed_is_disabled_and_says_so_once,
	    a_nic_is_its_mac_and_not_its_name,
	    a_vlan_for_management_has_its_pif_and_network,
	    a_domain_makes_its_vm_run_and_halt,
	    the_same_news_twice_is_no_event,
	    an_answer_from_before_an_operation_is_not_applied,
	    news_from_before_an_operation_is_not_applied,
	    the_memory_of_a_vm_without_a_domain_stays,
	    a_pass_from_before_an_operation_is_not_applied,
	    a_vlan_is_made_after_the_bridge_of_its_nic,
	    errors_of_xenopsd_have_their_own_codes);
}
