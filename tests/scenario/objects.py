"""Records that clients keep with a host, and what acts on many VMs at once:
secrets, messages, groups, schedules, appliances.

	objects.py [NAME...]
"""

import calendar
import hashlib
import http.client
import io
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
from xml.etree import ElementTree
from xmlrpc.client import DateTime

from bench import (MIB, PASSWORD, Bench, Failed, Refused, check, equal, main,
                   refused, until)
from api import Api, tls

NOWHERE = "OpaqueRef:00000000-0000-4000-8000-000000000001"


def a_secret_is_kept():
    with Bench() as b:
        api = b.ready()
        ref = api("secret.create", {"value": "s3cret", "other_config": {}})
        equal(api("secret.get_value", ref), "s3cret", "value")
        uuid = "5c1a3c1e-53b5-4d9a-8f7e-0c8d4f1b2a3c"
        other = api("secret.introduce", uuid, "other", {"k": "v"})
        equal(api("secret.get_by_uuid", uuid), other, "the introduced one")
        refused("DB_UNIQUENESS_CONSTRAINT_VIOLATION", api,
                "secret.introduce", uuid, "again", {})
        refused("UUID_INVALID", api, "secret.introduce", "x", "again", {})
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        equal(api("secret.get_value", ref), "s3cret", "value")
        api("secret.destroy", ref)
        refused("HANDLE_INVALID", api, "secret.destroy", ref)
        equal(api("secret.get_all"), [other], "secrets")


def a_message(api, name, priority="3"):
    uuid = api("pool.get_uuid", api("pool.get_all")[0])
    return api("message.create", name, priority, "Pool", uuid, "body")


def many_messages_go_at_once():
    with Bench() as b:
        api = b.ready()
        old = set(api("message.get_all"))
        refs = [a_message(api, "N%d" % i) for i in range(5)]
        refused("HANDLE_INVALID", api, "message.destroy_many",
                refs[:2] + [NOWHERE])
        equal(set(api("message.get_all")), old | set(refs), "messages")
        api("message.destroy_many", [])
        api("message.destroy_many", refs[:2] + refs[:1])
        equal(set(api("message.get_all")), old | set(refs[2:]), "messages")
        urgent = a_message(api, "URGENT", "1")
        refused("INVALID_VALUE", api, "message.destroy_all", {"name": "N3"})
        refused("INVALID_VALUE", api, "message.destroy_all",
                {"before": "soon"})
        api("message.destroy_all", {"before": "20200101T00:00:00Z"})
        equal(set(api("message.get_all")), old | set(refs[2:]) | {urgent},
              "messages")
        api("message.destroy_all", {"priority": "3",
                                    "after": "20200101T00:00:00Z"})
        check(not set(refs) & set(api("message.get_all")), "some are left")
        check(urgent in api("message.get_all"), "another priority went too")
        api("message.destroy_all", {})
        equal(api("message.get_all"), [], "messages")


def a_vm_is_in_one_group():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        groups = [api("VM_group.create", {
            "name_label": n, "name_description": "",
            "placement": "anti_affinity"}) for n in ("one", "two")]
        refused("TOO_MANY_GROUPS", api, "VM.set_groups", vm, groups)
        refused("HANDLE_INVALID", api, "VM.set_groups", vm, [NOWHERE])
        api("VM.set_groups", vm, groups[:1])
        equal(api("VM_group.get_VMs", groups[0]), [vm], "VMs")
        api("VM.set_groups", vm, groups[1:])
        equal(api("VM_group.get_VMs", groups[0]), [], "VMs")
        api("VM_group.destroy", groups[1])
        equal(api("VM.get_groups", vm), [], "groups")


def a_schedule_says_when():
    with Bench() as b:
        api = b.ready()
        record = {"name_label": "nightly", "name_description": "",
                  "enabled": True, "type": "snapshot",
                  "retained_snapshots": "7", "frequency": "daily",
                  "schedule": {"hour": "3"}}
        ref = api("VMSS.create", record)
        equal(api("VMSS.get_schedule", ref), {"hour": "3", "min": "0"},
              "schedule")
        api("VMSS.set_frequency", ref, "weekly")
        equal(api("VMSS.get_schedule", ref),
              {"hour": "3", "min": "0", "days": "Monday"}, "schedule")
        refused("MAP_DUPLICATE_KEY", api, "VMSS.add_to_schedule", ref, "days",
                "Friday")
        api("VMSS.remove_from_schedule", ref, "days")
        api("VMSS.add_to_schedule", ref, "days", "Friday,Sunday")
        equal(api("VMSS.get_schedule", ref)["days"], "Friday,Sunday", "days")
        for key, value in (("hour", "24"), ("hour", "-1"), ("hour", ""),
                           ("min", "10"), ("days", "Someday"),
                           ("days", "Monday,"), ("year", "1")):
            refused("INVALID_VALUE", api, "VMSS.set_schedule", ref,
                    {key: value})
        for n in ("0", "11"):
            refused("INVALID_VALUE", api, "VMSS.set_retained_snapshots", ref,
                    n)
            refused("INVALID_VALUE", api, "VMSS.create",
                    dict(record, retained_snapshots=n))
        api("VMSS.set_retained_snapshots", ref, "10")
        api("VMSS.set_type", ref, "checkpoint")
        equal(api("VMSS.get_type", ref), "checkpoint", "type")
        api("VMSS.destroy", ref)
        equal(api("VMSS.get_all"), [], "schedules")


# -- appliances --

def appliance(b, api, orders):
    """An appliance, and its VMs with these orders."""
    ref = api("VM_appliance.create", {"name_label": "shop",
                                      "name_description": ""})
    vms = []
    for i, order in enumerate(orders):
        vms.append(b.vm(api, name="vm%d" % i))
        api("VM.set_order", vms[i], str(order))
        api("VM.set_appliance", vms[i], ref)
    return ref, vms


def states(api, vms):
    return [api("VM.get_power_state", vm) for vm in vms]


def allowed(api, ref):
    return sorted(api("VM_appliance.get_allowed_operations", ref))


def started(api, vm):
    return int(api("VM.get_domid", vm))


def an_appliance_starts_in_order():
    with Bench() as b:
        api = b.ready()
        ref, vms = appliance(b, api, (2, 1, 1, 0))
        equal(sorted(api("VM_appliance.get_VMs", ref)), sorted(vms), "VMs")
        equal(allowed(api, ref), ["start"], "allowed operations")
        refused("OPERATION_NOT_ALLOWED", api.run,
                "VM_appliance.clean_shutdown", ref)
        api.run("VM_appliance.start", ref, False)
        equal(states(api, vms), ["Running"] * 4, "states")
        domids = [started(api, vm) for vm in vms]
        check(domids[3] < min(domids[1:3]) and
              domids[0] > max(domids[1:3]), "the order was %r" % domids)
        equal(allowed(api, ref), ["clean_shutdown", "hard_shutdown",
                                  "shutdown"], "allowed operations")
        api("VM_appliance.clean_shutdown", ref)
        equal(states(api, vms), ["Halted"] * 4, "states")
        api.run("VM_appliance.start", ref, True)
        equal(states(api, vms), ["Paused"] * 4, "states")
        api.run("VM_appliance.hard_shutdown", ref)
        equal(states(api, vms), ["Halted"] * 4, "states")
        equal(allowed(api, ref), ["start"], "allowed operations")


def delays_lie_between_orders():
    with Bench() as b:
        api = b.ready()
        ref, vms = appliance(b, api, (0, 1))
        api("VM.set_start_delay", vms[0], "2")
        api("VM.set_start_delay", vms[1], "1000")	# nothing follows
        begin = time.monotonic()
        api.run("VM_appliance.start", ref, False)
        took = time.monotonic() - begin
        check(2 <= took < 100, "the start took %.1f s" % took)
        api("VM.set_shutdown_delay", vms[1], "1000")
        task = api("Async.VM_appliance.shutdown", ref)
        until("the first to be off",
              lambda: states(api, vms) == ["Running", "Halted"])
        error = refused("OTHER_OPERATION_IN_PROGRESS", api,
                        "VM_appliance.destroy", ref)
        equal(error[:2], ["VM_appliance", ref], "who is busy")
        equal(api("VM_appliance.get_allowed_operations", ref), [], "allowed")
        equal(list(api("VM_appliance.get_current_operations", ref).values()),
              ["shutdown"], "current operations")
        api("task.cancel", task)
        until("the end", lambda: api("task.get_status", task) != "pending")
        equal(api("task.get_status", task), "cancelled", "status")
        equal(states(api, vms), ["Running", "Halted"], "states")
        equal(allowed(api, ref), ["clean_shutdown", "hard_shutdown",
                                  "shutdown", "start"], "allowed")


def one_that_fails_holds_nobody_up():
    with Bench() as b:
        api = b.ready()
        ref, vms = appliance(b, api, (0, 0, 1))
        api("VM.set_blocked_operations", vms[1], {"start": "broken"})
        error = refused("OPERATION_PARTIALLY_FAILED", api.run,
                        "VM_appliance.start", ref, False)
        equal(error, ["VM_appliance.start", vms[1]], "what failed")
        equal(states(api, vms), ["Running", "Halted", "Running"], "states")
        equal(api("VM_appliance.get_current_operations", ref), {}, "busy")


def vms_come_to_an_appliance_and_go():
    with Bench() as b:
        api = b.ready()
        ref, vms = appliance(b, api, (0, 0))
        template = [t for t, r in api("VM.get_all_records").items()
                    if r["is_a_template"]][0]
        refused("OPERATION_NOT_ALLOWED", api, "VM.set_appliance", template,
                ref)
        refused("HANDLE_INVALID", api, "VM.set_appliance", vms[0], NOWHERE)
        refused("HANDLE_INVALID", api, "VM.create", dict(
            api("VM.get_record", vms[0]), appliance=NOWHERE))
        copy = api("VM.clone", vms[0], "copy")
        equal(api("VM.get_appliance", copy), "OpaqueRef:NULL", "the clone's")
        api("VM.destroy", vms[0])
        equal(api("VM_appliance.get_VMs", ref), [vms[1]], "VMs")
        equal(allowed(api, ref), ["start"], "allowed operations")
        api("VM.set_appliance", vms[1], "OpaqueRef:NULL")
        equal(allowed(api, ref), [], "allowed operations")
        refused("OPERATION_NOT_ALLOWED", api.run, "VM_appliance.start", ref,
                False)
        api("VM.set_appliance", vms[1], ref)
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the operations to be known",
              lambda: allowed(api, ref) == ["start"])
        api("VM_appliance.destroy", ref)
        equal(api("VM.get_appliance", vms[1]), "OpaqueRef:NULL", "appliance")


def vms_start_with_the_host():
    """The simulator's restart is one of the machine."""
    with Bench() as b:
        api = b.ready()
        vms = [b.vm(api, name="vm%d" % i) for i in range(4)]
        for vm, order in zip(vms[:3], ("1", "0", "0")):
            api("VM.add_to_other_config", vm, "auto_poweron", "true")
            api("VM.set_order", vm, order)
        api("VM.set_blocked_operations", vms[2], {"start": "broken"})

        def restart():
            b.kill_sim()
            b.start_sim()
        pool = api("pool.get_all")[0]
        api("pool.add_to_other_config", pool, "auto_poweron", "true")
        restart()
        until("the VMs to start",
              lambda: states(api, vms[:2]) == ["Running", "Running"])
        check(started(api, vms[0]) > started(api, vms[1]), "the order")
        equal(states(api, vms[2:]), ["Halted", "Halted"], "the others")
        until("the task to end", lambda: not any(
            t["status"] == "pending" for t in api(
                "task.get_all_records").values()))
        api.run("VM.hard_shutdown", vms[0])
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the state to be known",
              lambda: states(api, vms[:2])[1] == "Running")
        api.run("VM.hard_shutdown", vms[1])
        time.sleep(1)	# nothing is to happen
        equal(states(api, vms), ["Halted"] * 4, "after a restart of xapi")


def the_host_goes_after_its_guests():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        vms = [b.vm(api, name="first"), b.vm(api, name="last"),
               b.vm(api, name="deaf", shutdown="ignore")]
        api("VM.set_order", vms[0], "2")
        api("VM.set_shutdown_delay", vms[0], "2")
        for vm in vms:
            api.run("VM.start", vm, False, False)
        refused("HOST_NOT_DISABLED", api.run, "host.shutdown", host)
        api("host.disable", host)
        api("host.add_to_other_config", host, "guest_shutdown_limit", "6")
        api("VM.set_blocked_operations", vms[1], {"shutdown": "mine"})
        task = api("Async.host.shutdown", host)
        until("the first to be off, before the others", lambda: states(
            api, vms) == ["Halted", "Running", "Running"])
        until("the end", lambda: api("task.get_status", task) != "pending")
        equal(api("task.get_error_info", task),
              ["HOST_IN_USE", host, "VM", vms[1]], "who is in the way")
        equal(states(api, vms), ["Halted", "Running", "Halted"], "states")
        check(b.sim.poll() is None, "the machine is off")
        api("VM.set_blocked_operations", vms[1], {})
        begin = time.monotonic()
        api.run("host.shutdown", host)
        equal(states(api, vms), ["Halted"] * 3, "states")
        check(time.monotonic() - begin < 5, "it waited for nobody")
        until("the machine to be off", lambda: b.sim.poll() is not None, 10)


def a_pool_tells_what_it_has():
    """One edition, no extensions, no plugins, TLS 1.2."""
    with Bench() as b:
        api = b.ready()
        pool, host = api("pool.get_all")[0], api("host.get_all")[0]
        equal(api("pool.get_license_state", pool),
              {"edition": "free", "expiry": "never"}, "licence")
        api("host.apply_edition", host, "free")
        api("pool.apply_edition", pool, "free")
        refused("INVALID_EDITION", api, "pool.apply_edition", pool, "gold")
        refused("INVALID_EDITION", api, "host.apply_edition", host, "gold")
        refused("LICENSE_PROCESSING_ERROR", api, "host.license_add", host,
                "x")
        check(not api("host.has_extension", host, "x"), "an extension")
        check(not api("pool.has_extension", pool, "x"), "an extension")
        equal(refused("MESSAGE_METHOD_UNKNOWN", api, "host.call_extension",
                      host, json.dumps({"method": "Host.x", "params": [],
                                        "id": 1})), ["Host.x"], "what is unknown")
        vm = b.vm(api)
        refused("XENAPI_MISSING_PLUGIN", api, "VM.call_host_plugin", vm, "p",
                "f", {})
        refused("NOT_SYSTEM_DOMAIN", api, "VM.query_services", vm)
        api("pool.disable_ssl_legacy", pool)
        api("host.set_ssl_legacy", host, False)
        refused("VALUE_NOT_SUPPORTED", api, "host.set_ssl_legacy", host, True)
        check(not api("host.get_ssl_legacy", host), "old TLS")


def telemetry_has_a_name_and_a_time():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        api("pool.reset_telemetry_uuid", pool)
        first = api("pool.get_telemetry_uuid", pool)
        api("pool.reset_telemetry_uuid", pool)
        second = api("pool.get_telemetry_uuid", pool)
        equal(api("secret.get_all"), [second], "secrets")
        check(first != second, "the same name")
        refused("TELEMETRY_NEXT_COLLECTION_TOO_LATE", api,
                "pool.set_telemetry_next_collection", pool,
                DateTime("20991231T00:00:00Z"))
        api("pool.set_telemetry_next_collection", pool,
            DateTime("20200101T00:00:00Z"))
        equal(api("pool.get_telemetry_next_collection", pool).value,
              "20200101T00:00:00Z", "the time")


def the_newest_event_has_the_current_id():
    with Bench() as b:
        api = b.ready()
        api("event.inject", "pool", api("pool.get_all")[0])
        newest = max(int(e["id"]) for e in api(
            "event.from", ["*"], "", 0.0)["events"])
        check(newest <= int(api("event.get_current_id")), "the id")


def a_user_of_the_old_way_is_a_record():
    with Bench() as b:
        api = b.ready()
        user = api("user.create", {"short_name": "anna", "fullname": "Anna",
                                   "other_config": {"k": "v"}})
        api("user.set_fullname", user, "Anna B")
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        record = api("user.get_record", user)
        equal((record["short_name"], record["fullname"],
               record["other_config"]), ("anna", "Anna B", {"k": "v"}),
              "the record")
        refused("SESSION_AUTHENTICATION_FAILED", api.raw,
                "session.login_with_password", "anna", "")
        api("user.destroy", user)
        refused("HANDLE_INVALID", api, "user.destroy", user)


def the_daemon_starts_anew():
    """And says so: the answer arrives, and guests go on."""
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        vm = b.running(api)
        domid = api("VM.get_domid", vm)
        api("host.restart_agent", host)
        equal(b.xapi.wait(20), 0, "status of the end")
        b.start_xapi()
        api = b.login()
        until("the VM to be found", lambda: api("VM.get_domid", vm) == domid)


def the_daemon_counts():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        for _ in range(3):
            api("VM.get_all")
        refused("HANDLE_INVALID", api, "host.dmesg", "OpaqueRef:NULL")
        counts = dict(api("Diagnostics.network_stats", host, {}))
        equal([counts[m] for m in ("VM.get_all", "host.dmesg")], ["3", "1"],
              "calls")
        equal(api("Diagnostics.network_stats", host, {"method": "VM.get_all"}),
              [["VM.get_all", "3"]], "calls of one message")
        before = api("Diagnostics.db_stats")
        b.vm(api)
        after = api("Diagnostics.db_stats")
        check(int(after["generation"]) > int(before["generation"]) and
              int(after["VM"]) == int(before["VM"]) + 1, after)
        memory = api("Diagnostics.gc_stats", host)
        check(int(memory["max_resident_kib"]) > 1000, memory)


def archives_are_written_when_asked():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        path = b.path("xapi/rrd/host-" + api("host.get_uuid", host))
        for bad in (-1.0, 86401.0):
            refused("INVALID_VALUE", api, "host.backup_rrds", host, bad)
        check(not os.path.exists(path), "written at once")
        api("host.backup_rrds", host, 3600.0)
        api("host.backup_rrds", host, 0.0)
        until("the archive", lambda: os.path.exists(path), 15)


def ssh(api, host):
    """Is it open, and when does it close?"""
    return (api("host.get_ssh_enabled", host),
            int(calendar.timegm(time.strptime(
                api("host.get_ssh_expiry", host).value,
                "%Y%m%dT%H:%M:%SZ"))))


def ssh_is_open_when_it_is_told_to():
    with Bench() as b:
        api = b.ready()
        host, pool = api("host.get_all")[0], api("pool.get_all")[0]
        kept = b.path("host/until")
        equal(ssh(api, host), (False, 0), "at first")
        for of, ref in (("host", host), ("pool", pool)):
            api(of + ".enable_ssh", ref)
            equal(ssh(api, host), (True, 0), "opened")
            with open(kept) as f:
                equal(f.read(), "0\n", "for the service")
            api(of + ".disable_ssh", ref)
            equal(ssh(api, host), (False, 0), "closed")
            check(not os.path.exists(kept), "still open for the service")
            refused("INVALID_VALUE", api, of + ".set_ssh_enabled_timeout", ref,
                    "172801")
            refused("INVALID_VALUE", api, of + ".set_ssh_enabled_timeout", ref,
                    "-1")
            refused("OPERATION_NOT_ALLOWED", api, of + ".set_ssh_auto_mode",
                    ref, True)

        api("host.set_ssh_enabled_timeout", host, "172800")
        equal(ssh(api, host), (False, 0), "a time alone opens nothing")
        api("host.enable_ssh", host)
        is_open, expiry = ssh(api, host)
        with open(kept) as f:
            equal(int(f.read()), expiry, "for the service")
        check(is_open and abs(expiry - time.time() - 172800) < 60, expiry)
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        equal(ssh(api, host), (True, expiry), "after a restart")
        api("host.set_ssh_enabled_timeout", host, "0")
        equal(ssh(api, host), (True, 0), "without an end")

        # its service closed it, and the machine tells
        with open(kept, "w") as f:
            f.write("1\n")
        b.control("event")
        until("the end", lambda: ssh(api, host) == (False, 0))

        b.control("fail ssh_set io")
        try:
            api("host.enable_ssh", host)
        except Refused:
            pass
        else:
            check(False, "opened by nobody")
        equal(ssh(api, host), (False, 0), "after a failure")


def what_a_host_has_not_is_said():
    with Bench() as b:
        api = b.ready()
        host, pool = api("host.get_all")[0], api("pool.get_all")[0]
        refused("AUTH_IS_DISABLED", api, "pool.set_ext_auth_cache_size", pool,
                "10")
        check("sent to nobody" in refused(
            "SYSTEM_STATUS_RETRIEVAL_FAILED", api, "host.bugreport_upload",
            host, "http://x/", {})[0], "reason")


def fetched(b, api, path, want=200):
    with urllib.request.urlopen("https://127.0.0.1:%d%s%ssession_id=%s" % (
            b.https, path, "&" if "?" in path else "?", api.session),
            context=tls()) as answer:
        equal(answer.status, want, path)
        return answer.read()


def unpacked(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as t:
        return {m.name.split("/", 1)[1]: t.extractfile(m).read()
                for m in t.getmembers()}


def a_status_report_tells_what_it_may():
    """By the names that host.get_system_status_capabilities tells."""
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        vm = b.running(api, name="guest of the report")
        secret = api("secret.create", {"value": "never to be told",
                                       "other_config": {}})
        keys = [e.get("key") for e in ElementTree.fromstring(api(
            "host.get_system_status_capabilities", host))]
        check("xenserver-logs" in keys, keys)
        task = api("task.create", "report", "")
        all_of_it = fetched(b, api, "/system-status?output=tar&entries=%s"
                            "&task_id=%s" % (",".join(keys), task))
        until("the task", lambda: api("task.get_status", task) == "success")
        files = unpacked(all_of_it)
        check({"xapi.log", "xen.log", "audit.log", "objects/VM.json",
               "objects/host.json"} <= set(files), sorted(files))
        vms = json.loads(files["objects/VM.json"])
        equal(set(vms), set(api("VM.get_all")), "VMs")
        equal(vms[vm]["name_label"], "guest of the report", "a name")
        check(b"VM.start" in files["audit.log"], "the audit log")
        for hidden in (api.session, secret, "never to be told"):
            check(hidden.encode() not in all_of_it, "%s is told" % hidden)
        equal(set(unpacked(fetched(b, api, "/system-status?entries=xen-info"))),
              {"xen.log"}, "one entry")
        equal(set(unpacked(fetched(b, api, "/host_logs_download"))),
              {"xapi.log", "xen.log", "audit.log"}, "logs")
        for query in ("output=tar.bz2", "output=zip", "entries=none",
                      "task_id=OpaqueRef:x"):
            try:
                fetched(b, api, "/system-status?" + query)
                raise Failed(query + " is taken")
            except urllib.error.HTTPError as e:
                equal(e.code, 400, query)
        b.kill_sim()
        files = unpacked(fetched(b, api, "/system-status"))
        check(b"not to be had" in files["xen.log"], files["xen.log"])
        check(vm.encode() in files["objects/VM.json"], "without xenopsd")


def write_line(folder, text, name="current"):
    with open(os.path.join(folder, name), "a") as f:
        f.write("2026-11-28_13:45:58.12345 %s\n" % text)


def logs_go_to_another_machine():
    """The program that sends them, on folders as svlogd leaves them; a server
    that is away finds what it missed, from a file that is full since."""
    with Bench() as b:
        api = b.ready()
        xapi = b.path("logs/xapi")
        os.makedirs(xapi)
        os.makedirs(b.path("logs/other"))
        write_line(xapi, "info: before")
        sender = b._spawn("xapi", "syslog", b.path("host/syslog"),
                          b.path("logs"))
        try:
            follow_logs(api, xapi, b.path("logs/other"))
            check(sender.poll() is None, "the sender ended")
        finally:
            sender.kill()
            sender.wait()


def a_server_of_logs(port=0):
    server = socket.socket(type=socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    server.settimeout(20)
    server.bind(("127.0.0.1", port))
    return server


def send_logs_to(api, server):
    host = api("host.get_all")[0]
    api("host.set_logging", host,
        {"syslog_destination": server} if server else {})
    api("host.syslog_reconfigure", host)
    time.sleep(2.5)	# it looks once a second


def follow_logs(api, xapi, other):
    check("port" in refused("INVALID_VALUE", send_logs_to, api, "a:0")[1],
          "what is wrong")
    with a_server_of_logs() as server:
        port = server.getsockname()[1]
        send_logs_to(api, "127.0.0.1:%d" % port)
        write_line(xapi, "error: one")
        check(server.recv(4096).startswith(
            b"<27>1 2026-11-28T13:45:58.12345Z "), "form")
        write_line(other, "x" * 5000)
        text = server.recv(4096)
        check(text.endswith(b"x" * 100) and len(text) == 2048, "a long line")
    lines = ["info: away %d" % i for i in range(300)]
    for line in lines[:200]:
        write_line(xapi, line)
    time.sleep(1.5)
    os.rename(xapi + "/current", xapi + "/@400000006a2b3c4d.s")
    for line in lines[200:]:
        write_line(xapi, line)
    with a_server_of_logs(port) as server:
        for line in lines:
            text = server.recv(4096).decode()
            check(text.endswith(" xapi - - - " + line), text)
        send_logs_to(api, "")
        write_line(xapi, "info: private")
        server.settimeout(2.5)
        try:
            check(False, "it went on: %r" % server.recv(4096))
        except TimeoutError:
            pass


def make_certificate(b, name, *options, key="rsa:2048", days="1"):
    """PEM texts of a certificate by openssl, and of its key."""
    files = b.path(name + ".crt"), b.path(name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", key, "-nodes",
                    "-subj", "/CN=" + name, "-out", files[0], "-keyout",
                    files[1], "-days", days, *options], check=True,
                   stderr=subprocess.DEVNULL)
    texts = []
    for file in files:
        with open(file, encoding="ascii") as f:
            texts.append(f.read())
    return texts


def shown(b):
    """The certificate that new connections get."""
    return ssl.get_server_certificate(("127.0.0.1", b.https))


def fingerprint(pem, algorithm):
    text = hashlib.new(algorithm, ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    return ":".join(text[i:i + 2] for i in range(0, len(text), 2)).upper()


def recorded(api):
    """Its record, the only one."""
    (record,) = api("Certificate.get_all_records").values()
    return record


def a_certificate_is_installed():
    """New connections get it at once, those that are there go on; it stays, until
    it is replaced by one that the host makes."""
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        first = shown(b)
        equal(recorded(api)["fingerprint_sha1"], fingerprint(first, "sha1"),
              "SHA-1")
        cert, key = make_certificate(b, "operator")
        other = make_certificate(b, "authority")[0]
        api("host.install_server_certificate", host, cert, key, other)
        equal(api("host.get_server_certificate", host), cert, "it says")
        equal(shown(b), cert, "certificate")
        record = recorded(api)
        equal((record["type"], record["host"], record["fingerprint_sha256"]),
              ("host", host, fingerprint(cert, "sha256")), "record")
        with open(b.path("xapi/fingerprint")) as f:
            equal(f.read(), fingerprint(cert, "sha256") + "\n", "console")
        with open(b.path("xapi/server.pem")) as f:
            equal(f.read().count("BEGIN CERTIFICATE"), 2, "chain")
        b.kill_xapi()
        b.start_xapi()
        equal(shown(b), cert, "certificate after a restart")
        api = b.ready()
        api("host.reset_server_certificate", host)
        check(shown(b) not in (first, cert), "it is an old one")
        until("its record", lambda: recorded(api)["fingerprint_sha256"] ==
              fingerprint(shown(b), "sha256"))


class Caller(threading.Thread):
    """Calls until it is told to stop, on one connection or on one each."""

    def __init__(self, b, session, keeps):
        super().__init__(daemon=True)
        self.b, self.session, self.keeps = b, session, keeps
        self.calls, self.failure = 0, None
        self.stop = threading.Event()
        self.start()

    def run(self):
        api = Api(self.b.https)
        try:
            while not self.stop.is_set():
                api.session = self.session
                api("pool.get_all")
                self.calls += 1
                if not self.keeps:
                    api = Api(self.b.https)
        except Exception as e:  # whatever it is, it should not be
            self.failure = e


def a_certificate_is_renewed_under_load():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        callers = [Caller(b, api.session, keeps)
                   for keeps in (True, True, False, False, False)]
        for i in range(6):
            at = [c.calls for c in callers]
            if i % 2:
                api("host.reset_server_certificate", host)
            else:
                api("host.install_server_certificate", host,
                    *make_certificate(b, "operator%d" % i), "")
            until("calls after it", lambda: all(
                c.failure or c.calls > n + 3 for c, n in zip(callers, at)))
        for c in callers:
            c.stop.set()
        for c in callers:
            c.join()
            equal(c.failure, None, "failure")


def a_certificate_that_is_not_good_changes_nothing():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        first = shown(b)
        cert, key = make_certificate(b, "good")
        short = make_certificate(b, "short", key="rsa:1024")
        ec = make_certificate(b, "ec", "-pkeyopt",
                              "ec_paramgen_curve:P-256", key="ec")
        weak = make_certificate(b, "weak", "-sha1")
        locked = subprocess.run(
            ["openssl", "pkey", "-aes128", "-passout", "pass:x"], check=True,
            input=key, capture_output=True, text=True).stdout

        def bad(code, *args):
            return refused("SERVER_CERTIFICATE_" + code, api,
                           "host.install_server_certificate", host, *args)
        for text in ("", "junk", cert, locked, "x" * (1 << 17)):
            bad("KEY_INVALID", cert, text, "")
        for text in ("", "junk", key, cert[:200], "x" * (1 << 17)):
            bad("INVALID", text, key, "")
        equal(bad("KEY_RSA_LENGTH_NOT_SUPPORTED", *short, ""), ["1024"],
              "length")
        equal(bad("KEY_ALGORITHM_NOT_SUPPORTED", *ec, ""),
              ["1.2.840.10045.2.1"], "algorithm")
        bad("SIGNATURE_NOT_SUPPORTED", *weak, "")
        bad("KEY_MISMATCH", make_certificate(b, "another")[0], key, "")
        for chain in ("junk", key, cert + cert[:200], cert[:200], cert * 17):
            bad("CHAIN_INVALID", cert, key, chain)
        equal(shown(b), first, "certificate")


def as_authority(b, cert, key, *args):
    """What `openssl ca` says as the authority of that certificate and key."""
    texts = {"ca.index": "", "ca.number": "01", "ca.crt": cert, "ca.key": key,
             "ca.conf": "[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ncrlnumber=%s\n"
             "serial=%s\nnew_certs_dir=%s\ndefault_md=sha256\n"
             "default_crl_days=1\npolicy=p\n[p]\ncommonName=supplied\n" % (
                 b.path("ca.index"), b.path("ca.number"), b.path("ca.number"),
                 b.path(""))}
    for name, text in texts.items():
        with open(b.path(name), "w", encoding="ascii") as f:
            f.write(text)
    return subprocess.run(
        ["openssl", "ca", "-batch", "-config", b.path("ca.conf"), "-cert",
         b.path("ca.crt"), "-keyfile", b.path("ca.key"), *args], check=True,
        capture_output=True, text=True).stdout


def make_old_certificate(b, cert, key):
    """One of January 1st, 2020."""
    request = b.path("old.csr")
    subprocess.run(["openssl", "req", "-new", "-key", b.path("old.key"),
                    "-subj", "/CN=old", "-out", request], check=True)
    return as_authority(b, cert, key, "-in", request, "-notext",
                        "-startdate", "20200101000000Z",
                        "-enddate", "20200102000000Z")


def ca_certificates_and_crls_are_kept():
    """What is installed is listed, also after a kill; what is none, or has no
    name that it could have, is not."""
    with Bench() as b:
        api = b.ready()
        cert, key = make_certificate(b, "authority")
        crl = as_authority(b, cert, key, "-gencrl")
        for what, listed, install, uninstall, good in (
                ("certificate", "certificate_list", "install_ca_certificate",
                 "uninstall_ca_certificate", cert),
                ("certificate", "certificate_list", "certificate_install",
                 "certificate_uninstall", cert),
                ("crl", "crl_list", "crl_install", "crl_uninstall", crl)):
            install, uninstall = "pool." + install, "pool." + uninstall
            kind = what.upper()
            equal(api("pool." + listed), [], what + " list")
            api(install, "one.pem", "a comment\n" + good)
            equal(api("pool." + listed), ["one.pem"], what + " list")
            equal(refused(kind + "_ALREADY_EXISTS", api, install, "one.pem",
                          good), ["one.pem"], "name")
            for name in ("", ".pem", ".a.pem", "a", "a/b.pem", "a b.pem",
                         "../a.pem", "x" * 252 + ".pem"):
                equal(refused(kind + "_NAME_INVALID", api, install, name,
                              good), [name], "name")
                refused(kind + "_NAME_INVALID", api, uninstall, name)
            for text in ("", "junk", key, good[:200],
                         "x" * (64 << 10) + good):
                refused("CRL_CORRUPT" if what == "crl" else "INVALID_VALUE",
                        api, install, "two.pem", text)
            b.kill_xapi()
            b.start_xapi()
            api = b.ready()
            api("pool.certificate_sync")
            equal(api("pool." + listed), ["one.pem"], "after a kill")
            api(uninstall, "one.pem")
            equal(api("pool." + listed), [], what + " list")
            equal(refused(kind + "_DOES_NOT_EXIST", api, uninstall,
                          "one.pem"), ["one.pem"], "name")
        api("pool.uninstall_ca_certificate", "one.pem", True)


def of_type(api, kind):
    return {ref: r for ref, r in api("Certificate.get_all_records").items()
            if r["type"] == kind}


def trusted_certificates_are_records():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        cert, key = make_certificate(b, "old")
        name = fingerprint(cert, "sha256")
        api("pool.install_ca_certificate", "a.pem", cert)
        (record,) = of_type(api, "ca").values()
        equal((record["name"], record["host"], record["purpose"],
               record["fingerprint"], record["fingerprint_sha1"]),
              ("a.pem", "OpaqueRef:NULL", [], name,
               fingerprint(cert, "sha1")), "record")
        check("pem" not in record, "it is shown")
        trust, no_more = ("pool.install_trusted_certificate",
                          "pool.uninstall_trusted_certificate")
        api(trust, pool, True, cert, [])
        api(trust, pool, True, cert, ["ldaps"])
        for purpose in [], ["ldaps", "licensing"]:
            equal(refused("TRUSTED_CERTIFICATE_ALREADY_EXISTS", api, trust,
                          pool, True, cert, purpose), [name], "fingerprint")
        refused("CERTIFICATE_LACKS_PURPOSE", api, trust, pool, False, cert, [])
        refused("TRUSTED_CERTIFICATE_INVALID", api, trust, pool, True, "x", [])
        equal(refused("TRUSTED_CERTIFICATE_EXPIRED", api, trust, pool, True,
                      make_old_certificate(b, cert, key), [])[1],
              "20200102T00:00:00Z", "until")
        api(trust, pool, False, cert, ["licensing"])
        (ref,), (pinned,) = zip(*of_type(api, "pinned").items())
        equal((pinned["name"], pinned["purpose"]), ("", ["licensing"]),
              "record")
        api(no_more, pool, ref)
        equal(of_type(api, "pinned"), {}, "pinned ones")
        equal(api("pool.certificate_list"), ["a.pem"], "those with names")
        (own,) = of_type(api, "host")
        equal(refused("NOT_TRUSTED_CERTIFICATE", api, no_more, pool, own),
              [own], "reference")
        equal(of_type(api, "host").keys(), {own}, "the host's own")


def there_are_not_too_many_to_trust():
    with Bench() as b:
        api = b.ready()
        cert, key = make_certificate(b, "authority")
        crl = as_authority(b, cert, key, "-gencrl")
        for message, text, most in (("install_ca_certificate", cert, 128),
                                    ("crl_install", crl, 16)):
            for i in range(most):
                api("pool." + message, "%d.pem" % i, text)
            refused("OUT_OF_SPACE", api, "pool." + message, "more.pem", text)


def idle_cpus_sleep_as_deep_as_told():
    """What the hypervisor says of it at its console."""
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]

        def said():
            api("host.dmesg_clear", host)
            api("host.send_debug_keys", host, "c")
            return re.findall(r"max (?:sub-)?state: (\w+)",
                              api("host.dmesg", host))
        for value, want in (("1", ["C1", "unlimited"]), ("2,0", ["C2", "0"]),
                            ("", ["unlimited"]), ("1,99", ["C1", "99"])):
            api("host.set_max_cstate", host, value)
            equal(api("host.get_max_cstate", host), value, "field")
            equal(said(), want, "states")
        for bad in ("x", "1,", ",1", "-1", "100", "1,100", "1,2,3", " 1",
                    "unlimited"):
            equal(refused("INVALID_VALUE", api, "host.set_max_cstate", host,
                          bad), ["value", bad], "value")
        equal(said(), ["C1", "99"], "states")
        b.kill_sim()
        b.start_sim()

        def is_told():
            try:
                return said() == ["C1", "99"]
            except Refused:
                return False
        until("the machine that started anew", is_told)


def clients_are_known_by_their_names():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]

        context = tls()

        def come(agent, message="pool.get_all", params=(api.session,)):
            c = http.client.HTTPSConnection("127.0.0.1", b.https,
                                            context=context, timeout=60)
            c.request("POST", "/jsonrpc", json.dumps({
                "jsonrpc": "2.0", "id": 1,
                "method": message, "params": params}),
                {"User-Agent": agent})
            c.getresponse().read()
            c.close()
        for agent in ("One/1.0 (a comment)", "Two", "Two/2/3", "One/1.1",
                      "/none", "Long/" + "1" * 60, "Odd/\x01", "Four 4/4"):
            come(agent)
        login = "session.login_with_password"
        come("Stranger/1", login, ("root", "wrong"))
        come("One/1.2", login, ("root", PASSWORD))
        seen = api("host.get_tracked_user_agents", host)
        equal({k: v for k, v in seen.items() if "ython" not in k},
              {"One": "1.2", "Two": "2", "Four": ""}, "agents")
        for i in range(130):
            come("Many%d/1" % i)
        seen = api("host.get_tracked_user_agents", host)
        equal((len(seen), "One" in seen, "Many129" in seen),
              (128, False, True), "after many")


def blob_request(b, api, method, blob, body=None, **headers):
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls(),
                                    timeout=60)
    c.request(method, "/blob?ref=%s&session_id=%s" % (blob, api.session),
              body, headers)
    answer = c.getresponse()
    data = answer.read()
    c.close()
    return answer.status, data, answer.getheader("Content-Type")


def kept_files(b):
    return os.listdir(b.path("xapi/blobs"))


def a_blob_keeps_bytes():
    with Bench() as b:
        api = b.ready()
        pool, vm = api("pool.get_all")[0], b.vm(api)
        text = "text/plain"
        blob = api("VM.create_new_blob", vm, "notes", text)
        equal(api("VM.get_blobs", vm), {"notes": blob}, "blobs of the VM")
        refused("MAP_DUPLICATE_KEY", api, "VM.create_new_blob", vm, "notes",
                text, True)
        refused("INVALID_VALUE", api, "pool.create_new_blob", pool, "x",
                "text/html\r\nX: y")
        equal(blob_request(b, api, "GET", blob), (200, b"", text), "nothing")
        data = os.urandom(3 * MIB)
        equal(blob_request(b, api, "PUT", blob, data)[0], 200, "upload")
        equal(blob_request(b, api, "GET", blob), (200, data, text), "bytes")
        record = api("blob.get_record", blob)
        equal((record["size"], record["mime_type"], record["public"]),
              (str(3 * MIB), text, False), "record")
        check(record["last_updated"].value > "2020", "when")
        # other bytes, and after a kill
        equal(blob_request(b, api, "PUT", blob, b"other")[0], 200, "again")
        equal(len(kept_files(b)), 1, "files")
        b.kill_xapi()
        open(b.path("xapi/blobs/.half"), "w").close()
        open(b.path("xapi/blobs/no-blob"), "w").close()
        b.start_xapi()
        api = b.ready()
        equal(blob_request(b, api, "GET", blob), (200, b"other", text),
              "bytes after a kill")
        equal(api("blob.get_size", blob), "5", "size")
        # each owner's, and nobody's
        others = [api("blob.create", text, True)] + [
            api(cls + ".create_new_blob", ref, "b", "") for cls, ref in (
                ("pool", pool), ("host", api("host.get_all")[0]),
                ("SR", b.sr(api)), ("network", api("network.get_all")[0]))]
        for other in others:
            equal(blob_request(b, api, "PUT", other, b"x")[0], 200, "upload")
        equal(len(kept_files(b)), 6, "files")
        copy = api("VM.clone", vm, "copy")
        equal(api("VM.get_blobs", copy), {}, "blobs of the copy")
        api("VM.destroy", copy)
        api("VM.destroy", vm)
        refused("HANDLE_INVALID", api, "blob.get_size", blob)
        equal(blob_request(b, api, "GET", blob)[0], 404, "its owner is gone")
        for other in others:
            api("blob.destroy", other)
        equal(api("pool.get_blobs", pool), {}, "blobs of the pool")
        equal(kept_files(b), [], "files")


def what_is_set_is_got():
    """Messages that few clients send, by what others tell afterwards."""
    with Bench() as b:
        api = b.ready()
        host, vm = api("host.get_all")[0], b.vm(api)
        methods = api("host.list_methods")
        check("VM.set_memory_static_range" in methods, "methods")
        api("host.set_hostname_live", host, "renamed")
        equal(api("host.get_hostname", host), "renamed", "hostname")
        mib = [str(n * MIB) for n in range(257)]
        api("VM.set_memory_static_max", vm, mib[256])
        api("VM.set_memory_static_min", vm, mib[64])
        equal([api("VM.get_memory_static_" + end, vm) for end in
               ("min", "max")], [mib[64], mib[256]], "static memory")
        refused("MEMORY_CONSTRAINT_VIOLATION_ORDER", api,
                "VM.set_memory_static_range", vm, mib[200], mib[100])
        equal(api("VM.get_possible_hosts", vm), [host], "hosts")
        equal(api("VM.get_cooperative", vm), True, "cooperative")
        equal(api("VM.get_boot_record", vm), api("VM.get_record", vm),
              "boot record")
        devices = api("VM.get_allowed_VBD_devices", vm)
        check("0" not in devices and "1" in devices, "devices of disks")
        devices = api("VM.get_allowed_VIF_devices", vm)
        check("0" not in devices and "1" in devices, "devices of NICs")
        task = api("task.create", "mine", "")
        api("task.set_progress", task, 0.5)
        equal(api("task.get_progress", task), 0.5, "progress")
        api("task.set_result", task, "<value>x</value>")
        api("task.set_error_info", task, ["CODE", "parameter"])
        record = api("task.get_record", task)
        equal((record["result"], record["error_info"]),
              ("<value>x</value>", ["CODE", "parameter"]), "task")
        message = api("message.create", "NOTE", "3", "VM",
                      api("VM.get_uuid", vm), "text")
        told = api("message.get_record", message)["timestamp"]
        check(message in api("message.get_since", DateTime(
            "20200101T00:00:00Z")), "not told of")
        check(message not in api("message.get_since", told), "told of")


def memory_and_boot_are_set_by_any_of_their_messages():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        mib = [str(n * MIB) for n in range(257)]

        def memory():
            return [int(api("VM.get_memory_" + end, vm)) // MIB for end in
                    ("static_min", "dynamic_min", "dynamic_max", "static_max")]
        api("VM.set_memory", vm, mib[256])
        equal(memory()[1:], [256, 256, 256], "memory")
        api("VM.set_memory_static_range", vm, mib[64], mib[256])
        api("VM.set_memory_dynamic_min", vm, mib[100])
        api("VM.set_memory_dynamic_max", vm, mib[200])
        equal(memory(), [64, 100, 200, 256], "memory")
        api("VM.set_memory_dynamic_range", vm, mib[128], mib[128])
        equal(memory(), [64, 128, 128, 256], "memory")
        refused("MEMORY_CONSTRAINT_VIOLATION_ORDER", api,
                "VM.set_memory_dynamic_min", vm, mib[129])
        equal(memory(), [64, 128, 128, 256], "memory")
        for policy, kind in (("BIOS order", "hvm"), ("", "pv")):
            api("VM.set_HVM_boot_policy", vm, policy)
            equal((api("VM.get_HVM_boot_policy", vm),
                   api("VM.get_domain_type", vm)), (policy, kind), "boot")
        for end, value in (("shutdown", "restart"), ("reboot", "destroy")):
            api("VM.set_actions_after_" + end, vm, value)
            equal(api("VM.get_actions_after_" + end, vm), value, end)
        api("VM.set_actions_after_shutdown", vm, "destroy")
        api("VM.set_actions_after_reboot", vm, "restart")
        equal([api("VM.get_actions_after_" + end, vm) for end in
               ("shutdown", "reboot")], ["destroy", "restart"], "actions")
        host = api("host.get_all")[0]
        api.run("VM.start_on", vm, host, True, False)
        equal((api("VM.get_power_state", vm), api("VM.get_resident_on", vm)),
              ("Paused", host), "state")


def hosts_go_and_come_back():
    """Poweroff's first half, restart, and the disabled host between."""
    with Bench() as b:
        api = b.ready()
        host, vm = api("host.get_all")[0], b.running(api)
        other = b.vm(api, name="other")
        api.run("host.prepare_for_poweroff", host)
        equal((api("VM.get_power_state", vm), api("host.get_enabled", host)),
              ("Halted", False), "before the power goes")
        refused("HOST_DISABLED", api.run, "VM.start_on", other, host, False,
                False)
        api("host.enable", host)
        equal(api("host.get_enabled", host), True, "enabled")
        api.run("VM.start", other, False, False)
        api("host.disable", host)
        api.run("host.reboot", host)
        equal(api("VM.get_power_state", other), "Halted", "its guest")
        until("the machine that started anew to be enabled",
              lambda: api("host.get_enabled", host))


def clocks_and_certificates_of_a_host():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]

        def clock(message):
            return calendar.timegm(time.strptime(
                api(message, host).value.rstrip("Z"), "%Y%m%dT%H:%M:%S"))
        api("host.set_timezone", host, "Asia/Kolkata")
        begin = int(time.time())
        utc = clock("host.get_servertime")
        local = clock("host.get_server_localtime")
        check(begin <= utc <= time.time() + 1, "UTC")
        check(begin + 19800 <= local <= time.time() + 19801, "local time")
        first = shown(b)
        api("host.emergency_reset_server_certificate")
        check(shown(b) != first, "the certificate is the old one")


def a_pool_of_one_is_always_in_step():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        api("pool.set_name_label", pool, "in step")
        api("pool.sync_database")
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        equal(api("pool.get_name_label", pool), "in step", "name")
        api("pool.enable_binary_storage")
        blob = api("pool.create_new_blob", pool, "notes", "text/plain", True)
        equal(api("pool.get_blobs", pool), {"notes": blob}, "blobs")
        api("pool.disable_client_certificate_auth", pool)
        equal(api("pool.get_client_certificate_auth_enabled", pool), False,
              "clients by certificate")
        ref = api("VMSS.create", {
            "name_label": "nightly", "name_description": "", "enabled": True,
            "type": "snapshot", "retained_snapshots": "7",
            "frequency": "daily", "schedule": {"hour": "3"}})
        api("VMSS.set_last_run_time", ref, DateTime("20260102T03:04:05Z"))
        equal(api("VMSS.get_last_run_time", ref).value, "20260102T03:04:05Z",
              "last run")


def roles_are_found_by_what_they_permit():
    with Bench() as b:
        api = b.ready()
        operator, reader = (
            api("role.get_by_name_label", name)[0]
            for name in ("vm-operator", "read-only"))
        (start,) = api("role.get_by_name_label", "vm.start")
        check(start in api("role.get_permissions", operator), "of operators")
        check(start not in api("role.get_permissions", reader), "of readers")
        found = api("role.get_by_permission", start)
        check(operator in found and reader not in found, "found %s" % found)


def what_is_wrong_with_a_blob_changes_nothing():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_all")[0]
        blobs = [api("pool.create_new_blob", pool, "b%d" % i, "")
                 for i in range(5)]
        full = b"x" * (8 * MIB)
        equal(blob_request(b, api, "PUT", blobs[0], full + b"x")[0], 400,
              "too large")
        equal(blob_request(b, api, "PUT", NOWHERE, b"x")[0], 404, "no blob")
        for blob in blobs[:4]:
            equal(blob_request(b, api, "PUT", blob, full)[0], 200, "full")
        equal(blob_request(b, api, "PUT", blobs[4], b"x")[0], 400,
              "beyond all")
        api("blob.destroy", blobs[0])
        # a client that goes away in between
        with tls().wrap_socket(socket.create_connection(
                ("127.0.0.1", b.https))) as s:
            s.sendall(("PUT /blob?ref=%s&session_id=%s HTTP/1.0\r\n"
                       "Content-Length: 100\r\n\r\nhalf" % (
                           blobs[4], api.session)).encode())
        equal(blob_request(b, api, "PUT", blobs[4], b"whole")[0], 200, "then")
        equal(blob_request(b, api, "GET", blobs[4])[1], b"whole", "bytes")
        until("the half to go", lambda: len(kept_files(b)) == 4)
        task = api("task.create", "upload", "")
        c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls())
        c.request("PUT", "/blob?ref=%s&session_id=%s&task_id=%s" % (
            blobs[4], api.session, task), b"by a task")
        equal(c.getresponse().status, 200, "with a task")
        until("the task", lambda: api("task.get_status", task) == "success")


if __name__ == "__main__":
    sys.exit(main([
        a_certificate_is_installed, a_certificate_is_renewed_under_load,
        a_certificate_that_is_not_good_changes_nothing,
        ca_certificates_and_crls_are_kept, trusted_certificates_are_records,
        there_are_not_too_many_to_trust, idle_cpus_sleep_as_deep_as_told,
        clients_are_known_by_their_names,
        the_daemon_starts_anew, the_daemon_counts,
        archives_are_written_when_asked, ssh_is_open_when_it_is_told_to,
        what_a_host_has_not_is_said, a_status_report_tells_what_it_may,
        a_secret_is_kept, many_messages_go_at_once, a_vm_is_in_one_group,
        a_schedule_says_when, an_appliance_starts_in_order,
        delays_lie_between_orders, one_that_fails_holds_nobody_up,
        vms_come_to_an_appliance_and_go, vms_start_with_the_host,
        the_host_goes_after_its_guests, logs_go_to_another_machine,
        a_pool_tells_what_it_has, telemetry_has_a_name_and_a_time,
        the_newest_event_has_the_current_id, a_user_of_the_old_way_is_a_record,
        a_blob_keeps_bytes, what_is_set_is_got,
        memory_and_boot_are_set_by_any_of_their_messages,
        hosts_go_and_come_back, clocks_and_certificates_of_a_host,
        a_pool_of_one_is_always_in_step, roles_are_found_by_what_they_permit,
        what_is_wrong_with_a_blob_changes_nothing]))
