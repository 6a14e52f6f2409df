"""What a VM has of its host, before it starts and while it runs.

	shape.py [NAME...]
"""

from bench import (MIB, Bench, Refused, check, equal, main, refused, until)

GIB = 1024 * MIB


def limits(api, vm, *sizes):
    """In their order: static_min, dynamic_min, dynamic_max, static_max."""
    least, low, high, most = (str(n) for n in sizes)
    api("VM.set_memory_limits", vm, least, most, low, high)


def number(api, method, *args):
    return int(api(method, *args))


def actual(api, vm):
    return number(api, "VM_metrics.get_memory_actual",
                  api("VM.get_metrics", vm))


def free(api):
    return number(api, "host.compute_free_memory", api("host.get_all")[0])


def set_range(api, vm, low, high):
    api.run("VM.set_memory_dynamic_range", vm, str(low), str(high))


def start(api, vm):
    api.run("VM.start", vm, False, False)


def memory_moves_while_a_guest_runs():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        limits(api, vm, 64 * MIB, 128 * MIB, GIB, GIB)
        refused("VM_BAD_POWER_STATE", api, "VM.set_memory_target_live", vm,
                str(GIB))
        refused("VM_BAD_POWER_STATE", api, "VM.wait_memory_target_live", vm)
        before = free(api)
        start(api, vm)
        equal(number(api, "VM.get_memory_target", vm), GIB, "target")
        overhead = number(api, "VM.compute_memory_overhead", vm)
        equal(number(api, "VM.get_memory_overhead", vm), overhead, "overhead")
        equal(before - free(api), GIB + overhead, "what a start takes")
        set_range(api, vm, 128 * MIB, 256 * MIB)
        equal(number(api, "VM.get_memory_dynamic_max", vm), 256 * MIB, "max")
        api.run("VM.wait_memory_target_live", vm)
        equal(actual(api, vm), 256 * MIB, "memory")
        equal(before - free(api), 256 * MIB + overhead, "what it has now")
        for low, high in ((32 * MIB, 256 * MIB), (256 * MIB, 128 * MIB),
                          (256 * MIB, 2 * GIB)):
            refused("MEMORY_CONSTRAINT_VIOLATION_ORDER", set_range, api, vm,
                    low, high)
        refused("VM_BAD_POWER_STATE", api, "VM.set_memory_static_max", vm,
                str(2 * GIB))
        api("VM.set_memory_dynamic_max", vm, str(512 * MIB))
        api("VM.set_memory_dynamic_min", vm, str(512 * MIB))
        equal(number(api, "VM.get_memory_target", vm), 512 * MIB, "target")
        api.run("VM.set_memory_target_live", vm, str(300 * MIB))
        equal([number(api, "VM.get_memory_" + n, vm) for n in
               ("dynamic_min", "dynamic_max", "target")], [300 * MIB] * 3,
              "all of it")
        api.run("VM.clean_reboot", vm)
        equal(actual(api, vm), 300 * MIB, "memory after a reboot")
        api.run("VM.hard_shutdown", vm)
        equal(number(api, "VM.get_memory_target", vm), 0, "target")
        equal(free(api), before, "free memory")


def a_host_that_is_short_gives_what_it_has():
    with Bench() as b:
        api = b.ready()
        first, second, third = (b.vm(api, name=n) for n in "abc")
        total = free(api)
        big = total - 4 * GIB
        limits(api, first, 0, big, big, big)
        start(api, first)
        limits(api, second, 0, GIB, 8 * GIB, 8 * GIB)
        start(api, second)
        target = number(api, "VM.get_memory_target", second)
        check(GIB <= target < 4 * GIB, "it has %d MiB" % (target // MIB))
        equal(actual(api, second), target, "memory")
        limits(api, third, 0, 128 * MIB, GIB, GIB)
        refused("HOST_NOT_ENOUGH_FREE_MEMORY", api.run, "VM.start", third,
                False, False)
        refused("HOST_NOT_ENOUGH_FREE_MEMORY", api.run,
                "VM.set_memory_dynamic_range", second, str(4 * GIB),
                str(8 * GIB))
        equal(number(api, "VM.get_memory_dynamic_min", second), GIB, "range")
        set_range(api, second, GIB, GIB)
        api.run("VM.wait_memory_target_live", second)
        start(api, third)
        set_range(api, second, GIB, 8 * GIB)
        target = number(api, "VM.get_memory_target", second)
        check(GIB <= target < 4 * GIB, "it has %d MiB" % (target // MIB))


def a_guest_that_keeps_its_memory_has_it_when_it_goes_on():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api, balloon="ignore")
        limits(api, vm, 0, 64 * MIB, 512 * MIB, 512 * MIB)
        start(api, vm)
        set_range(api, vm, 64 * MIB, 64 * MIB)
        equal(number(api, "VM.get_memory_target", vm), 64 * MIB, "target")
        task = api("Async.VM.wait_memory_target_live", vm)
        api("task.cancel", task)
        until("the wait to end", lambda: api(
            "task.get_status", task) == "cancelled")
        equal(actual(api, vm), 512 * MIB, "memory")
        until("the guest is up", lambda: "suspend" in api(
            "VM.get_allowed_operations", vm))
        api.run("VM.suspend", vm)
        api.run("VM.resume", vm, False, False)
        equal(actual(api, vm), 512 * MIB, "memory")
        until("its range is told", lambda: number(
            api, "VM.get_memory_target", vm) == 64 * MIB)


def a_change_that_was_cut_is_made_or_undone():
    """Whoever dies, the guest keeps to the range in the end that is said."""
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        limits(api, vm, 0, 64 * MIB, 512 * MIB, 512 * MIB)
        start(api, vm)
        b.control("fail vm_set_memory internal")
        try:
            set_range(api, vm, 64 * MIB, 128 * MIB)
            check(False, "it did not fail")
        except Refused:
            pass
        equal(number(api, "VM.get_memory_dynamic_max", vm), 512 * MIB, "max")
        b.control("delay vm_set_memory 300")
        api("Async.VM.set_memory_dynamic_range", vm, str(64 * MIB),
            str(128 * MIB))
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("one size", lambda: number(
            api, "VM.get_memory_dynamic_max", vm) == actual(api, vm) ==
            number(api, "VM.get_memory_target", vm))
        set_range(api, vm, 64 * MIB, 256 * MIB)
        until("it has come there", lambda: actual(api, vm) == 256 * MIB)


def what_fits_a_total_is_what_a_start_takes():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        host = api("host.get_all")[0]
        own = number(api, "host.compute_memory_overhead", host)
        total = number(api, "host_metrics.get_memory_total",
                       api("host.get_metrics", host))
        equal(total - free(api), own, "the host's own")
        room = 5 * GIB + 12345
        most = number(api, "VM.maximise_memory", vm, str(room), False)
        check(most > 4 * GIB, "much of it")
        limits(api, vm, 0, most, most, most)
        over = number(api, "VM.compute_memory_overhead", vm)
        check(most + over <= room < most + over + 4 * MIB, "%d + %d of %d" %
              (most, over, room))
        equal(number(api, "VM.maximise_memory", vm, "0", False), 0, "none")
        refused("INVALID_VALUE", api, "VM.maximise_memory", vm, "-1", False)
        before = free(api)
        start(api, vm)
        equal(before - free(api), most + over, "what it takes")
        equal(number(api, "host.compute_memory_overhead", host), own,
              "the host's own")


def no_size_is_too_great_to_reckon_with():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        huge = 2 ** 63 - 1
        limits(api, vm, huge, huge, huge, huge)
        over = number(api, "VM.compute_memory_overhead", vm)
        check(0 < over < 1 << 40, "overhead %d" % over)
        refused("HOST_NOT_ENOUGH_FREE_MEMORY", start, api, vm)


SCENARIOS = [
    memory_moves_while_a_guest_runs, a_host_that_is_short_gives_what_it_has,
    a_guest_that_keeps_its_memory_has_it_when_it_goes_on,
    a_change_that_was_cut_is_made_or_undone,
    what_fits_a_total_is_what_a_start_takes,
    no_size_is_too_great_to_reckon_with,
]

if __name__ == "__main__":
    main(SCENARIOS)
