"""xapi over the simulator: what an operator and a client see.

	scenarios.py [NAME...]
"""

import contextlib
import datetime
import hashlib
import html
import http.client
import json
import os
import shutil
import socket
import ssl
import sys
import tempfile
import threading
import time
import xmlrpc.client
from multiprocessing.pool import ThreadPool
from xmlrpc.client import DateTime

from bench import (MIB, PASSWORD, Api, Bench, Refused, check, equal, main,
                   refused, until)
from api import tls
from sweep import Wire


def state(api, vm):
    return api("VM.get_power_state", vm)


def a_vm_lives_and_dies():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        refused("VM_BAD_POWER_STATE", api.run, "VM.clean_shutdown", vm)
        api.run("VM.start", vm, False, False)
        equal(state(api, vm), "Running", "power state")
        equal(api("VM.get_resident_on", vm), api("host.get_all")[0],
              "resident_on")
        check(all(api("VBD.get_currently_attached", v)
                  for v in api("VM.get_VBDs", vm)), "VBD not attached")
        refused("VM_BAD_POWER_STATE", api.run, "VM.start", vm, False, False)
        api.run("VM.pause", vm)
        equal(state(api, vm), "Paused", "power state")
        refused("VM_BAD_POWER_STATE", api.run, "VM.clean_shutdown", vm)
        api.run("VM.unpause", vm)
        domid = api("VM.get_domid", vm)
        api.run("VM.clean_reboot", vm)
        equal(state(api, vm), "Running", "power state")
        check(api("VM.get_domid", vm) != domid, "the domain is the old one")
        api.run("VM.clean_shutdown", vm)
        equal(state(api, vm), "Halted", "power state")
        equal(api("VM.get_domid", vm), "-1", "domid")
        check(not any(api("VBD.get_currently_attached", v)
                      for v in api("VM.get_VBDs", vm)), "VBD attached")
        api("VM.destroy", vm)
        refused("HANDLE_INVALID", api, "VM.get_record", vm)


def a_disk_goes_in_and_out():
    with Bench() as b, tempfile.TemporaryDirectory() as d:
        api = b.ready()
        path = os.path.join(d, "disk")
        with open(path, "wb") as f:
            f.write(os.urandom(3 * MIB))
            f.truncate(8 * MIB)
        vdi = b.vdi(api, 8 * MIB)
        equal(api.import_vdi(vdi, path), 200, "status of the import")
        with open(path, "rb") as f:
            want = hashlib.sha256(f.read()).hexdigest()
        equal(api.export_vdi(vdi), (want, 8 * MIB), "what comes out")
        copy = api.run("VDI.clone", vdi, {})
        equal(api.export_vdi(copy), (want, 8 * MIB), "the clone")
        api.run("VDI.destroy", vdi)
        equal(api.export_vdi(copy), (want, 8 * MIB), "the clone alone")
        api.run("VDI.resize", copy, str(16 * MIB))
        equal(api("VDI.get_virtual_size", copy), str(16 * MIB), "size")
        equal(api.export_vdi(copy)[1], 16 * MIB, "size of the export")


def a_console_talks():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        console = api.console(vm)
        console.wait("I am up", 60)
        console.type("hello there\n")
        console.wait("hello there", 60)
        console.close()


def two_viewers_see_all_of_a_console():
    """Both get every byte; who comes later gets what was said before; what one
    of them does not read is not missed by the other."""
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        first, second = api.console(vm), api.console(vm)
        deaf = api.console(vm)
        for c in (first, second):
            c.wait("I am up", 60)
        said = ["word%d" % i for i in range(80)]
        for word in said:
            first.type(word + "\n")
        for c in (first, second):
            for word in said:
                c.wait(word + "\r", 60)
        second.type("from the other\n")
        first.wait("from the other", 60)
        late = api.console(vm)
        late.wait("word0\r", 60)
        late.wait("from the other", 60)
        for c in (first, second, late, deaf):
            c.close()


def devices_come_and_go():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        vdi = b.vdi(api)
        vbd = b.vbd(api, vm, vdi, "1")
        refused("DEVICE_ALREADY_DETACHED", api.run, "VBD.unplug", vbd)
        api.run("VBD.plug", vbd)
        refused("DEVICE_ALREADY_ATTACHED", api.run, "VBD.plug", vbd)
        refused("VDI_IN_USE", api.run, "VDI.destroy", vdi)
        api.run("VBD.unplug", vbd)
        check(not api("VBD.get_currently_attached", vbd), "still attached")
        api("VBD.destroy", vbd)
        api.run("VDI.destroy", vdi)
        vif = b.vif(api, vm, "1")
        api.run("VIF.plug", vif)
        check(api("VIF.get_currently_attached", vif), "not attached")
        api.run("VIF.unplug", vif)
        api("VIF.destroy", vif)


def xapi_is_killed_and_the_vm_runs_on():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        deaf = b.running(api, name="deaf", shutdown="ignore")
        domid = api("VM.get_domid", vm)
        stale = api("Async.VM.clean_shutdown", deaf)
        until("the shutdown to begin", lambda: api(
            "VM.get_current_operations", deaf))
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the VM to be found", lambda: state(api, vm) == "Running" and
              api("VM.get_domid", vm) == domid)
        until("the lock to go", lambda: not api(
            "VM.get_current_operations", deaf))
        try:
            check(api("task.get_status", stale) != "pending",
                  "the task of the dead xapi is pending")
        except Refused as e:
            equal(e.code, "HANDLE_INVALID", "error")
        api.run("VM.clean_shutdown", vm)
        equal(state(api, vm), "Halted", "power state")


def guests_that_change_while_xapi_is_down_are_found():
    with Bench() as b:
        api = b.ready()
        reboots, stops = (b.running(api, name=n) for n in ("a", "b"))
        uuids = [api("VM.get_uuid", v) for v in (reboots, stops)]
        domid = api("VM.get_domid", reboots)
        b.kill_xapi()
        b.control("guest %s reboot" % uuids[0])
        b.control("guest %s shutdown" % uuids[1])
        b.start_xapi()
        api = b.login()
        until("the stopped VM", lambda: state(api, stops) == "Halted")
        until("the rebooted VM", lambda: state(api, reboots) == "Running" and
              api("VM.get_domid", reboots) != domid)
        api.run("VM.start", stops, False, False)


def xenopsd_is_killed():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        b.kill_sim()
        try:
            api.run("VM.pause", vm)
            check(False, "paused without xenopsd")
        except Refused:
            pass
        b.start_sim()		# a simulator that starts has no domains
        until("the VM to be halted", lambda: state(api, vm) == "Halted")

        def starts():
            try:
                api.run("VM.start", vm, False, False)
                return True
            except Refused:
                return False
        until("the VM to start again", starts)


def errors_of_the_host_have_their_names():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        for code, error in (("no_memory", "HOST_NOT_ENOUGH_FREE_MEMORY"),
                            ("io", None), ("boot_failed", None)):
            b.control("fail vm_start " + code)
            try:
                api.run("VM.start", vm, False, False)
                check(False, "it started")
            except Refused as e:
                check(error in (None, e.code), "%r for %s" % (
                    e.args[0], code))
            equal(state(api, vm), "Halted", "power state after " + code)
            equal(api("VM.get_current_operations", vm), {}, "operations")
        b.control("fail vdi_create no_space")
        refused("SR_FULL", b.vdi, api)
        equal(len(api("VDI.get_all")), 1, "number of VDIs")
        api.run("VM.start", vm, False, False)


def a_slow_start_is_cancelled():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        b.control("delay vm_start 600000")
        task = api("Async.VM.start", vm, False, False)
        until("the start to begin", lambda: api(
            "VM.get_current_operations", vm))
        api("task.cancel", task)
        until("the end", lambda: api("task.get_status", task) != "pending")
        equal(api("task.get_status", task), "cancelled", "status")
        equal(state(api, vm), "Halted", "power state")
        b.control("clear")
        api.run("VM.start", vm, False, False)


def progress_is_seen():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        b.control("delay vm_start 3000")
        task = api("Async.VM.start", vm, False, False)
        seen = set()

        def done():
            seen.add(api("task.get_progress", task))
            return api("task.get_status", task) != "pending"
        until("the start", done)
        equal(api("task.get_status", task), "success", "status")
        check(any(0 < p < 1 for p in seen), "no progress: %s" % seen)


def a_deaf_guest_needs_force():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api, shutdown="ignore")

        def is_told():
            """Of the end: a clean one that xenopsd hears of after the hard
            one finds nothing to do."""
            task = api("Async.VM.clean_shutdown", vm)
            until("the shutdown to begin", lambda: api(
                "VM.get_current_operations", vm))
            api.run("VM.hard_shutdown", vm)
            equal(state(api, vm), "Halted", "power state")
            until("the clean one to end", lambda: ended(api, task))
            if api("task.get_status", task) != "success":
                return True
            api.run("VM.start", vm, False, False)
            return False
        until("a clean shutdown that is cut short", is_told)


def guests_act_by_themselves():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        uuid = api("VM.get_uuid", vm)
        domid = api("VM.get_domid", vm)
        b.control("guest %s reboot" % uuid)
        until("a new domain", lambda: api("VM.get_domid", vm) != domid)
        b.control("guest %s shutdown" % uuid)
        api.wait_field("VM", vm, "power_state", "Halted", 60)


def what_follows_an_end_may_change_while_it_runs():
    """For a running VM, one that starts, and when xapi was killed before it
    could tell xenopsd."""
    def ends(vm, action, restarts):
        domid = api("VM.get_domid", vm)
        b.control("guest %s %s" % (api("VM.get_uuid", vm), action))
        if restarts:
            until("a new domain", lambda: api("VM.get_domid", vm) not in (
                domid, "-1"))
        else:
            api.wait_field("VM", vm, "power_state", "Halted", 60)

    with Bench() as b:
        api = b.ready()
        for action in ("shutdown", "reboot", "crash"):
            setter = "VM.set_actions_after_" + action
            for first, then in (("destroy", "restart"),
                                ("restart", "destroy")):
                vm = b.vm(api)
                api(setter, vm, first)
                api.run("VM.start", vm, False, False)
                api(setter, vm, then)
                equal(api("VM.get_actions_after_" + action, vm), then, action)
                ends(vm, action, then == "restart")

        vm = b.vm(api)
        api("VM.set_actions_after_crash", vm, "destroy")
        b.control("delay vm_start 1500")
        task = api("Async.VM.start", vm, False, False)
        until("the start to begin", lambda: api(
            "VM.get_current_operations", vm))
        api("VM.set_actions_after_crash", vm, "restart")
        api.wait_task(task)
        b.control("clear")
        ends(vm, "crash", True)

        vm = b.vm(api, shutdown="ignore")
        api("VM.set_actions_after_crash", vm, "destroy")
        api.run("VM.start", vm, False, False)
        task = api("Async.VM.clean_shutdown", vm)
        until("the shutdown to begin", lambda: api(
            "VM.get_current_operations", vm))
        api("VM.set_actions_after_crash", vm, "restart")
        api("task.cancel", task)
        until("the shutdown to end", lambda: api(
            "task.get_status", task) != "pending")
        ends(vm, "crash", True)

        told = "'%s': what follows its end" % api("VM.get_uuid", vm)
        n = b.log("xenopsd-sim").count(told)
        b.control("fail vm_set_actions internal")
        api("VM.set_actions_after_crash", vm, "destroy")
        b.control("clear")
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        until("xenopsd to be told",
              lambda: b.log("xenopsd-sim").count(told) > n)
        ends(vm, "crash", False)


def no_password_no_login():
    with Bench(secret=False) as b:
        api = Api(b.https)
        for password in ("", "root", PASSWORD):
            refused("SESSION_AUTHENTICATION_FAILED", api.login, "root",
                    password)
    with Bench() as b:
        api = Api(b.https)
        for user, password in (("root", ""), ("root", "wrong"),
                               ("admin", PASSWORD), ("root", PASSWORD + "x")):
            refused("SESSION_AUTHENTICATION_FAILED", api.login, user,
                    password)
        api.login("root", PASSWORD)
        api.session = api.session[:-1] + (
            "0" if api.session[-1] != "0" else "1")
        refused("SESSION_INVALID", api, "host.get_all")


def a_bad_secret_is_told_once_a_minute():
    with Bench() as b:
        api = Api(b.https)
        path = b.path("secret")

        def told():
            with open(b.path("xapi.log")) as f:
                return [line for line in f if "nobody can log in" in line]
        with open(path) as f:
            good = f.read()
        with open(path, "w") as f:
            f.write("$6$cut")
        for _ in range(3):
            refused("SESSION_AUTHENTICATION_FAILED", api.login, "root",
                    PASSWORD)
        equal(len(told()), 1, "lines of the log")
        check(path in told()[0] and "no whole hash" in told()[0], told()[0])
        with open(path, "w") as f:
            f.write(good)
        api.login("root", PASSWORD)


def a_new_password_counts_at_once():
    with Bench() as b:
        api = b.ready()
        api("session.change_password", PASSWORD, "battery staple")
        refused("SESSION_AUTHENTICATION_FAILED", Api(b.https).login, "root",
                PASSWORD)
        b.login("battery staple")


def a_new_password_wants_the_old_one():
    with Bench() as b:
        api = b.ready()
        for new in ("short", "x" * 257, "line\nbreak"):
            refused("CHANGE_PASSWORD_REJECTED", api,
                    "session.change_password", PASSWORD, new)
        for old in ("", "wrong", PASSWORD + "x"):
            refused("CHANGE_PASSWORD_REJECTED", api,
                    "session.change_password", old, "battery staple")
        api("session.change_password", PASSWORD, "x" * 256)
        b.login("x" * 256)
        # Whoever has a session cannot guess on and on.
        waits = False
        for _ in range(40):
            try:
                api("session.change_password", "wrong", "battery staple")
            except Refused as e:
                waits = waits or "wait" in str(e)
        check(waits, "xenopsd takes any number of guesses")
        b.login("x" * 256)


def login_from(b, address, password):
    """A login over a connection from this address of the loopback."""
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls(),
                                    source_address=(address, 0), timeout=60)
    c.request("POST", "/jsonrpc", json.dumps({
        "jsonrpc": "2.0", "id": 1, "method": "session.login_with_password",
        "params": ["root", password, "1.0", "guess"]}))
    answer = json.loads(c.getresponse().read())
    c.close()
    return answer


def guessers_wait_and_leave_few_lines():
    with Bench() as b:
        b.ready()
        for i in range(60):
            check("error" in login_from(b, "127.0.0.2", "guess %d" % i),
                  "a guess is right")
        check("wait" in login_from(b, "127.0.0.2", PASSWORD)["error"]
              ["data"][1], "a guesser goes on")
        check("result" in login_from(b, "127.0.0.3", PASSWORD),
              "a guesser locks out others")
        b.login()
        with open(b.path("xapi.log")) as f:
            told = [line for line in f if "refused a login" in line]
        check(0 < len(told) < 10, "%d lines for 60 guesses" % len(told))


def raw_exchange(b, data, shut=True):
    """What comes back for these bytes over TLS."""
    with socket.create_connection(("127.0.0.1", b.https), timeout=30) as s:
        with tls().wrap_socket(s) as t:
            try:
                t.sendall(data)
                if shut:
                    socket.socket.shutdown(t, socket.SHUT_WR)
            except (OSError, ssl.SSLError):
                pass
            got = b""
            try:
                while len(got) < 1 << 16:
                    more = t.recv(4096)
                    if not more:
                        break
                    got += more
            except (OSError, ssl.SSLError):
                pass
            return got


def bad_requests_harm_nobody():
    with Bench() as b:
        api = b.ready()
        head = b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        body = b"<?xml version='1.0'?><methodCall><methodName>system."
        answer = raw_exchange(b, head % 5000 + body)	# truncated
        check(b" 400 " in answer.split(b"\r\n")[0], "truncated: %r" %
              answer[:100])
        raw_exchange(b, b"\x00\xff" * 500)
        raw_exchange(b, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100000)
        answer = raw_exchange(b, head % (1 << 40) + body, shut=False)
        check(b" 500 " in answer.split(b"\r\n")[0], "oversized: %r" %
              answer[:100])
        deep = b"<methodCall><methodName>x</methodName><params>" + \
            b"<param><value><array><data>" * 5000
        answer = raw_exchange(b, head % len(deep) + deep, shut=False)
        check(answer.startswith(b"HTTP/1.1 "), "deep: %r" % answer[:100])
        refused("MESSAGE_METHOD_UNKNOWN", api, "VM.fly_to_the_moon")
        equal(len(api("host.get_all")), 1, "number of hosts")
        equal(b.xapi.poll(), None, "xapi")


def http_wants_https():
    with Bench() as b:
        b.ready()
        c = http.client.HTTPConnection("127.0.0.1", b.http, timeout=30)
        c.request("GET", "/")
        answer = c.getresponse()
        answer.read()
        check(answer.status in (301, 302, 307, 308), "status %d" %
              answer.status)
        check(answer.getheader("Location", "").startswith("https://"),
              "no redirect to https")
        c.close()


def starts_and_stops_leave_nothing():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        for _ in range(10):
            api.run("VM.start", vm, False, False)
            api.run("VM.hard_shutdown", vm)
        equal(state(api, vm), "Halted", "power state")
        equal(os.listdir(b.path("host/use")), [], "disks in use")


def sync_calls_wait_and_async_calls_do_not():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        b.control("delay vm_start 1500")
        start = time.monotonic()
        task = api("Async.VM.start", vm, False, False)
        check(time.monotonic() - start < 1.4, "Async waited")
        api.wait_task(task)
        api.run("VM.hard_shutdown", vm)
        start = time.monotonic()
        api("VM.start", vm, False, False)
        check(time.monotonic() - start >= 1.4, "the call did not wait")


def press(api, vm, done, method, what):
    """Only a guest that is up hears it."""
    def once():
        if not done():
            try:
                api(method, vm, what)
            except Refused:
                pass        # it is between two lives
        return done()
    until("what %s does" % what, once)


def keys_and_buttons_of_a_guest_work():
    def halted():
        return state(api, vm) == "Halted"

    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        for method, what in (("VM.send_sysrq", "o"),
                             ("VM.send_trigger", "nmi")):
            refused("VM_BAD_POWER_STATE", api, method, vm, what)
        api.run("VM.start", vm, False, False)
        for bad in ("", "bb", "\t", "\u00e4"):
            refused("INVALID_VALUE", api, "VM.send_sysrq", vm, bad)
        refused("INVALID_VALUE", api, "VM.send_trigger", vm, "explode")
        refused("VM_HVM_REQUIRED", api, "VM.send_trigger", vm, "power")
        was = api("VM.get_domid", vm)
        press(api, vm, lambda: state(api, vm) == "Running" and
              api("VM.get_domid", vm) not in (was, "-1"),
              "VM.send_sysrq", "b")
        press(api, vm, halted, "VM.send_sysrq", "o")
        api("VM.set_HVM_boot_policy", vm, "BIOS order")
        api("VM.set_domain_type", vm, "hvm")
        api.run("VM.start", vm, False, False)
        api.run("VM.pause", vm)
        refused("VM_BAD_POWER_STATE", api, "VM.send_trigger", vm, "power")
        api.run("VM.unpause", vm)
        press(api, vm, halted, "VM.send_trigger", "power")


def a_key_ends_a_guest_that_does_not_shut_down():
    """While its clean shutdown waits for it."""
    with Bench() as b:
        api = b.ready()
        vm = b.running(api, name="deaf", shutdown="ignore")
        task = api("Async.VM.clean_shutdown", vm)
        until("its shutdown", lambda: "clean_shutdown" in api(
            "VM.get_current_operations", vm).values())
        # it was up before its shutdown began, or comes up meanwhile
        press(api, vm, lambda: api("task.get_status", task) != "pending",
              "VM.send_sysrq", "o")
        equal(state(api, vm), "Halted", "the guest")


def each_request_may_fail_once():
    """xenopsd refuses; nothing has changed, and the second try works."""
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        spare = b.vdi(api)
        vbd = b.vbd(api, vm, spare, "1")
        vif = b.vif(api, vm, "1")
        api.run("VM.start", vm, False, False)
        api.run("VBD.unplug", vbd)
        api.run("VIF.unplug", vif)
        for message, method, args in (
                ("vm_pause", "VM.pause", (vm,)),
                ("vm_unpause", "VM.unpause", (vm,)),
                ("vm_sysrq", "VM.send_sysrq", (vm, "h")),
                ("vbd_plug", "VBD.plug", (vbd,)),
                ("vbd_unplug", "VBD.unplug", (vbd,)),
                ("vif_plug", "VIF.plug", (vif,)),
                ("vif_change", "VIF.set_locking_mode", (vif, "unlocked")),
                ("vif_unplug", "VIF.unplug", (vif,)),
                ("vm_reboot", "VM.clean_reboot", (vm,)),
                ("vm_reboot", "VM.hard_reboot", (vm,)),
                ("vm_shutdown", "VM.clean_shutdown", (vm,)),
                ("vdi_resize", "VDI.resize", (spare, str(8 * MIB))),
                ("vdi_clone", "VDI.clone", (spare, {})),
                ("vm_start", "VM.start", (vm, False, False)),
                ("vm_shutdown", "VM.hard_shutdown", (vm,)),
                ("vdi_destroy", "VDI.destroy", (spare,))):
            before = state(api, vm), len(api("VDI.get_all"))
            b.control("fail %s internal" % message)
            try:
                api.run(method, *args)
                check(False, method + " did not fail")
            except Refused:
                pass
            equal((state(api, vm), len(api("VDI.get_all"))), before,
                  "state after a failed " + method)
            for cls, ref in (("VM", vm), ("VBD", vbd), ("VIF", vif),
                             ("VDI", spare)):
                equal(api(cls + ".get_current_operations", ref), {},
                      "operations after a failed " + method)
            api.run(method, *args)


def xapi_is_killed_at_any_time():
    """What was acknowledged is there, and nothing hangs on."""
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        made = []
        for i in range(8):
            task = (api("Async.VM.start", vm, False, False)
                    if state(api, vm) == "Halted"
                    else api("Async.VM.hard_reboot", vm))
            deadline = time.monotonic() + 0.02 * i
            while time.monotonic() < deadline:
                made.append(b.vdi(api, MIB, "disk %d" % len(made)))
            b.kill_xapi()
            b.start_xapi()
            api = b.login()
            names = {r["name_label"] for r in
                     api("VDI.get_all_records").values()}
            check(names >= {"disk %d" % n for n in range(len(made))},
                  "an acknowledged disk is gone")
            until("the locks to go", lambda: not api(
                "VM.get_current_operations", vm))
            until("the task to end", lambda: ended(api, task))
            until("the VM to be settled", lambda: state(api, vm) in (
                "Halted", "Running"))
        if state(api, vm) == "Running":
            api.run("VM.clean_shutdown", vm)
        api.run("VM.start", vm, False, False)


def ended(api, task):
    try:
        return api("task.get_status", task) != "pending"
    except Refused as e:
        return e.code == "HANDLE_INVALID"


def vms_are_found_while_storage_hangs():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        b.control("delay sr_attach 600000")
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the VM to be found", lambda: api(
            "VM.get_allowed_operations", vm))
        b.control("guest %s shutdown" % api("VM.get_uuid", vm))
        until("the guest's end", lambda: state(api, vm) == "Halted")
        b.kill_xapi()


def attached(api):
    return [r["currently_attached"]
            for r in api("PBD.get_all_records").values()]


def an_sr_that_failed_once_is_back_the_next_time():
    with Bench() as b:
        api = b.ready()
        b.control("fail sr_attach io")
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the failure", lambda: attached(api) == [False])
        refused("SR_NOT_ATTACHED", b.vdi, api)
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the SR", lambda: attached(api) == [True])
        b.control("die sr_attach")
        b.kill_xapi()
        b.start_xapi()
        b.sim.wait()
        os.unlink(b.path("host/control.sock"))
        b.start_sim()
        api = b.login()
        until("the SR", lambda: makes_a_disk(b, api))
        equal(attached(api), [True], "currently_attached")


def install(b, device="/dev/sda6"):
    """The simulated host keeps a partition for its SR, and xapi starts
    afresh."""
    b.kill_sim()
    b.kill_xapi()
    shutil.rmtree(b.path("xapi"))
    os.mkdir(b.path("xapi"), 0o700)
    with open(b.path("host/installed"), "w") as f:
        f.write(device)
    b.start_sim()
    b.start_xapi()


def the_local_sr(api):
    """Its record, after checking that it is the only one and all point at
    it."""
    refs = api("SR.get_all")
    equal(len(refs), 1, "SRs")
    sr = api("SR.get_record", refs[0])
    equal(sr["name_label"], "Local storage", "name")
    equal(sr["type"], "lvm", "type")
    pbds = [api("PBD.get_record", p) for p in sr["PBDs"]]
    equal([p["device_config"] for p in pbds], [{"device": "/dev/sda6"}],
          "device_config")
    equal([p["currently_attached"] for p in pbds], [True], "attached")
    pool = api("pool.get_record", api("pool.get_all")[0])
    host = api("host.get_record", api("host.get_all")[0])
    equal((pool["default_SR"], pool["suspend_image_SR"],
           host["suspend_image_sr"]), (refs[0],) * 3, "what points at it")
    check("local_sr" not in host, "an inner field is shown")
    return sr


def an_installed_host_has_its_local_sr_once():
    with Bench() as b:
        install(b)
        api = b.ready()
        sr = the_local_sr(api)
        vdi = api("VDI.get_uuid", b.vdi(api, name="kept"))
        b.kill_xapi()
        b.start_xapi()
        equal(the_local_sr(b.ready())["uuid"], sr["uuid"], "uuid")
        # a new installation that leaves the partition alone
        install(b)
        api = b.ready()
        equal(the_local_sr(api)["uuid"], sr["uuid"], "uuid")
        kept = until("the disk", lambda: api("VDI.get_all"))
        equal([(api("VDI.get_uuid", v), api("VDI.get_name_label", v))
               for v in kept], [(vdi, "kept")], "disks")
        # what the operator took away stays away
        api.run("VDI.destroy", kept[0])
        pbd = api("PBD.get_all")[0]
        api.run("PBD.unplug", pbd)
        api.run("SR.destroy", api("SR.get_all")[0])
        b.kill_xapi()
        b.start_xapi()
        b.login()
        b.kill_sim()
        b.start_sim()
        api = b.login()
        until("xenopsd", lambda: makes_an_sr(api, "/dev/sda6"))
        equal(len(api("SR.get_all")), 1, "SRs")


def makes_an_sr(api, device):
    try:
        return api.run("SR.create", api("host.get_all")[0],
                       {"device": device}, "0", "by hand", "", "lvm", "",
                       False, {})
    except Refused:
        return None


def what_stops_the_local_sr_does_not_stop_it_for_good():
    with Bench() as b:
        # xenopsd's end, when it is asked for it
        b.faults = "die sr_local"
        install(b)
        b.sim.wait()
        os.unlink(b.path("host/control.sock"))
        b.faults = ""
        b.start_sim()
        uuid = the_local_sr(b.ready())["uuid"]
        # a partition that cannot be used is told once, and may work later
        b.faults = "fail sr_local device_not_usable 0 0"
        install(b)
        for _ in range(2):
            api = b.login()
            told = until("the message", lambda: [
                m for m in api("message.get_all_records").values()
                if m["name"] == "LOCAL_SR_FAILED"])
            equal(len(told), 1, "messages")
            equal(api("SR.get_all"), [], "SRs")
            b.kill_xapi()
            b.start_xapi()
        b.control("clear")
        b.kill_xapi()
        b.start_xapi()
        equal(the_local_sr(b.ready())["uuid"], uuid, "uuid")


def makes_a_disk(b, api):
    try:
        return b.vdi(api)
    except Refused:
        return None


def a_transfer_does_not_outlive_its_lease():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api)
        task = api("task.create", "import", "")
        with socket.create_connection(("127.0.0.1", b.https), 60) as s:
            s = tls().wrap_socket(s)
            s.sendall(("PUT /import_raw_vdi?session_id=%s&vdi=%s&task_id=%s"
                       " HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (
                           api.session, vdi, task, 4 * MIB)).encode() +
                      b"x" * MIB)
            until("the first bytes", lambda: api("task.get_progress", task))
            b.kill_sim()
            b.start_sim()
            until("xenopsd", lambda: makes_a_disk(b, api))
            check(api("VDI.get_current_operations", vdi),
                  "the lock is gone while the transfer runs")
            s.sendall(b"x" * MIB)
            until("the end", lambda: ended(api, task))
        equal(api("task.get_error_info", task)[0], "VDI_IO_ERROR", "error")
        equal(api("VDI.get_current_operations", vdi), {}, "operations")


def memory_that_was_just_freed_is_there():
    with Bench() as b:
        api = b.ready()
        first, second = (b.vm(api, name=n) for n in ("first", "second"))
        host = api("host.get_all")[0]
        size = str(int(api("host.compute_free_memory", host)) - 512 * MIB)
        for vm in (first, second):
            api("VM.set_memory_limits", vm, size, size, size, size)
        api.run("VM.start", first, False, False)
        refused("HOST_NOT_ENOUGH_FREE_MEMORY", api.run, "VM.start", second,
                False, False)
        b.control("delay host_get 600000")      # what xapi knows grows old
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        api.run("VM.hard_shutdown", first)
        api.run("VM.start", second, False, False)
        b.kill_xapi()


def a_disk_that_others_have_or_nobody_has_starts_no_vm():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        vbd = api("VM.get_VBDs", vm)[0]
        vdi = api("VBD.get_VDI", vbd)
        host = api("host.get_all")[0]
        task = api("task.create", "import", "")
        with tls().wrap_socket(socket.create_connection(
                ("127.0.0.1", b.https), 60)) as s:
            s.sendall(("PUT /import_raw_vdi?session_id=%s&vdi=%s&task_id=%s"
                       " HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (
                           api.session, vdi, task, 4 * MIB)).encode())
            until("the import", lambda: api(
                "VDI.get_current_operations", vdi))
            refused("VDI_IN_USE", api.run, "VM.start", vm, False, False)
            refused("VDI_IN_USE", api, "VM.assert_can_boot_here", vm, host)
            refused("VDI_IN_USE", api, "VBD.assert_attachable", vbd)
        until("the end", lambda: ended(api, task))
        until("the disk", lambda: not api("VDI.get_current_operations", vdi))
        uuid = api("VDI.get_uuid", vdi)
        gone = [os.path.join(folder, name)
                for folder, _, names in os.walk(b.path("host"))
                for name in names if uuid in name]
        check(gone, "no file of the disk")
        for path in gone:
            os.unlink(path)
        equal(refused("VDI_MISSING", api.run, "VM.start", vm, False, False),
              [b.sr(api), vdi], "parameters")
        check(api("VDI.get_missing", vdi), "not marked as missing")
        refused("VDI_MISSING", api.run, "VM.start", vm, False, False)


def a_blocked_operation_is_refused():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        api("VM.add_to_blocked_operations", vm, "start", "not today")
        refused("MAP_DUPLICATE_KEY", api, "VM.add_to_blocked_operations", vm,
                "start", "nor tomorrow")
        equal(api("VM.get_blocked_operations", vm), {"start": "not today"},
              "blocked")
        check("start" not in api("VM.get_allowed_operations", vm), "listed")
        equal(refused("OPERATION_BLOCKED", api.run, "VM.start", vm, False,
                      False), [vm, "not today"], "parameters")
        api("VM.set_blocked_operations", vm, {"start": "", "destroy": "mine"})
        refused("OPERATION_BLOCKED", api.run, "VM.destroy", vm)
        api.run("VM.remove_from_blocked_operations", vm, "start")
        check("start" in api("VM.get_allowed_operations", vm), "not listed")
        api.run("VM.start", vm, False, False)
        equal(api("VM.get_record", vm)["blocked_operations"],
              {"destroy": "mine"}, "blocked")


def a_shutdown_goes_no_blocked_way():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        for op in "shutdown", "clean_shutdown":
            api("VM.set_blocked_operations", vm, {op: "mine"})
            for call in api, api.run:
                equal(refused("OPERATION_BLOCKED", call, "VM.shutdown", vm),
                      [vm, "mine"], "parameters")
            equal(state(api, vm), "Running", "power state")
        api("VM.set_blocked_operations", vm, {"hard_shutdown": "mine"})
        api.run("VM.pause", vm)
        refused("OPERATION_BLOCKED", api, "VM.shutdown", vm)
        equal(state(api, vm), "Paused", "power state")
        api.run("VM.unpause", vm)
        api("VM.shutdown", vm)
        equal(state(api, vm), "Halted", "power state")
        api("VM.set_blocked_operations", vm, {"power_state_reset": "mine"})
        refused("OPERATION_BLOCKED", api, "VM.power_state_reset", vm)
        api("VM.set_blocked_operations", vm,
            {"update_allowed_operations": "mine"})
        refused("OPERATION_BLOCKED", api, "VM.update_allowed_operations", vm)


def an_sr_is_left_alone_while_something_is_done_to_it():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api)
        b.control("delay sr_scan 3000")
        scan = api("Async.SR.scan", b.sr(api))
        until("the scan", lambda: api("SR.get_current_operations", b.sr(api)))
        check("vdi_create" not in api("SR.get_allowed_operations", b.sr(api)),
              "vdi_create is listed")
        made = b.vdi(api)           # waits for it
        check(ended(api, scan), "a disk was made beside the scan")
        for ref in vdi, made:
            check(not api("VDI.get_missing", ref), "marked as missing")
        api("PBD.unplug", api("SR.get_PBDs", b.sr(api))[0])
        refused("SR_NOT_ATTACHED", b.vdi, api)


def a_copy_of_a_disk_in_another_sr_changes_nothing_about_it():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api)
        other = api("SR.create", api("host.get_all")[0],
                    {"location": "memory"}, "0", "s", "", "file", "user",
                    False, {})
        before = api("VDI.get_record", vdi)
        with open(b.path("host/sr/%s/%s.raw" % (
                api("SR.get_uuid", other), before["uuid"])), "wb") as f:
            f.truncate(MIB)
        api("SR.scan", other)
        equal(api("VDI.get_record", vdi), before, "the record")
        equal(api("SR.get_VDIs", other), [], "the other SR's disks")


def what_led_to_an_sr_that_is_forgotten_leads_nowhere():
    with Bench() as b:
        api = b.ready()
        vm, pool = b.vm(api), api("pool.get_all")[0]
        sr = api("SR.create", api("host.get_all")[0], {"location": "memory"},
                 "0", "s", "", "file", "user", False, {})
        api("VM.set_suspend_SR", vm, sr)
        api("pool.set_suspend_image_SR", pool, sr)
        api("PBD.unplug", api("SR.get_PBDs", sr)[0])
        api("SR.forget", sr)
        equal(api("VM.get_suspend_SR", vm), "OpaqueRef:NULL", "suspend_SR")
        equal(api("pool.get_suspend_image_SR", pool), "OpaqueRef:NULL",
              "suspend_image_SR")


def a_disk_is_in_a_vm_only_once():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        vdi = api("VBD.get_VDI", api("VM.get_VBDs", vm)[0])
        twice = b.vbd(api, vm, vdi, "1")
        equal(refused("VDI_IN_USE", api.run, "VM.start", vm, False, False),
              [vdi, "attach"], "parameters")
        api("VBD.destroy", twice)
        api.run("VM.start", vm, False, False)
        twice = b.vbd(api, vm, vdi, "1")
        refused("VDI_IN_USE", api.run, "VBD.plug", twice)


def the_control_domain_is_no_guest():
    with Bench() as b:
        api = b.ready()
        dom0 = [vm for vm, r in api("VM.get_all_records").items()
                if r["is_control_domain"]][0]
        equal(refused("VM_BAD_POWER_STATE", api.run, "VM.start", dom0, False,
                      False), [dom0, "halted", "running"], "parameters")
        refused("OPERATION_NOT_ALLOWED", api.run, "VM.clean_shutdown", dom0)
        refused("OPERATION_NOT_ALLOWED", api.run, "VM.hard_reboot", dom0)
        vif = b.vif(api, dom0, "0")
        refused("OPERATION_NOT_ALLOWED", api.run, "VIF.plug", vif)
        equal(api("VIF.get_allowed_operations", vif), ["attach"], "allowed")


def odd_devices_and_names_are_refused():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        record = api("VIF.get_record", api("VM.get_VIFs", vm)[0])
        for device in "", " 5", "+5", "-1", "5x", "32":
            refused("INVALID_DEVICE", api, "VIF.create",
                    dict(record, device=device, MAC=""))
        for mac in ("+2:00:00:00:00:01", "0x:00:00:00:00:01",
                    " 2:00:00:00:00:01", "02:00:00:00:00:1",
                    "02-00-00-00-00-01", "01:00:00:00:00:01"):
            refused("MAC_INVALID", api, "VIF.create",
                    dict(record, device="5", MAC=mac))
        vif = api("VIF.create",
                  dict(record, device="5", MAC="02:AB:cd:00:00:01"))
        equal(api("VIF.get_MAC", vif), "02:ab:cd:00:00:01", "MAC")
        net = {"name_label": "inside", "other_config": {}}
        bridge = api("network.get_bridge", api("network.create", net))
        for managed in True, False:
            refused("BRIDGE_NAME_EXISTS", api, "network.create",
                    dict(net, bridge=bridge, managed=managed))
        mine = api("network.create", dict(net, bridge="mine"))
        equal(api("network.get_bridge", mine), "mine", "bridge")
        refused("INVALID_VALUE", api, "network.create",
                dict(net, bridge="", managed=False))
        refused("INVALID_VALUE", api, "network.create",
                dict(net, bridge="a-much-too-long-name"))


def a_disk_that_a_guest_writes_to_is_not_cloned():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        vdi = api("VBD.get_VDI", api("VM.get_VBDs", vm)[0])
        for name in "snapshot", "clone":
            check(name not in api("VDI.get_allowed_operations", vdi),
                  name + " is listed")
            equal(refused("VDI_IN_USE", api.run, "VDI." + name, vdi, {}),
                  [vdi, name], "parameters")
        api.run("VM.hard_shutdown", vm)
        check("snapshot" in api("VDI.get_allowed_operations", vdi),
              "snapshot is not listed")
        api.run("VDI.snapshot", vdi, {})


def a_vm_knows_its_type_from_the_start():
    with Bench() as b:
        api = b.ready()
        record = api("VM.get_record", b.vm(api))
        for given, policy, made, its_policy in (
                ("unspecified", "", "pv", ""),
                ("unspecified", "BIOS order", "hvm", "BIOS order"),
                ("hvm", "", "hvm", "BIOS order"),
                ("pvh", "BIOS order", "pvh", "")):
            vm = api("VM.create", dict(record, domain_type=given,
                                       HVM_boot_policy=policy))
            equal((api("VM.get_domain_type", vm),
                   api("VM.get_HVM_boot_policy", vm)), (made, its_policy),
                  "type and policy")
        template = [t for t, r in api("VM.get_all_records").items()
                    if r["is_default_template"]][0]
        api.run("VM.provision", template)
        check(not api("VM.get_is_default_template", template),
              "a VM is the default template")
        api.run("VM.destroy", template)


def an_sr_keeps_its_pbd_while_it_is_plugged():
    with Bench() as b:
        api = b.ready()
        pbd = api("SR.get_PBDs", b.sr(api))[0]
        api.run("PBD.unplug", pbd)
        b.control("delay sr_attach 600000")
        task = api("Async.PBD.plug", pbd)
        until("the plug to begin", lambda: api(
            "SR.get_current_operations", b.sr(api)))
        refused("OTHER_OPERATION_IN_PROGRESS", api, "PBD.destroy", pbd)
        api("task.cancel", task)
        until("the end", lambda: ended(api, task))
        api("PBD.destroy", pbd)


def a_paused_guest_gets_its_cd():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        record = api("VBD.get_record", api("VM.get_VBDs", vm)[0])
        cd = api("VBD.create", dict(record, userdevice="3", type="CD",
                                    mode="RO", empty=True, bootable=False,
                                    VDI="OpaqueRef:NULL"))
        api.run("VM.pause", vm)
        api.run("VBD.insert", cd, b.vdi(api))
        check(api("VBD.get_currently_attached", cd), "not attached")
        api.run("VM.unpause", vm)
        api.run("VM.clean_reboot", vm)
        check(api("VBD.get_currently_attached", cd), "lost by the reboot")
        api.run("VBD.eject", cd)


def an_sr_in_use_names_the_disk():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        pbd = api("SR.get_PBDs", b.sr(api))[0]
        vdi = api("VBD.get_VDI", api("VM.get_VBDs", vm)[0])
        equal(refused("VDI_IN_USE", api.run, "PBD.unplug", pbd),
              [vdi, "unplug"], "parameters")
        api.run("VM.hard_shutdown", vm)
        api.run("PBD.unplug", pbd)


def a_drive_changes_its_mode_while_its_vm_is_off():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        vbd = api("VM.get_VBDs", vm)[0]
        record = api("VDI.get_record", api("VBD.get_VDI", vbd))
        fixed = api("VDI.create", dict(record, read_only=True))
        other = api("VBD.create", dict(api("VBD.get_record", vbd), mode="RO",
                                       VDI=fixed, userdevice="1"))
        refused("VDI_READONLY", api, "VBD.set_mode", other, "RW")
        api("VBD.set_mode", vbd, "RO")
        api("VBD.set_mode", vbd, "RW")
        api("VBD.assert_attachable", vbd)
        api.run("VM.start", vm, False, False)
        equal(refused("VM_BAD_POWER_STATE", api, "VBD.set_mode", vbd, "RO"),
              [vm, "halted", "running"], "parameters")
        refused("DEVICE_ALREADY_ATTACHED", api, "VBD.assert_attachable", vbd)


def a_starting_vm_keeps_its_devices():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        vbd, vif = api("VM.get_VBDs", vm)[0], api("VM.get_VIFs", vm)[0]
        b.control("delay vm_start 600000")
        task = api("Async.VM.start", vm, False, False)
        until("the start to begin", lambda: api(
            "VM.get_current_operations", vm))
        for call in (("VBD.destroy", vbd), ("VBD.set_mode", vbd, "RO"),
                     ("VIF.destroy", vif)):
            equal(refused("OTHER_OPERATION_IN_PROGRESS", api, *call),
                  ["VM", vm, "start", task], "parameters")
        api("task.cancel", task)
        until("the end", lambda: ended(api, task))
        api("VBD.set_mode", vbd, "RO")
        api("VBD.destroy", vbd)
        api("VIF.destroy", vif)


def an_error_names_the_field_and_what_was_sent():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)

        def invalid(method, field, value):
            equal(refused("INVALID_VALUE", api, method, vm, value),
                  [field, value], "parameters")
        api("VM.set_VCPUs_max", vm, "4")
        api("VM.set_VCPUs_at_startup", vm, "2")
        for value in "0", "-1", str(-(1 << 63)), "1":
            invalid("VM.set_VCPUs_max", "VCPUs_max", value)
        for value in "0", "-7", "5", str((1 << 63) - 1):
            invalid("VM.set_VCPUs_at_startup", "VCPUs_at_startup", value)
        for field in ("static_min", "static_max", "dynamic_min",
                      "dynamic_max"):
            invalid("VM.set_memory_" + field, "memory_" + field, "-1")
        record = dict(api("VM.get_record", vm), VCPUs_max="-3")
        equal(refused("INVALID_VALUE", api, "VM.create", record),
              ["VCPUs_max", "-3"], "parameters")
        disk = api("VDI.get_record", b.vdi(api))
        for size in "0", "-5":
            equal(refused("INVALID_VALUE", api, "VDI.create",
                          dict(disk, virtual_size=size)),
                  ["virtual_size", size], "parameters")


def memory_limits_keep_their_order():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        for call in (("set_memory_dynamic_max", str(1 << 40)),
                     ("set_memory_static_min", str(1 << 40)),
                     ("set_memory_static_max", str(64 * MIB)),
                     ("set_memory_dynamic_range", str(96 * MIB),
                      str(64 * MIB))):
            equal(refused("MEMORY_CONSTRAINT_VIOLATION_ORDER", api,
                          "VM." + call[0], vm, *call[1:]), [], "parameters")
        record = dict(api("VM.get_record", vm),
                      memory_static_max=str(64 * MIB))
        refused("MEMORY_CONSTRAINT_VIOLATION_ORDER", api, "VM.create", record)


def setters_take_any_order():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        api("VM.hard_shutdown", vm)
        api("VM.set_VCPUs_max", vm, "3")
        api.run("VM.start", vm, False, False)
        domid = api("VM.get_domid", vm)
        api("VM.set_VCPUs_at_startup", vm, "2")
        equal(api("VM.get_VCPUs_at_startup", vm), "2", "at startup")
        equal(api("VM.get_domid", vm), domid, "domain")
        refused("VM_BAD_POWER_STATE", api, "VM.set_VCPUs_max", vm, "2")
        api.run("VM.hard_shutdown", vm)
        api.run("VM.start", vm, False, False)
        equal(api("VM_metrics.get_VCPUs_number", api("VM.get_metrics", vm)),
              "2", "vCPUs")
        api.run("VM.hard_shutdown", vm)
        api("VM.remove_from_platform", vm, "cores-per-socket")
        api("VM.add_to_platform", vm, "cores-per-socket", "4")
        equal(refused("VCPU_MAX_NOT_CORES_PER_SOCKET_MULTIPLE", api.run,
                      "VM.start", vm, False, False), ["3", "4"], "parameters")
        api("VM.set_VCPUs_max", vm, "6")
        api("VM.set_VCPUs_max", vm, "8")
        api.run("VM.start", vm, False, False)


def only_a_template_is_provisioned():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        equal(refused("PROVISION_ONLY_ALLOWED_ON_TEMPLATE", api.run,
                      "VM.provision", vm), [], "parameters")
        check("provision" not in api("VM.get_allowed_operations", vm),
              "provision is allowed")
        api("VM.set_is_a_template", vm, True)
        allowed = api("VM.get_allowed_operations", vm)
        check("provision" in allowed, "provision is not allowed")
        check("start" not in allowed, "a template may start")
        api.run("VM.provision", vm)
        check(not api("VM.get_is_a_template", vm), "still a template")


def what_cannot_start_says_which_field():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        big = str(1 << 62)

        def start(code, *params):
            equal(refused(code, api.run, "VM.start", vm, False, False)[
                :len(params)], list(params), "parameters of " + code)
            refused(code, api, "VM.assert_can_boot_here", vm,
                    api("host.get_all")[0])
        memory = ["memory_" + n for n in (
            "static_min", "static_max", "dynamic_min", "dynamic_max")]
        before = [api("VM.get_" + n, vm) for n in memory]
        equal(refused("INVALID_VALUE", api, "VM.set_memory_limits", vm, "0",
                      "1", "1", "1"), ["memory_dynamic_max", "1"],
              "parameters")
        api("VM.set_memory_limits", vm, "0", big, big, big)
        start("HOST_NOT_ENOUGH_FREE_MEMORY", big)
        api("VM.set_memory_limits", vm, *before)
        api("VM.set_VCPUs_max", vm, "128")
        equal(refused("INVALID_VALUE", api, "VM.set_VCPUs_max", vm, "129"),
              ["VCPUs_max", "129"], "parameters")
        equal(refused("INVALID_VALUE", api, "VM.create", dict(
            api("VM.get_record", vm), VCPUs_max="100000")),
              ["VCPUs_max", "100000"], "parameters")
        api("VM.set_VCPUs_max", vm, "1")
        for field, good, bad, name, value in (
                ("xenstore_data", {"vm-data/k": "x" * 2048, "other": "y" *
                                   9999}, {"vm-data/k": "x" * 2049},
                 "xenstore_data:vm-data/k", "x" * 2049),
                ("xenstore_data", {}, {"vm-data/a b": ""}, "xenstore_data",
                 "vm-data/a b"),
                ("VCPUs_params", {"weight": "512", "cap": "50"},
                 {"weight": "-1"}, "VCPUs_params:weight", "-1"),
                ("VCPUs_params", {}, {"cap": "1e3"}, "VCPUs_params:cap",
                 "1e3"),
                ("PV_args", "", "a\nb", "PV_args", "a\nb")):
            try:
                api("VM.set_" + field, vm, bad)
                start("INVALID_VALUE", name, value)
            except Refused as e:
                equal(e.args[0], ["INVALID_VALUE", name, value], "error")
            api("VM.set_" + field, vm, good)
            api.run("VM.start", vm, False, False)
            api.run("VM.hard_shutdown", vm)
        api("VM.set_PV_args", vm, "quiet")
        start("VALUE_NOT_SUPPORTED", "PV_args", "quiet")
        api("VM.set_PV_args", vm, "")
        api("VM.set_name_label", vm, "two\nlines " + "\u00e9" * 5000)
        api("VM.set_hardware_platform_version", vm, "2")
        start("VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION",
              api("host.get_all")[0], "0", vm, "2")
        api("VM.set_hardware_platform_version", vm, "0")
        again = b.vbd(api, vm, b.vdi(api), "1")
        api("VBD.set_userdevice", again, "0")
        start("VM_DUPLICATE_VBD_DEVICE", vm)
        api("VBD.set_userdevice", again, "1")
        api.run("VM.start", vm, False, False)


def an_hvm_guest_has_what_this_host_knows():
    """What it does not know is refused by its field, before anything is made;
    an empty drive goes with the guest."""
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        api("VM.set_domain_type", vm, "hvm")
        cd = api("VBD.create", {
            "VM": vm, "VDI": "OpaqueRef:NULL", "userdevice": "3",
            "bootable": False, "mode": "RO", "type": "CD", "empty": True,
            "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}})

        def start(code, *params):
            equal(refused(code, api.run, "VM.start", vm, False, False)[
                :len(params)], list(params), "parameters of " + code)
        for field, key, value, code, name in (
                ("platform", "nic_type", "ne2k_pci", "VALUE_NOT_SUPPORTED",
                 "platform:nic_type"),
                ("HVM_boot_params", "order", "x", "INVALID_VALUE",
                 "HVM_boot_params:order"),
                ("HVM_boot_params", "firmware", "openfirmware",
                 "VALUE_NOT_SUPPORTED", "HVM_boot_params:firmware"),
                ("platform", "vtpm", "true", "VALUE_NOT_SUPPORTED",
                 "platform:vtpm"),
                ("platform", "vga", "qxl", "VALUE_NOT_SUPPORTED",
                 "platform:vga"),
                ("platform", "hvm_serial", "tcp:0:1", "VALUE_NOT_SUPPORTED",
                 "hvm_serial"),
                ("platform", "acpi", "perhaps", "INVALID_VALUE",
                 "platform:acpi"),
                ("platform", "videoram", "1g", "INVALID_VALUE",
                 "platform:videoram"),
                ("platform", "timeoffset", "99999999999", "INVALID_VALUE",
                 "platform:timeoffset")):
            was = api("VM.get_" + field, vm)
            api("VM.set_" + field, vm, dict(was, **{key: value}))
            start(code, name, value)
            api("VM.set_" + field, vm, was)
        uefi = {"firmware": "uefi", "order": "n"}
        api("VM.set_HVM_boot_params", vm, uefi)
        start("VALUE_NOT_SUPPORTED", "HVM_boot_params:order", "n")
        uefi["order"] = "ncd"
        api("VM.set_HVM_boot_params", vm, uefi)
        platform = api("VM.get_platform", vm)
        api("VM.set_platform", vm, dict(platform, secureboot="true"))
        start("VALUE_NOT_SUPPORTED", "platform:secureboot", "true")
        api("VM.set_platform", vm, dict(platform, secureboot="auto"))
        api.run("VM.start", vm, False, False)
        api.run("VM.hard_shutdown", vm)
        api("VBD.set_userdevice", cd, "4")
        start("INVALID_DEVICE", "4")
        api("VBD.set_userdevice", cd, "3")
        disk = [v for v in api("VM.get_VBDs", vm) if v != cd][0]
        api("VBD.set_mode", disk, "RO")
        start("DISK_VBD_MUST_BE_READWRITE_FOR_HVM", disk)
        api("VBD.set_mode", disk, "RW")
        for order, card in ("", "e1000"), ("ndc", "rtl8139"), ("n", ""):
            api("VM.set_platform", vm, dict(platform, nic_type=card))
            api("VM.set_HVM_boot_params", vm, {"order": order})
            api.run("VM.start", vm, False, False)
            check(api("VM_metrics.get_hvm", api("VM.get_metrics", vm)),
                  "it is not told that it is HVM")
            api.run("VM.clean_reboot", vm)
            api.run("VM.clean_shutdown", vm)


def media_change_in_the_drive_of_a_running_hvm_guest():
    """They come and go, the drive stays; and a medium is the guest's as long
    as it is in it."""
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        cd = {
            "VM": vm, "VDI": "OpaqueRef:NULL", "userdevice": "3",
            "bootable": False, "mode": "RO", "type": "CD", "empty": True,
            "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}}
        late = dict(cd, userdevice="2")
        cd = api("VBD.create", cd)
        vdis, other = (b.vdi(api), b.vdi(api)), b.vdi(api)

        def drive(*operations):
            record = api("VBD.get_record", cd)
            check(record["currently_attached"], "the drive is gone")
            equal(set(record["allowed_operations"]),
                  {"attach"} | set(operations), "allowed_operations")
            return record["VDI"]
        # of a guest that is HVM by its policy alone, too
        api("VM.set_HVM_boot_policy", vm, "BIOS order")
        api.run("VM.start", vm, False, False)
        for vdi in vdis:
            equal(drive("insert"), "OpaqueRef:NULL", "in the drive")
            refused("VBD_IS_EMPTY", api, "VBD.eject", cd)
            refused("OPERATION_NOT_ALLOWED", api, "VBD.unplug", cd)
            api.run("VBD.insert", cd, vdi)
            equal(drive("eject"), vdi, "in the drive")
            refused("VBD_NOT_EMPTY", api, "VBD.insert", cd, other)
            refused("VDI_IN_USE", api, "VDI.destroy", vdi)
            api.run("VBD.eject", cd)
            api.run("VDI.destroy", vdi)
        last = b.vdi(api)
        api("VM.pause", vm)
        api.run("VBD.insert", cd, last)
        api("VM.unpause", vm)
        api.run("VM.hard_reboot", vm)
        equal(drive("eject"), last, "in the drive")
        late = api("VBD.create", late)
        equal(refused("DEVICE_NOT_ATTACHED", api, "VBD.insert", late, last),
              [late], "parameters")
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("what is in the drive", lambda: "eject" in api(
            "VBD.get_allowed_operations", cd))
        equal(drive("eject"), last, "in the drive")
        api.run("VM.clean_shutdown", vm)
        api.run("VM.start", vm, False, False)
        equal(drive("eject"), last, "in the drive")
        api.run("VBD.eject", cd)
        api.run("VDI.destroy", last)


def a_suspended_vm_goes_on_where_it_was():
    """Its memory is on a disk of its own, which is gone once it runs again; its
    devices stay its own meanwhile, and its guest does not boot again."""
    with Bench() as b:
        api = b.ready()
        vm = b.running(api, name="sleeper")
        sr = b.sr(api)
        api("VM.set_suspend_SR", vm, sr)
        domid = api("VM.get_domid", vm)
        console = api.console(vm)
        console.wait("I am up")
        console.close()
        vbd = api("VM.get_VBDs", vm)[0]
        disk = api("VBD.get_VDI", vbd)
        refused("VM_BAD_POWER_STATE", api.run, "VM.resume", vm, False, False)
        for paused in False, True:
            api.run("VM.suspend", vm)
            record = api("VM.get_record", vm)
            equal(record["power_state"], "Suspended", "power state")
            equal(record["domid"], "-1", "domid")
            equal(record["resident_on"], "OpaqueRef:NULL", "resident_on")
            image = api("VDI.get_record", record["suspend_VDI"])
            equal((image["type"], image["SR"]), ("suspend", sr), "image")
            check(int(image["virtual_size"]) > int(
                record["memory_static_max"]), "an image of too few bytes")
            equal(set(record["allowed_operations"]),
                  {"resume", "resume_on", "hard_shutdown", "destroy",
                   "snapshot", "checkpoint"}, "allowed_operations")
            for op in "destroy", "resize":
                check(op not in image["allowed_operations"], op)
            error = refused("VDI_IN_USE", api.run, "VDI.destroy",
                            record["suspend_VDI"])
            equal(error, [record["suspend_VDI"], "destroy"], "parameters")
            check(api("VBD.get_currently_attached", vbd), "lost its disk")
            refused("VDI_IN_USE", api, "VDI.destroy", disk)
            for method, args in (("VM.start", (False, False)),
                                 ("VM.suspend", ()), ("VM.pause", ()),
                                 ("VM.clean_shutdown", ())):
                error = refused("VM_BAD_POWER_STATE", api.run, method, vm,
                                *args)
                equal(error[-1], "suspended", "state in the error")
            refused("VM_BAD_POWER_STATE", api, "VBD.unplug", vbd)
            b.kill_xapi()
            b.start_xapi()
            api = b.login()
            until("the operations", lambda: "resume" in api(
                "VM.get_allowed_operations", vm))
            equal(state(api, vm), "Suspended", "power state")
            if paused:
                api.run("VM.resume_on", vm, api("host.get_all")[0], True,
                        False)
            else:
                api.run("VM.resume", vm, False, False)
            equal(state(api, vm), "Paused" if paused else "Running", "state")
            equal(api("VM.get_suspend_VDI", vm), "OpaqueRef:NULL",
                  "suspend_VDI")
            refused("HANDLE_INVALID", api, "VDI.get_record",
                    record["suspend_VDI"])
            check(api("VM.get_domid", vm) != domid, "the same domain")
            if paused:
                api.run("VM.unpause", vm)
            until("the guest's word", lambda: "suspend" in api(
                "VM.get_allowed_operations", vm))
        console = api.console(vm)
        console.type("echo still here\n")
        console.wait("still here")
        check(b"booting" not in console.text, "it booted again")
        console.close()
        api.run("VM.clean_shutdown", vm)
        # nothing is left in the SR but disks
        equal({api("VDI.get_type", v) for v in api("SR.get_VDIs", sr)},
              {"user"}, "types of disks")


def a_vm_with_emulated_devices_is_suspended_too():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api, name="sleeper")
        api("VM.set_domain_type", vm, "hvm")
        api("VM.set_suspend_SR", vm, b.sr(api))
        api.run("VM.start", vm, False, False)
        until("the guest's word", lambda: "suspend" in api(
            "VM.get_allowed_operations", vm))
        api.run("VM.suspend", vm)
        equal(state(api, vm), "Suspended", "power state")
        until("its screen to go", lambda: not api("VM.get_consoles", vm))
        api.run("VM.resume", vm, False, False)
        equal(state(api, vm), "Running", "power state")
        equal(api("VM.get_suspend_VDI", vm), "OpaqueRef:NULL", "the image")
        until("its screen", lambda: "rfb" in {
            api("console.get_protocol", c)
            for c in api("VM.get_consoles", vm)})
        console = api.console(vm)
        console.type("echo still here\n")
        console.wait("still here")
        check(b"booting" not in console.text, "it booted again")
        console.close()


def schedule(api, **fields):
    return api("VMSS.create", dict({
        "name_label": "nightly", "name_description": "", "enabled": True,
        "type": "snapshot", "retained_snapshots": "2", "frequency": "hourly",
        "schedule": {"min": "0"}}, **fields))


def told(api, name):
    return [m["body"] for m in api("message.get_all_records").values()
            if m["name"] == name]


def schedules_take_snapshots_and_keep_the_newest():
    with Bench() as b:
        api = b.ready()
        vm, other = b.vm(api, name="kept"), b.vm(api, name="not kept")
        nightly = schedule(api)
        refused("HANDLE_INVALID", api, "VM.set_snapshot_schedule", vm, other)
        api("VM.set_snapshot_schedule", vm, nightly)
        equal(api("VMSS.get_VMs", nightly), [vm], "its VMs")
        refused("VMSS_HAS_VM", api, "VMSS.destroy", nightly)
        own = api("VM.snapshot", vm, "by hand", [])
        disks, seen = len(api("VDI.get_all")), []
        for _ in range(4):
            equal(api("VMSS.snapshot_now", nightly), "", "answer")
            seen += [s for s in api("VM.get_snapshots", vm)
                     if s != own and s not in seen]
        equal(len(seen), 4, "snapshots that were taken")
        equal(set(api("VM.get_snapshots", vm)), {own, *seen[2:]}, "kept")
        equal(len(api("VDI.get_all")), disks + 2, "disks")
        record = api("VM.get_record", seen[3])
        check(record["is_vmss_snapshot"], "it says nothing of the schedule")
        check(record["name_label"].startswith("nightly 20"), "its name")
        equal(api("VM.get_snapshots", other), [], "of the other")
        equal(told(api, "VMSS_SNAPSHOT_SUCCEEDED"),
              [api("VM.get_uuid", vm)] * 4, "alerts")
        # what is made from them is no schedule's, whose to remove it would be
        api.run("VM.revert", seen[3])
        by_hand = api("VM.snapshot", vm, "after a revert", [])
        clone = api("VM.clone", seen[3], "clone")
        equal([api("VM.get_is_vmss_snapshot", v)
               for v in (vm, by_hand, clone)], [False] * 3, "a schedule's")
        for _ in range(2):
            api("VMSS.snapshot_now", nightly)
        check({own, by_hand} <= set(api("VM.get_snapshots", vm)), "by hand")
        # what fails for one VM does not keep the next from it
        api("VMSS.set_type", nightly, "checkpoint")
        api("VM.set_snapshot_schedule", other, nightly)
        refused("VM_BAD_POWER_STATE", api, "VMSS.snapshot_now", nightly)
        equal(len(told(api, "VMSS_SNAPSHOT_FAILED")), 2, "alerts of failures")
        api("VMSS.set_type", nightly, "snapshot_with_quiesce")
        refused("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", api,
                "VMSS.snapshot_now", nightly)
        for each in vm, other:
            api("VM.set_snapshot_schedule", each, "OpaqueRef:NULL")
        api("VMSS.destroy", nightly)


def a_disk_that_is_used_keeps_no_other_disk():
    """Of a snapshot that a schedule removes."""
    with Bench() as b:
        api = b.ready()
        vm, nightly = b.vm(api), schedule(api, retained_snapshots="1")
        b.vbd(api, vm, b.vdi(api, name="second"), "1")
        api("VM.set_snapshot_schedule", vm, nightly)
        api("VMSS.snapshot_now", nightly)
        (first,) = api("VM.get_snapshots", vm)
        disks = [api("VBD.get_VDI", v) for v in api("VM.get_VBDs", first)]
        user = b.running(api, name="user")
        api.run("VBD.plug", b.vbd(api, user, disks[0], "3", "RO"))
        refused("VDI_IN_USE", api, "VMSS.snapshot_now", nightly)
        (second,) = api("VM.get_snapshots", vm)
        check(second != first, "the older one stayed")
        left = api("VDI.get_all")
        equal([d in left for d in disks], [True, False], "disks")


def a_schedule_missed_by_a_restart_is_made_up_for():
    """The last quarter of an hour is always less ago than what is made up for."""
    with Bench() as b:
        api = b.ready()
        vm, off = b.vm(api, name="kept"), b.vm(api, name="off")
        ahead = b.vm(api, name="ahead")
        now = str(api("host.get_server_localtime", api("host.get_all")[0]))
        quarter = str(int(now.split(":")[1]) // 15 * 15)
        for each, enabled in (vm, True), (off, False), (ahead, True):
            api("VM.set_snapshot_schedule", each, schedule(
                api, enabled=enabled, schedule={"min": quarter}))
        # it ran while the clock was wrong
        api("VMSS.set_last_run_time", api("VM.get_snapshot_schedule", ahead),
            xmlrpc.client.DateTime("20991231T00:00:00Z"))
        equal(api("VM.get_snapshots", vm), [], "before it is due")
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the snapshot", lambda: api("VM.get_snapshots", vm))
        until("the other's", lambda: api("VM.get_snapshots", ahead))
        until("the alerts", lambda: len(told(
            api, "VMSS_SNAPSHOT_SUCCEEDED")) == 2)
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        until("the storage", lambda: api("PBD.get_currently_attached", api(
            "SR.get_PBDs", b.sr(api))[0]))
        equal([len(api("VM.get_snapshots", v)) for v in (vm, ahead)], [1, 1],
              "once is enough")
        equal(api("VM.get_snapshots", off), [], "of one that is off")


def a_suspend_that_fails_leaves_the_guest_running():
    with Bench() as b:
        api = b.ready()
        sr = b.sr(api)
        vm = b.running(api, name="sleeper")

        def hears():
            return "suspend" in api("VM.get_allowed_operations", vm)

        def goes_on(domid):
            until("the image to go", lambda: api(
                "VM.get_suspend_VDI", vm) == "OpaqueRef:NULL" and not [
                    v for v in api("SR.get_VDIs", sr)
                    if api("VDI.get_type", v) == "suspend"])
            until("the state", lambda: state(api, vm) == "Running")
            equal(api("VM.get_domid", vm), domid, "the domain")
        pool, host = api("pool.get_all")[0], api("host.get_all")[0]
        for method, ref in (("pool.set_default_SR", pool),
                            ("pool.set_suspend_image_SR", pool),
                            ("host.set_suspend_image_sr", host)):
            api(method, ref, "OpaqueRef:NULL")
        refused("VM_NO_SUSPEND_SR", api.run, "VM.suspend", vm)
        api("pool.set_suspend_image_SR", pool, sr)
        domid = api("VM.get_domid", vm)
        until("the guest's word", hears)
        b.control("fail vm_suspend io")
        refused("SR_BACKEND_FAILURE", api.run, "VM.suspend", vm)
        goes_on(domid)
        deaf = b.running(api, name="deaf", suspend="ignore")
        refused("VM_FAILED_SUSPEND_ACKNOWLEDGMENT", api.run, "VM.suspend",
                deaf)
        equal(state(api, deaf), "Running", "power state")
        b.control("delay vm_suspend 600000")
        task = api("Async.VM.suspend", vm)
        until("the suspend to begin", lambda: api(
            "VM.get_suspend_VDI", vm) != "OpaqueRef:NULL")
        api("task.cancel", task)
        until("its end", lambda: api("task.get_status", task) == "cancelled")
        goes_on(domid)
        task = api("Async.VM.suspend", vm)
        until("the suspend to begin", lambda: api(
            "VM.get_suspend_VDI", vm) != "OpaqueRef:NULL")
        b.kill_xapi()
        b.control("clear")
        b.start_xapi()
        api = b.login()
        goes_on(domid)
        until("the guest's word", hears)
        api.run("VM.suspend", vm)
        api.run("VM.resume", vm, False, False)
        task = api("Async.VM.suspend", vm)
        api.run("VM.hard_shutdown", vm)
        until("both to end", lambda: api(
            "task.get_status", task) != "pending")
        equal(state(api, vm), "Halted", "power state")
        equal(api("VM.get_suspend_VDI", vm), "OpaqueRef:NULL", "suspend_VDI")


def an_image_that_is_not_whole_is_not_resumed():
    """Nor one that somebody wrote, or of another VM; and a suspended VM that is
    shut down has none."""
    with Bench() as b:
        api = b.ready()
        sr = b.sr(api)
        api("pool.set_suspend_image_SR", api("pool.get_all")[0], sr)
        vm, other = (b.running(api, name=n) for n in ("one", "other"))

        def suspend(vm):
            until("the guest's word", lambda: "suspend" in api(
                "VM.get_allowed_operations", vm))
            api.run("VM.suspend", vm)

        def file_of(vdi):
            name = api("VDI.get_uuid", vdi) + ".raw"
            return [os.path.join(folder, name) for folder, _, files in
                    os.walk(b.path("")) if name in files][0]
        suspend(vm)
        image = api("VM.get_suspend_VDI", vm)
        path = file_of(image)

        def patched(at, data):
            with open(path, "r+b") as f:
                f.seek(at)
                was = f.read(len(data))
                f.seek(at)
                f.write(data)
            error = refused("SUSPEND_IMAGE_NOT_ACCESSIBLE", api.run,
                            "VM.resume", vm, False, False)
            equal(error, [image], "parameters")
            equal(state(api, vm), "Suspended", "power state")
            with open(path, "r+b") as f:
                f.seek(at)
                f.write(was)
        patched(0, b"BPIMAGF")
        patched(8, b"\2")
        patched(16, b"\0" * 16)
        patched(48, b"\1")
        patched(4096, b"\0")
        patched(4128, b"The host's own?")
        api.run("VM.resume", vm, False, False)
        check(not os.path.exists(path), "its memory is there")
        suspend(vm)
        image = api("VM.get_suspend_VDI", vm)
        path = file_of(image)
        suspend(other)
        theirs = file_of(api("VM.get_suspend_VDI", other))
        with open(theirs, "rb") as f:
            patched(0, f.read(8192))
        api.run("VM.resume", vm, False, False)
        b.control("fail vm_resume no_memory")
        refused("HOST_NOT_ENOUGH_FREE_MEMORY", api.run, "VM.resume", other,
                False, False)
        equal(state(api, other), "Suspended", "power state")
        api.run("VM.hard_shutdown", other)
        equal(state(api, other), "Halted", "power state")
        check(not os.path.exists(theirs), "its memory is there")
        api.run("VM.start", other, False, False)


def a_suspended_vm_that_goes_takes_its_memory_along():
    """Destroyed, reset, or shut down: its disks are anybody's again, and nothing
    is left of it; also if what removes it is killed."""
    with Bench() as b:
        api = b.ready()
        sr = b.sr(api)
        api("pool.set_suspend_image_SR", api("pool.get_all")[0], sr)

        def suspended(name):
            vm = b.running(api, name=name)
            until("the guest's word", lambda: "suspend" in api(
                "VM.get_allowed_operations", vm))
            api.run("VM.suspend", vm)
            return vm

        def images():
            return [v for v in api("SR.get_VDIs", sr)
                    if api("VDI.get_type", v) == "suspend"]
        vm = suspended("destroyed")
        disk = api("VBD.get_VDI", api("VM.get_VBDs", vm)[0])
        refused("VDI_IN_USE", api.run, "VDI.destroy", disk)
        api.run("VM.destroy", vm)
        equal(images(), [], "images")
        api.run("VDI.destroy", disk)
        for end in "VM.power_state_reset", "VM.hard_shutdown":
            vm = suspended(end)
            api.run(end, vm)
            equal(state(api, vm), "Halted", "power state")
            equal(images(), [], "images")
            check(not any(api("VBD.get_currently_attached", v)
                          for v in api("VM.get_VBDs", vm)), "has its disk")
            api.run("VM.start", vm, False, False)
        vm = suspended("cut")
        b.control("delay vdi_destroy 600000")
        api("Async.VM.hard_shutdown", vm)
        until("the VM to end", lambda: state(api, vm) == "Halted")
        equal(len(images()), 1, "images")
        b.kill_xapi()
        b.control("clear")
        b.start_xapi()
        api = b.login()
        until("the image to go", lambda: not images())
        equal(state(api, vm), "Halted", "power state")


def a_snapshot_keeps_disks_and_settings():
    """Of a halted VM: disks, drives, NICs with their addresses; a revert brings
    them back into the VM, and the tree tells what came from what."""
    with Bench() as b:
        api = b.ready()
        sr = b.sr(api)
        vm = b.vm(api, name="kept")
        other = b.vdi(api, name="other")
        b.vbd(api, vm, other, "1")
        nic = api("VM.get_VIFs", vm)[0]
        mac = api("VIF.get_MAC", nic)
        check({"snapshot"} <= set(api("VM.get_allowed_operations", vm)) and
              not {"checkpoint", "revert"} & set(
                  api("VM.get_allowed_operations", vm)), "operations")
        refused("VM_BAD_POWER_STATE", api.run, "VM.checkpoint", vm, "no")
        refused("REVERT_ONLY_ALLOWED_ON_SNAPSHOT", api.run, "VM.revert", vm)
        def file_of(vdi):
            name = api("VDI.get_uuid", vdi) + ".raw"
            return [os.path.join(folder, name) for folder, _, files in
                    os.walk(b.path("")) if name in files][0]

        def write(text):
            with open(file_of(other), "r+b") as f:
                f.write(text)
        write(b"before")
        first = api.run("VM.snapshot", vm, "first", [])
        write(b"after!")
        record = api("VM.get_record", first)
        equal((record["is_a_snapshot"], record["is_a_template"],
               record["snapshot_of"], record["name_label"],
               record["power_state"], record["suspend_VDI"]),
              (True, True, vm, "first", "Halted", "OpaqueRef:NULL"), "record")
        equal(record["snapshot_info"]["power-state-at-snapshot"], "Halted",
              "snapshot_info")
        equal(set(record["allowed_operations"]),
              {"clone", "copy", "destroy", "revert"}, "operations")
        equal(api("VIF.get_MAC", record["VIFs"][0]), mac, "MAC")
        for vbd in record["VBDs"]:
            disk = api("VDI.get_record", api("VBD.get_VDI", vbd))
            check(disk["is_a_snapshot"] and disk["snapshot_of"] in [
                api("VBD.get_VDI", v) for v in api("VM.get_VBDs", vm)],
                "disk of the snapshot")
        refused("VM_IS_SNAPSHOT", api.run, "VM.start", first, False, False)
        refused("VM_IS_SNAPSHOT", api.run, "VM.snapshot", first, "no", [])
        second = api.run("VM.snapshot", vm, "second", [other])
        equal(len(api("VM.get_VBDs", second)), 1, "drives of the second")
        equal(set(api("VM.get_snapshots", vm)), {first, second}, "snapshots")
        equal((api("VM.get_parent", vm), api("VM.get_parent", second),
               api("VM.get_children", first)), (second, first, [second]),
              "the tree")
        old = {api("VBD.get_VDI", v) for v in api("VM.get_VBDs", vm)}
        api("VM.set_name_description", vm, "changed")
        api("VM.set_VCPUs_max", vm, "2")
        b.vbd(api, vm, b.vdi(api, name="later"), "2")
        api("VIF.destroy", nic)
        api.run("VM.revert", first)
        new = [api("VBD.get_VDI", v) for v in api("VM.get_VBDs", vm)]
        equal(len(new), 2, "drives after the revert")
        check(not old & set(new), "it has its old disks")
        for disk in old:
            refused("HANDLE_INVALID", api, "VDI.get_record", disk)
        texts = set()
        for disk in new:
            with open(file_of(disk), "rb") as f:
                texts.add(f.read(6))
        equal(texts, {b"before", b"\0" * 6}, "what is on the disks")
        equal((api("VM.get_name_label", vm), api("VM.get_VCPUs_max", vm),
               api("VM.get_name_description", vm) == "changed", state(api, vm),
               api("VM.get_parent", vm), api("VM.get_is_a_snapshot", vm)),
              ("kept", api("VM.get_VCPUs_max", first), False, "Halted", first,
               False), "settings")
        equal(api("VIF.get_MAC", api("VM.get_VIFs", vm)[0]), mac, "MAC")
        equal({api("VDI.get_snapshot_of", api("VBD.get_VDI", v))
               for v in api("VM.get_VBDs", first)}, set(new), "snapshot_of")
        equal(set(api("VM.get_snapshots", vm)), {first, second}, "snapshots")
        api.run("VM.start", vm, False, False)
        api.run("VM.revert", second)
        equal(state(api, vm), "Halted", "power state")
        equal(len(api("VM.get_VBDs", vm)), 1, "drives of the second")
        api.run("VM.destroy", first)
        equal(api("VM.get_parent", second), "OpaqueRef:NULL", "parent")
        api.run("VM.destroy", vm)
        error = refused("VM_REVERT_FAILED", api.run, "VM.revert", second)
        equal(error[1], second, "the snapshot")


def a_checkpoint_keeps_the_memory_too():
    """The guest goes on after it, and from it after a revert, as often as one
    likes; each has a copy of its own."""
    with Bench() as b:
        api = b.ready()
        sr = b.sr(api)
        api("pool.set_suspend_image_SR", api("pool.get_all")[0], sr)
        vm = b.running(api, name="kept")

        def images():
            return {v for v in api("SR.get_VDIs", sr)
                    if api("VDI.get_type", v) == "suspend"}

        def listens():
            until("the guest's word", lambda: "checkpoint" in api(
                "VM.get_allowed_operations", vm))

        def answers():
            """What is typed before its terminal is there is lost."""
            console = api.console(vm)
            console.type("echo still here\n")
            try:
                console.wait("still here", 2)
            except TimeoutError:
                return False
            finally:
                console.close()
            check(b"booting" not in console.text, "it booted again")
            return True

        def is_up():
            until("the guest's answer", answers)
        listens()
        point = api.run("VM.checkpoint", vm, "point")
        equal(state(api, vm), "Running", "power state")
        record = api("VM.get_record", point)
        equal((record["power_state"], record["snapshot_info"][
            "power-state-at-snapshot"]), ("Suspended", "Running"), "states")
        equal(images(), {record["suspend_VDI"]}, "images")
        equal(set(record["allowed_operations"]), {"destroy", "revert"},
              "operations")
        refused("VDI_IN_USE", api.run, "VDI.destroy", record["suspend_VDI"])
        is_up()
        for how in "VM.hard_shutdown", "VM.suspend", None:
            if how:
                listens()
                api.run(how, vm)
            api.run("VM.revert", point)
            equal(state(api, vm), "Suspended", "power state")
            image = api("VM.get_suspend_VDI", vm)
            equal(images(), {record["suspend_VDI"], image}, "images")
            check(all(api("VBD.get_currently_attached", v)
                      for v in api("VM.get_VBDs", vm)), "lost its disks")
            equal(set(api("VM.get_allowed_operations", vm)),
                  {"resume", "resume_on", "hard_shutdown", "destroy",
                   "snapshot", "checkpoint"}, "operations")
            api.run("VM.resume", vm, False, False)
            equal(images(), {record["suspend_VDI"]}, "images")
            is_up()
        listens()
        api.run("VM.suspend", vm)
        asleep = api.run("VM.snapshot", vm, "asleep", [])
        equal(api("VM.get_power_state", asleep), "Suspended", "power state")
        equal(len(images()), 3, "images")
        api.run("VM.destroy", asleep)
        equal(len(images()), 2, "images")
        api.run("VM.resume", vm, False, False)
        listens()
        b.control("fail vdi_clone io")
        refused("VDI_IO_ERROR", api.run, "VM.checkpoint", vm, "no")
        equal((state(api, vm), len(api("VM.get_snapshots", vm))),
              ("Running", 1), "after a failure")
        equal(images(), {record["suspend_VDI"]}, "images")
        is_up()
        listens()
        b.control("fail vm_suspend io")
        refused("SR_BACKEND_FAILURE", api.run, "VM.checkpoint", vm, "no")
        equal(state(api, vm), "Running", "power state")
        b.control("clear")
        listens()
        b.control("delay vdi_clone 600000")
        b.control("delay vm_resume 1000")
        task = api("Async.VM.checkpoint", vm, "cancelled")
        until("it to be suspended", lambda: state(api, vm) == "Suspended")
        api("task.cancel", task)
        until("its end", lambda: api("task.get_status", task) == "cancelled")
        equal((state(api, vm), len(api("VM.get_snapshots", vm))),
              ("Running", 1), "after it was cancelled")
        equal(images(), {record["suspend_VDI"]}, "images")
        is_up()
        b.control("clear")
        listens()
        b.control("delay vdi_clone 600000")
        api("Async.VM.checkpoint", vm, "cut")
        until("it to be suspended", lambda: state(api, vm) == "Suspended")
        b.kill_xapi()
        b.control("clear")
        b.start_xapi()
        api = b.login()
        until("the operations", lambda: "resume" in api(
            "VM.get_allowed_operations", vm))
        api.run("VM.resume", vm, False, False)
        is_up()


def what_is_cancelled_leaves_no_disk():
    """Taking back takes its time; the cancel does not stop that as well."""
    with Bench() as b:
        api = b.ready()
        sr, pool = b.sr(api), api("pool.get_all")[0]
        for field in "suspend_image_SR", "default_SR":
            api("pool.set_" + field, pool, sr)
        vm = b.vm(api, name="two disks")
        b.vbd(api, vm, b.vdi(api, name="second"), "1")
        kept = api.run("VM.snapshot", vm, "kept", [])
        guest = b.running(api, name="guest")
        until("the guest's word", lambda: "suspend" in api(
            "VM.get_allowed_operations", guest))
        made = api("VM.clone", [
            t for t, r in api("VM.get_all_records").items()
            if r["name_label"].startswith("Linux PV guest")
            and r["is_default_template"]][0], "made")
        api("VM.remove_from_other_config", made, "disks")
        api("VM.add_to_other_config", made, "disks",
            "<provision>%s</provision>" % "".join(
                '<disk device="%d" size="4194304" sr="" bootable="false"'
                ' type="system"/>' % n for n in range(2)))
        before = set(api("VDI.get_all"))
        for slow, after, *call in (
                ("vdi_clone", 1, "VM.clone", vm, "x"),
                ("vdi_clone", 1, "VM.snapshot", vm, "x", []),
                ("vdi_clone", 1, "VM.revert", kept),
                ("vdi_create", 1, "VM.copy", vm, "x", sr),
                ("vdi_create", 1, "VM.provision", made),
                ("vm_suspend", 0, "VM.suspend", guest),
                ("vdi_clone", 0, "VM.checkpoint", guest, "x")):
            b.control("delay %s 600000 %d" % (slow, after))
            b.control("delay vdi_destroy 1500")
            task = api("Async." + call[0], *call[1:])
            until("its first disk", lambda: set(api("VDI.get_all")) > before)
            api("task.cancel", task)
            until("its end", lambda: api(
                "task.get_status", task) == "cancelled")
            equal(set(api("VDI.get_all")), before, "disks after " + call[0])
            b.control("clear")


@contextlib.contextmanager
def being_read(b, api, vdi):
    """By a client that does not take what it gets: others wait for it."""
    with tls().wrap_socket(socket.create_connection(
            ("127.0.0.1", b.https), 60)) as s:
        s.sendall(("GET /export_raw_vdi?session_id=%s&vdi=%s HTTP/1.1\r\n"
                   "Host: x\r\n\r\n" % (api.session, vdi)).encode())
        until("the transfer", lambda: api("VDI.get_current_operations", vdi))
        yield


def a_drive_that_goes_during_a_copy_takes_no_disk_along():
    """What was made for it would be nobody's."""
    with Bench() as b:
        api = b.ready()
        for method, rest in (("VM.clone", ("x",)),
                             ("VM.snapshot", ("x", [])), ("VM.revert", ())):
            vm = b.vm(api)
            slow = b.vdi(api, 64 * MIB, name="slow")
            b.vbd(api, vm, slow, "1")
            if method == "VM.revert":
                vm = api.run("VM.snapshot", vm, "kept", [])
            drive, other = api("VM.get_VBDs", vm)
            before = set(api("VDI.get_all"))
            with being_read(b, api, api("VBD.get_VDI", other)):
                task = api("Async." + method, vm, *rest)
                until("its first disk",
                      lambda: set(api("VDI.get_all")) > before)
                api("VBD.destroy", drive)
            equal(refused("HANDLE_INVALID", api.wait_task, task),
                  ["VBD", drive], "parameters")
            equal(set(api("VDI.get_all")), before, "disks after " + method)


def a_revert_that_cannot_be_written_leaves_the_guest_running():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        b.vbd(api, vm, b.vdi(api, 64 * MIB, name="slow"), "1")
        snapshot = api.run("VM.snapshot", vm, "kept", [])
        api.run("VM.start", vm, False, False)
        domid = api("VM.get_domid", vm)
        drive, other = api("VM.get_VBDs", snapshot)
        before = set(api("VDI.get_all"))
        with being_read(b, api, api("VBD.get_VDI", other)):
            task = api("Async.VM.revert", snapshot)
            until("its first disk", lambda: set(api("VDI.get_all")) > before)
            api("VBD.destroy", drive)
        equal(refused("HANDLE_INVALID", api.wait_task, task),
              ["VBD", drive], "parameters")
        api.run("VM.pause", vm)     # the domain itself, not its record
        equal([state(api, vm), api("VM.get_domid", vm)], ["Paused", domid],
              "the guest")


def memory_that_goes_during_a_revert_is_missed():
    with Bench() as b:
        api = b.ready()
        sr = b.sr(api)
        api("pool.set_suspend_image_SR", api("pool.get_all")[0], sr)
        vm = b.running(api)
        until("the guest's word", lambda: "checkpoint" in api(
            "VM.get_allowed_operations", vm))
        point = api.run("VM.checkpoint", vm, "point")

        def images():
            return [v for v in api("SR.get_VDIs", sr)
                    if api("VDI.get_type", v) == "suspend"
                    and v != api("VM.get_suspend_VDI", point)]
        b.control("delay vm_shutdown 8000")
        task = api("Async.VM.revert", point)
        image = until("its memory", images)[0]
        until("its end", lambda: "destroy" in api(
            "VDI.get_allowed_operations", image))
        api("VDI.destroy", image)
        equal(refused("HANDLE_INVALID", api.wait_task, task),
              ["VDI", image], "parameters")
        equal(api("VM.get_suspend_VDI", vm), "OpaqueRef:NULL", "suspend_VDI")
        until("its state", lambda: state(api, vm) == "Halted")


def a_bad_number_is_refused_where_it_is_given():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        net = api("network.get_all")[0]
        for name, bad, good in (
                ("VM.order", "-1", "0"), ("VM.start_delay", "-1", "7"),
                ("VM.shutdown_delay", "-9", "1"),
                ("network.MTU", "67", "68"),
                ("network.MTU", "65522", "9000")):
            cls, field = name.split(".")
            obj = vm if cls == "VM" else net
            equal(refused("INVALID_VALUE", api, f"{cls}.set_{field}", obj,
                          bad), [field, bad], "parameters")
            api(f"{cls}.set_{field}", obj, good)
            equal(api(f"{cls}.get_{field}", obj), good, name)
        record = api("VM.get_record", vm)
        equal(refused("INVALID_VALUE", api, "VM.create",
                      dict(record, order="-1")), ["order", "-1"],
              "parameters")
        vif = {"VM": vm, "network": net, "device": "1", "MAC": "",
               "MTU": "9", "other_config": {}, "qos_algorithm_type": "",
               "qos_algorithm_params": {}}
        equal(refused("INVALID_VALUE", api, "VIF.create", vif),
              ["MTU", "9"], "parameters")
        api("VIF.create", dict(vif, MTU="0"))
        vbd = api("VM.get_VBDs", vm)[0]
        for bad in "", "autodetect", "-1", "999", "xvdA":
            equal(refused("INVALID_DEVICE", api, "VBD.set_userdevice", vbd,
                          bad), [bad], "parameters")
        api("VBD.set_userdevice", vbd, "xvdb")


def a_drive_that_is_not_unpluggable_stays():
    with Bench() as b:
        api = b.ready()
        vm = b.running(api)
        vbd = b.vbd(api, vm, b.vdi(api), "1")
        api.run("VBD.plug", vbd)
        api("VBD.set_unpluggable", vbd, False)
        allowed = api("VBD.get_allowed_operations", vbd)
        check("unplug" not in allowed and "unplug_force" not in allowed,
              f"allowed: {allowed}")
        for message in "VBD.unplug", "VBD.unplug_force":
            equal(refused("VBD_NOT_UNPLUGGABLE", api.run, message, vbd),
                  [vbd], "parameters")
        check(api("VBD.get_currently_attached", vbd), "gone")
        api("VBD.set_unpluggable", vbd, True)
        check("unplug" in api("VBD.get_allowed_operations", vbd),
              "unplug is not allowed again")
        api.run("VBD.unplug", vbd)


def a_disk_beyond_any_disk_is_too_large():
    with Bench() as b:
        api = b.ready()
        vdi = b.vdi(api)
        record = api("VDI.get_record", vdi)
        most = str(1 << 46)
        for size in str(100 << 40), str((1 << 63) - 1):
            equal(refused("VDI_TOO_LARGE", api.run, "VDI.create",
                          dict(record, virtual_size=size)),
                  ["OpaqueRef:NULL", most], "parameters")
            equal(refused("VDI_TOO_LARGE", api.run, "VDI.resize", vdi, size),
                  [vdi, most], "parameters")
        refused("SR_FULL", api.run, "VDI.create",
                dict(record, virtual_size=most))


def a_network_is_on_a_bridge_that_is_there():
    with Bench() as b:
        api = b.ready()
        for bridge in "lo", "eth0", "nobridge":
            equal(refused("BRIDGE_NOT_AVAILABLE", api, "network.create",
                          {"name_label": "n", "other_config": {},
                           "bridge": bridge, "managed": False}), [bridge],
                  "parameters")
        for bridge in "a b", "a/b", "..", "\u00e9", "x" * 16:
            equal(refused("INVALID_VALUE", api, "network.create",
                          {"name_label": "n", "other_config": {},
                           "bridge": bridge}), ["bridge", bridge],
                  "parameters")
        for mtu in "67", "65522", "-1", str(1 << 62):
            equal(refused("INVALID_VALUE", api, "network.create",
                          {"name_label": "n", "other_config": {},
                           "MTU": mtu}), ["MTU", mtu], "parameters")


def without_second_nic():
    """Of a host whose second NIC is not plugged in yet."""
    b = Bench()
    os.mkdir(b.path("host"))
    with open(b.path("host/unplugged"), "w") as f:
        f.write("0000:3b:00.1")
    return b


def a_nic_that_comes_is_found_and_none_is_forgotten():
    with without_second_nic() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        devices = lambda: {p["device"]: p for p in
                           api("PIF.get_all_records").values()}
        equal(set(devices()), {"eth0"}, "NICs")
        api("PIF.scan", host)
        equal(set(devices()), {"eth0"}, "NICs")
        os.rename(b.path("host/unplugged"), b.path("host/later"))
        equal(set(devices()), {"eth0"}, "NICs before a scan")
        api("PIF.scan", host)
        eth1 = devices()["eth1"]
        check(eth1["currently_attached"] and eth1["physical"], "eth1")
        equal(api("network.get_bridge", eth1["network"]), "xenbr1", "bridge")
        os.rename(b.path("host/later"), b.path("host/unplugged"))
        api("PIF.scan", host)
        equal(devices()["eth1"]["uuid"], eth1["uuid"], "eth1 after it went")
        os.rename(b.path("host/unplugged"), b.path("host/later"))
        api("PIF.scan", host)
        equal(len(api("PIF.get_all")), 2, "NICs")
        b.control("fail host_get internal")
        refused("INTERNAL_ERROR", api, "PIF.scan", host)
        refused("HANDLE_INVALID", api, "PIF.scan", eth1["network"])


def a_vlan_is_made_used_and_taken_away():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        eth0 = next(r for r, p in api("PIF.get_all_records").items()
                    if p["device"] == "eth0")
        made = lambda name: api("network.create",
                                {"name_label": name, "other_config": {}})
        net, other = made("tagged"), made("other")
        for tag in "0", "-1", "4095":
            equal(refused("VLAN_TAG_INVALID", api,
                          "pool.create_VLAN_from_PIF", eth0, net, tag),
                  [tag], "parameters")
        pif, = api("pool.create_VLAN_from_PIF", eth0, net, "100")
        vlan = api("PIF.get_VLAN_master_of", pif)
        equal(api("VLAN.get_tagged_PIF", vlan), eth0, "tagged PIF")
        equal(api("VLAN.get_untagged_PIF", vlan), pif, "untagged PIF")
        equal(api("network.get_PIFs", net), [pif], "PIFs")
        equal(refused("PIF_VLAN_EXISTS", api, "VLAN.create", eth0, "100",
                      other), ["eth0"], "parameters")
        equal(refused("PIF_IS_VLAN", api, "VLAN.create", pif, "5", other),
              [pif], "parameters")
        equal(refused("NETWORK_ALREADY_CONNECTED", api, "VLAN.create", eth0,
                      "101", net), [host, pif], "parameters")
        equal(refused("NETWORK_CONTAINS_PIF", api, "network.destroy", net),
              [pif], "parameters")
        refused("PIF_DEVICE_NOT_FOUND", api, "pool.create_VLAN", "eth9",
                other, "7")
        refused("PIF_IS_PHYSICAL", api, "PIF.destroy", eth0)
        # the machine comes back without it, first one that cannot make it
        attached = lambda: api("PIF.get_currently_attached", pif)
        for b.faults in "fail bridge_create internal 0 0", "":
            b.kill_sim()
            b.start_sim()
            until("xenopsd", lambda: makes_a_disk(b, api))
            until("the VLAN after a restart",
                  lambda: attached() is not bool(b.faults))
        vm = b.vm(api)
        api("VIF.destroy", api("VM.get_VIFs", vm)[0])
        vif = api("VIF.create", {
            "VM": vm, "network": net, "device": "0", "MAC": "", "MTU": "1500",
            "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}})
        api.run("VM.start", vm, False, False)
        equal(refused("VIF_IN_USE", api, "VLAN.destroy", vlan), [net, vif],
              "parameters")
        api.run("VM.hard_shutdown", vm)
        # what xenopsd cannot take away is still seen
        b.control("fail vlan_destroy internal")
        refused("INTERNAL_ERROR", api, "VLAN.destroy", vlan)
        check(attached(), "a VLAN that is there is not seen")
        api("VLAN.destroy", vlan)
        equal(api("VLAN.get_all"), [], "VLANs")
        equal(api("network.get_PIFs", net), [], "PIFs")
        for tag in "200", "4094":
            pif, = api("pool.create_VLAN", "eth1", other, tag)
            api("PIF.destroy", pif)
        for fault, code in (("exists", "PIF_VLAN_EXISTS"),
                            ("no_such_device", "PIF_DEVICE_NOT_FOUND"),
                            ("internal", "INTERNAL_ERROR")):
            b.control("fail bridge_create " + fault)
            refused(code, api, "VLAN.create", eth0, "9", other)
        equal(api("VLAN.get_all"), [], "VLANs")
        equal(api("network.get_PIFs", other), [], "PIFs")


def a_vlan_that_is_destroyed_while_it_is_made_is_gone():
    with Bench() as b:
        api = b.ready()
        eth0 = next(r for r, p in api("PIF.get_all_records").items()
                    if p["device"] == "eth0")
        net = api("network.create", {"name_label": "n", "other_config": {}})
        b.control("delay bridge_create 5000")
        task = api("Async.VLAN.create", eth0, "100", net)
        vlan, = until("the record", lambda: api("VLAN.get_all"))
        api("VLAN.destroy", vlan)
        until("the task", lambda: api("task.get_status", task) != "pending")
        equal(api("task.get_error_info", task)[:1], ["HANDLE_INVALID"],
              "what came of it")
        equal(api("VLAN.get_all"), [], "VLANs")
        # its bridge has no port any more
        api("network.destroy", net)


def a_vlan_that_is_destroyed_during_a_scan_is_gone():
    with without_second_nic() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        eth0 = next(r for r, p in api("PIF.get_all_records").items()
                    if p["device"] == "eth0")
        net = api("network.create", {"name_label": "n", "other_config": {}})
        vlan = api("VLAN.create", eth0, "100", net)
        pif = api("VLAN.get_untagged_PIF", vlan)
        b.faults = "fail bridge_create internal 0 0"
        b.kill_sim()
        b.start_sim()
        until("a host without it",
              lambda: not api("PIF.get_currently_attached", pif))
        b.control("clear")
        b.control("delay bridge_create 2000")
        os.rename(b.path("host/unplugged"), b.path("host/later"))
        task = api("Async.PIF.scan", host)
        until("eth1, before the bridges", lambda: len(api("PIF.get_all")) > 2)
        api("VLAN.destroy", vlan)
        until("its end", lambda: api("task.get_status", task) != "pending")
        b.control("clear")
        # its bridge has no port any more
        api("network.destroy", net)


def ask_in_vain(api, *call):
    with contextlib.suppress(Exception):    # whoever answers is killed
        api(*call)


def a_vif_is_locked_and_moved_while_its_guest_runs():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        vif, = api("VM.get_VIFs", vm)
        net, uuid = api("VIF.get_network", vif), api("VM.get_uuid", vm)
        bridge = api("network.get_bridge", net)
        other = api("network.create", {"name_label": "other",
                                       "other_config": {}})

        def told(*words):
            equal(b.ask("nic %s 0" % uuid), "ok " + " ".join(words),
                  "what xenopsd was told")

        for method, value in (("add_ipv4_allowed", "192.0.2.300"),
                              ("add_ipv4_allowed", "192.0.2.0/24"),
                              ("add_ipv4_allowed", "2001:db8::1"),
                              ("set_ipv4_allowed", ["192.0.2.1", ""])):
            equal(refused("INVALID_IP_ADDRESS_SPECIFIED", api,
                          "VIF." + method, vif, value), ["ipv4_allowed"],
                  "parameters")
        equal(refused("INVALID_IP_ADDRESS_SPECIFIED", api,
                      "VIF.set_ipv6_allowed", vif, ["192.0.2.1"]),
              ["ipv6_allowed"], "parameters")
        refused("INVALID_VALUE", api, "VIF.set_ipv4_allowed", vif,
                ["192.0.2.%d" % i for i in range(65)])
        # before its start
        api("VIF.set_ipv4_allowed", vif, ["192.0.2.10", "192.0.2.10"])
        api("VIF.add_ipv4_allowed", vif, "192.0.2.10")
        api("VIF.set_locking_mode", vif, "locked")
        api("VIF.set_qos_algorithm_type", vif, "ratelimit")
        api("VIF.set_qos_algorithm_params", vif, {"kbps": "fast"})
        refused("INVALID_VALUE", api, "VM.start", vm, False, False)
        api("VIF.set_qos_algorithm_params", vif, {"kbps": "1024"})
        api.run("VM.start", vm, False, False)
        told("locked", "192.0.2.10", "-", "1024", bridge)
        # while it runs
        api("VIF.add_ipv4_allowed", vif, "192.0.2.11")
        api("VIF.add_ipv6_allowed", vif, "2001:db8::a")
        told("locked", "192.0.2.10,192.0.2.11", "2001:db8::a", "1024", bridge)
        api("VIF.remove_ipv4_allowed", vif, "192.0.2.10")
        api("VIF.remove_ipv4_allowed", vif, "192.0.2.10")
        told("locked", "192.0.2.11", "2001:db8::a", "1024", bridge)
        equal(api("VIF.get_ipv4_allowed", vif), ["192.0.2.11"], "allowed")
        api("VIF.remove_ipv6_allowed", vif, "2001:db8::a")
        told("locked", "192.0.2.11", "-", "1024", bridge)
        api("VIF.set_ipv6_allowed", vif, ["2001:db8::a"])
        api("VIF.set_locking_mode", vif, "disabled")
        told("disabled", "192.0.2.11", "2001:db8::a", "1024", bridge)
        api("VIF.move", vif, other)
        there = api("network.get_bridge", other)
        told("disabled", "192.0.2.11", "2001:db8::a", "1024", there)
        equal(api("network.get_VIFs", other), [vif], "VIFs")
        # what xenopsd cannot do has not been asked for
        b.control("fail vif_change internal")
        refused("INTERNAL_ERROR", api, "VIF.set_locking_mode", vif, "locked")
        equal(api("VIF.get_locking_mode", vif), "disabled", "mode")
        # a guest has it after its own reboot, too
        api.run("VM.clean_reboot", vm)
        told("disabled", "192.0.2.11", "2001:db8::a", "1024", there)
        # the network's own
        api("VIF.set_locking_mode", vif, "network_default")
        told("unlocked", "192.0.2.11", "2001:db8::a", "1024", there)
        equal(refused("VIF_IN_USE", api, "network.set_default_locking_mode",
                      other, "disabled"), [other, vif], "parameters")
        api.run("VIF.unplug", vif)
        equal(b.ask("nic %s 0" % uuid), "ok none", "nic")
        api("network.set_default_locking_mode", other, "disabled")
        api.run("VIF.plug", vif)
        told("disabled", "192.0.2.11", "2001:db8::a", "1024", there)
        # many at once: all have heard of the last one
        def flip(mode):
            client = b.login()
            for _ in range(8):
                client("VIF.set_locking_mode", vif, mode)
        with ThreadPool(3) as pool:
            pool.map(flip, ("locked", "unlocked", "disabled"))
        told(api("VIF.get_locking_mode", vif), "192.0.2.11", "2001:db8::a",
             "1024", there)
        # killed between the record and the guest
        api("VIF.set_locking_mode", vif, "unlocked")
        b.control("delay vif_change 60000")
        asked = threading.Thread(target=ask_in_vain, daemon=True, args=(
            b.login(), "VIF.set_locking_mode", vif, "locked"))
        asked.start()
        until("the record", lambda: api("VIF.get_locking_mode", vif) ==
              "locked")
        b.kill_xapi()
        asked.join()
        b.control("clear")
        b.start_xapi()
        api = b.ready()
        until("the lock", lambda: b.ask("nic %s 0" % uuid).startswith(
            "ok locked "))
        # a guest that goes on from its image misses none
        def stay_until_cancelled(delayed, *call):
            b.control("delay %s 600000" % delayed)
            task = api(*call)
            until("it to begin", lambda: api("VM.get_current_operations", vm))
            refused("OTHER_OPERATION_IN_PROGRESS", api,
                    "VIF.set_locking_mode", vif, "unlocked")
            refused("OTHER_OPERATION_IN_PROGRESS", api, "VIF.move", vif, net)
            api("task.cancel", task)
            until("its end", lambda: api("task.get_status", task) !=
                  "pending")
            b.control("clear")
        stay_until_cancelled("vdi_clone", "Async.VM.checkpoint", vm, "c")
        api.run("VM.suspend", vm)
        stay_until_cancelled("vm_resume", "Async.VM.resume", vm, False, False)
        api("VIF.set_ipv4_allowed", vif, ["192.0.2.12"])
        api.run("VM.resume", vm, False, False)
        told("locked", "192.0.2.12", "2001:db8::a", "1024", there)
        api.run("VM.hard_shutdown", vm)
        api("VIF.set_locking_mode", vif, "disabled")


def a_lock_holds_for_a_guest_that_starts_unseen():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        vif, = api("VM.get_VIFs", vm)
        b.control("delay vm_start 8000")
        api("Async.VM.start", vm, False, False)
        until("the start to begin", lambda: api("VM.get_current_operations",
                                                vm))
        b.kill_xapi()       # who asked for it with the VIF as it was
        b.start_xapi()
        api = b.login()
        api("VIF.set_locking_mode", vif, "locked")
        api.wait_field("VM", vm, "power_state", "Running", 60)
        until("the lock", lambda: b.ask("nic %s 0" % api(
            "VM.get_uuid", vm)).startswith("ok locked "))


def a_vif_goes_back_to_no_network_that_is_gone():
    with Bench() as b:
        api = b.ready()
        vif, = api("VM.get_VIFs", b.running(api))
        left, there = (api("network.create", {"name_label": n,
                                              "other_config": {}})
                       for n in ("left", "there"))
        api("VIF.move", vif, left)
        b.control("delay vif_change 600000")
        asked = threading.Thread(target=ask_in_vain, daemon=True, args=(
            b.login(), "VIF.move", vif, there))
        asked.start()
        until("the record", lambda: api("VIF.get_network", vif) == there)
        # its bridge still has the guest
        refused("OPERATION_NOT_ALLOWED", api, "network.destroy", left)
        b.kill_sim()
        asked.join()
        equal(api("VIF.get_network", vif), there, "network")
        b.start_sim()


def a_network_has_one_purpose_at_most():
    with Bench() as b:
        api = b.ready()
        net = api("network.get_all")[0]
        for _ in range(2):
            api("network.add_purpose", net, "nbd")
        equal(refused("NETWORK_INCOMPATIBLE_PURPOSES", api,
                      "network.add_purpose", net, "insecure_nbd"),
              ["insecure_nbd", "nbd"], "parameters")
        for _ in range(2):
            api("network.remove_purpose", net, "nbd")
        api("network.add_purpose", net, "insecure_nbd")
        equal(api("network.get_purpose", net), ["insecure_nbd"], "purpose")


def a_mac_address_follows_from_the_seed():
    with Bench() as b:
        api = b.ready()
        vm, other = b.vm(api), b.vm(api, name="other")

        def mac(owner, device):
            vif = b.vif(api, owner, device)
            address = api("VIF.get_MAC", vif)
            check(api("VIF.get_MAC_autogenerated", vif), "not generated")
            equal(int(address[:2], 16) & 3, 2, "the two lowest bits")
            api("VIF.destroy", vif)
            return address
        here = [mac(vm, d) for d in ("1", "2", "3")]
        equal([mac(vm, d) for d in ("1", "2", "3")], here, "addresses again")
        there = [mac(other, d) for d in ("1", "2", "3")]
        equal(len(set(here + there)), 6, "different addresses")
        seed = api("VM.get_other_config", vm)["mac_seed"]
        api("VM.set_other_config", other, {"mac_seed": seed})
        equal(mac(other, "2"), here[1], "address by the same seed")
        first = api("VM.get_VIFs", vm)[0]
        clone = api.run("VM.clone", vm, "clone")
        copy = api("VM.get_VIFs", clone)[0]
        check(api("VM.get_other_config", clone)["mac_seed"] != seed,
              "the clone has the seed of its source")
        check(api("VIF.get_MAC", copy) != api("VIF.get_MAC", first),
              "the clone has the address of its source")
        address = api("VIF.get_MAC", copy)
        api("VIF.destroy", copy)
        equal(mac(clone, "0"), address, "address of the clone's VIF")


# What a client would call if it were offered the feature.
PROBES = {
    "pooling": "pool.join", "vtpm": "VTPM.create", "dr": "DR_task.create",
    "checkpoint": "VM.checkpoint", "cbt": "VDI.enable_cbt",
    "xen_motion": "VM.pool_migrate", "storage_xen_motion": "VM.migrate_send",
    "vmss": "VMSS.snapshot_now", "network_sriov": "network_sriov.create",
    "historical_performance": "host.query_data_source",
    "rbac": "subject.create",
    "pool_secret_rotation": "pool.rotate_secret", "vgpu": "VGPU.create",
    "igmp_snooping": "pool.set_igmp_snooping_enabled",
    "usb_passthrough": "VUSB.create", "pvs_proxy": "PVS_proxy.create",
    "set_vcpus_number_live": "VM.set_VCPUs_number_live",
    "wlb": "pool.initialize_wlb", "corosync": "Cluster.create",
    "vswitch_controller": "SDN_controller.introduce",
    "hotfix_apply": "pool_update.introduce",
    "live_patching": "host.apply_updates",
}


def clients_are_offered_what_is_there():
    with Bench() as b:
        api = b.ready()
        maps = (api("pool.get_restrictions", api("pool.get_all")[0]),
                api("host.get_license_params", api("host.get_all")[0]))

        state = Wire().state

        def is_there(message):
            return state[message] == "built"
        for m in maps:
            for feature, message in PROBES.items():
                equal(m["restrict_" + feature] == "false", is_there(message),
                      "what is said of %s: allowed" % feature)
            equal(m["restrict_ad"], "true", "what is said of directories")
            equal(m["enable_xha"] == "true", is_there("pool.enable_ha"),
                  "what is said of HA")


def every_allowed_device_is_taken():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        vdi = b.vdi(api)
        taken = {"VBD": ["0"], "VIF": ["0"]}
        for cls, least in (("VBD", 254), ("VIF", 6)):
            allowed = api("VM.get_allowed_%s_devices" % cls, vm)
            check(len(allowed) >= least, "%d %ss" % (len(allowed), cls))
            check("0" not in allowed, "a device that is taken is allowed")
            for device in allowed:
                if cls == "VIF":
                    b.vif(api, vm, device)
                else:
                    api("VBD.create", {
                        "VM": vm, "VDI": vdi, "userdevice": device,
                        "bootable": False, "mode": "RO", "type": "Disk",
                        "empty": False, "other_config": {},
                        "qos_algorithm_type": "",
                        "qos_algorithm_params": {}})
                taken[cls].append(device)
            equal(api("VM.get_allowed_%s_devices" % cls, vm), [], "the rest")
        refused("INVALID_DEVICE", b.vbd, api, vm, vdi, "autodetect")
        api.run("VM.start", vm, False, False)
        check(all(api("VBD.get_currently_attached", v)
                  for v in api("VM.get_VBDs", vm)), "not all are attached")


def old_news_does_not_undo_an_operation():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        for _ in range(100):
            api("VM.start", vm, False, False)
            equal(state(api, vm), "Running", "power state")
            api("VM.hard_shutdown", vm)
            equal(state(api, vm), "Halted", "power state")



def the_clock_follows_whom_it_is_told():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        reason = "there are no custom servers"

        def kept():
            with open(b.path("host/ntp.conf")) as f:
                return f.read()

        def seen():
            return (api("host.get_ntp_mode", host),
                    api("host.get_ntp_custom_servers", host))
        equal(seen(), ("DHCP", []), "mode and servers")
        equal(refused("INVALID_NTP_CONFIG", api, "host.set_ntp_mode", host,
                      "Custom"), [reason], "reason")
        refused("INVALID_NTP_CONFIG", api, "host.set_ntp_mode", host,
                "Factory")
        for bad in (["a b"], [""], ["x;reboot"], ["a.b\nmode=dhcp"],
                    ["ntp%d.example" % i for i in range(17)]):
            refused("INVALID_NTP_CONFIG", api, "host.set_ntp_custom_servers",
                    host, bad)
        servers = ["ntp.example", "192.0.2.1", "2001:db8::1"]
        api("host.set_ntp_custom_servers", host, servers)
        equal(seen(), ("DHCP", servers), "mode and servers")
        equal(refused("NOT_ALLOWED_WHEN_NTP_IS_ENABLED", api,
                      "host.set_servertime", host,
                      DateTime("20300102T03:04:05Z")), [host], "host")
        check(not os.path.exists(b.path("host/clock")), "the clock was set")
        api("host.set_ntp_mode", host, "Custom")
        equal(kept(), "mode=custom\nservers=%s\n" % " ".join(servers), "file")
        equal(refused("INVALID_NTP_CONFIG", api,
                      "host.set_ntp_custom_servers", host, []), [reason],
              "reason")
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        equal(seen(), ("Custom", servers), "mode and servers")
        api("host.set_ntp_mode", host, "Disabled")
        equal(kept(), "mode=disabled\nservers=%s\n" % " ".join(servers),
              "file")
        equal(api("host.get_ntp_synchronized", host), False, "synchronized")
        for bad in ("19991231T23:59:59Z", "21000101T00:00:00Z"):
            refused("INVALID_VALUE", api, "host.set_servertime", host,
                    DateTime(bad))
        api("host.set_servertime", host,
            DateTime("20300102T03:04:05Z"))
        with open(b.path("host/clock")) as f:
            equal(f.read(), "1893553445\n", "clock")
        for stratum, follows in (("3", True), ("16", False)):
            with open(b.path("host/ntp.news"), "w") as f:
                f.write(stratum + "\n")
            equal(api("host.get_ntp_synchronized", host), follows, stratum)


def local_time_is_that_of_the_zone():
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]

        def ahead():
            utc, local = (datetime.datetime.strptime(
                str(api("host.get_server" + what, host)), "%Y%m%dT%H:%M:%SZ")
                for what in ("time", "_localtime"))
            return round((local - utc).total_seconds() / 60)
        equal(api("host.get_timezone", host), "UTC", "zone")
        equal(ahead(), 0, "minutes")
        zones = api("host.list_timezones", host)
        check("Asia/Kolkata" in zones, "the zones are %s" % zones)
        for bad in ("", "Asia", "asia/kolkata", "Asia/Kolkata ", "../UTC"):
            refused("INVALID_VALUE", api, "host.set_timezone", host, bad)
        api("host.set_timezone", host, "Asia/Kolkata")
        equal(ahead(), 330, "minutes")
        b.kill_xapi()
        b.start_xapi()
        api = b.login()
        equal(api("host.get_timezone", host), "Asia/Kolkata", "zone")
        until("the zone's time", lambda: ahead() == 330)


def a_host_shows_its_logs():
    """xapi's is the file that svlogd would write, and older ones of it."""
    with Bench() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        equal(api("host.get_log", host), "", "log")
        equal(api("host.dmesg", host), "", "dmesg")
        os.mkdir(b.path("host/log"))
        os.link(b.path("xapi.log"), b.path("host/log/current"))
        said = api("host.get_log", host)
        check("xapi is up" in said and said.endswith("\n"), said)
        equal(api.run("host.get_log", host), said, "the same by a task")
        with open(b.path("host/log/@4000000000000001.s"), "wb") as f:
            f.write(b"oldest\n" + b"y" * 300 * 1024 + b"\n<\xff\x1b>\n")
        equal(api("host.get_log", host), "<??>\n" + said, "whole lines")
        with open(b.path("host/log/@4000000000000002.s"), "wb") as f:
            f.write(b'"""\n' * (1 << 16))
        long = html.unescape(api.run("host.get_log", host))
        equal(len(long), 256 * 1024 - 4 + len(said) % 4, "length")
        with open(b.path("host/xen.log"), "w") as f:
            f.write("(XEN) Xen version\n")
        for message in ("dmesg", "dmesg_clear"):
            equal(api("host." + message, host), "(XEN) Xen version\n", message)
        equal(api("host.dmesg", host), "", "dmesg after dmesg_clear")
        for bad in ("", "a b", "x" * 33, "\u00e9"):
            refused("INVALID_VALUE", api, "host.send_debug_keys", host, bad)
        api("host.send_debug_keys", host, "dq")
        equal(api("host.dmesg", host), "(XEN) keys 'dq' pressed\n", "keys")
        refused("XENAPI_MISSING_PLUGIN", api, "VM.call_plugin", b.vm(api),
                "guest-agent-operation", "version", {})


SCENARIOS = [
    a_host_shows_its_logs,
    old_news_does_not_undo_an_operation,
    a_mac_address_follows_from_the_seed, clients_are_offered_what_is_there,
    every_allowed_device_is_taken,
    an_error_names_the_field_and_what_was_sent,
    memory_limits_keep_their_order, setters_take_any_order,
    only_a_template_is_provisioned, what_cannot_start_says_which_field,
    an_hvm_guest_has_what_this_host_knows,
    media_change_in_the_drive_of_a_running_hvm_guest,
    a_suspended_vm_goes_on_where_it_was,
    a_vm_with_emulated_devices_is_suspended_too,
    schedules_take_snapshots_and_keep_the_newest,
    a_disk_that_is_used_keeps_no_other_disk,
    a_schedule_missed_by_a_restart_is_made_up_for,
    a_suspend_that_fails_leaves_the_guest_running,
    an_image_that_is_not_whole_is_not_resumed,
    a_suspended_vm_that_goes_takes_its_memory_along,
    a_snapshot_keeps_disks_and_settings, a_checkpoint_keeps_the_memory_too,
    what_is_cancelled_leaves_no_disk,
    a_drive_that_goes_during_a_copy_takes_no_disk_along,
    a_revert_that_cannot_be_written_leaves_the_guest_running,
    memory_that_goes_during_a_revert_is_missed,
    a_bad_number_is_refused_where_it_is_given,
    a_drive_that_is_not_unpluggable_stays,
    a_disk_beyond_any_disk_is_too_large,
    a_network_is_on_a_bridge_that_is_there,
    a_nic_that_comes_is_found_and_none_is_forgotten,
    a_vlan_is_made_used_and_taken_away,
    a_vlan_that_is_destroyed_while_it_is_made_is_gone,
    a_vlan_that_is_destroyed_during_a_scan_is_gone,


    a_vif_is_locked_and_moved_while_its_guest_runs,
    a_lock_holds_for_a_guest_that_starts_unseen,
    a_vif_goes_back_to_no_network_that_is_gone,
    a_network_has_one_purpose_at_most,
    each_request_may_fail_once, keys_and_buttons_of_a_guest_work,
    a_key_ends_a_guest_that_does_not_shut_down,
    xapi_is_killed_at_any_time,
    a_vm_lives_and_dies, a_disk_goes_in_and_out, a_console_talks,
    two_viewers_see_all_of_a_console,
    devices_come_and_go, xapi_is_killed_and_the_vm_runs_on,
    guests_that_change_while_xapi_is_down_are_found, xenopsd_is_killed,
    errors_of_the_host_have_their_names, a_slow_start_is_cancelled,
    progress_is_seen, a_deaf_guest_needs_force, guests_act_by_themselves,
    what_follows_an_end_may_change_while_it_runs,
    no_password_no_login, a_bad_secret_is_told_once_a_minute,
    a_new_password_counts_at_once,
    a_new_password_wants_the_old_one, guessers_wait_and_leave_few_lines,
    bad_requests_harm_nobody, http_wants_https, starts_and_stops_leave_nothing,
    sync_calls_wait_and_async_calls_do_not,
    vms_are_found_while_storage_hangs,
    an_installed_host_has_its_local_sr_once,
    what_stops_the_local_sr_does_not_stop_it_for_good,
    an_sr_that_failed_once_is_back_the_next_time,
    a_transfer_does_not_outlive_its_lease,
    memory_that_was_just_freed_is_there,
    a_disk_that_others_have_or_nobody_has_starts_no_vm,
    what_led_to_an_sr_that_is_forgotten_leads_nowhere,
    a_blocked_operation_is_refused, a_shutdown_goes_no_blocked_way,
    an_sr_is_left_alone_while_something_is_done_to_it,
    a_copy_of_a_disk_in_another_sr_changes_nothing_about_it,
    a_disk_is_in_a_vm_only_once,
    the_control_domain_is_no_guest, odd_devices_and_names_are_refused,
    a_disk_that_a_guest_writes_to_is_not_cloned,
    a_vm_knows_its_type_from_the_start,
    an_sr_keeps_its_pbd_while_it_is_plugged,
    a_paused_guest_gets_its_cd, an_sr_in_use_names_the_disk,
    a_drive_changes_its_mode_while_its_vm_is_off,
    a_starting_vm_keeps_its_devices,
    the_clock_follows_whom_it_is_told, local_time_is_that_of_the_zone,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
