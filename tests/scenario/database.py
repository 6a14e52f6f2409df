"""The database of xapi over the simulator: a full disk, a damaged file, the
power button.

	database.py [NAME...]
"""

import http.client
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from bench import (ROOT, Bench, Failed, Refused, check, equal, main, refused,
                   until)
from access import audit
from api import tls


class SmallDisk(Bench):
    """xapi's state is a file system of its own, of 8 MiB."""

    def start_sim(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "state",
                        self.path("xapi")], check=True)
        super().start_sim()

    def stop(self):
        try:
            for p in (self.xapi, self.sim):
                if p and p.poll() is None:
                    p.kill()
                    p.wait()
            if os.path.ismount(self.path("xapi")):
                subprocess.run(["umount", "-l", self.path("xapi")],
                               check=True)
        finally:
            super().stop()

    def fill(self, more=False):
        with open(self.path("xapi/filler"), "ab" if more else "wb",
                  buffering=0) as f:
            for size in (65536, 512):
                try:
                    while True:
                        f.write(b"x" * size)
                except OSError:
                    pass


def write_until_refused(api, vm):
    """The log of the database may have some room of its own left."""
    for i in range(5000):
        try:
            api("VM.set_name_description", vm, "%d " % i + "x" * 2000)
        except Refused as e:
            return e.code, i
    raise Failed("the disk is full, but takes all writes")


def alerts(api):
    return [m for m in api("message.get_all_records").values()
            if m["name"] == "DATABASE_WRITES_REFUSED"]


def a_full_disk_refuses_writes_until_there_is_room():
    with SmallDisk() as b:
        api = b.ready()
        vm = b.vm(api)
        b.fill()
        code, n = write_until_refused(api, vm)
        equal(code, "OUT_OF_SPACE", "error")
        text = api("VM.get_name_description", vm)
        check(n == 0 or text.startswith("%d " % (n - 1)),
              "not the last that was acknowledged, %s" % text[:10])
        check(len(api("VM.get_all_records")) > 3, "records are missing")
        until("the alert", lambda: alerts(api))
        check("refuses changes" in alerts(api)[0]["body"], "says otherwise")
        for _ in range(3):      # a start finds room of its own
            b.kill_xapi()
            b.start_xapi()
            api = b.ready()
            check(len(api("VM.get_all_records")) > 3, "records are missing")
            b.fill(more=True)
            equal(write_until_refused(api, vm)[0], "OUT_OF_SPACE", "error")
            until("the alert", lambda: alerts(api))
        os.unlink(b.path("xapi/filler"))
        api("VM.set_name_description", vm, "works again")
        until("the end of it", lambda: [
            m for m in alerts(api) if "refused changes for" in m["body"]])
        equal(len(alerts(api)), 1, "alerts")
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        equal(api("VM.get_name_description", vm), "works again", "text")
        equal(len(alerts(api)), 1, "alerts after the end")


def tool(b, *args):
    return subprocess.run(
        [os.path.join(ROOT, "build", "host", "xapi"), "db", *args, "--state",
         b.path("xapi")], capture_output=True, text=True, timeout=60)


def a_damaged_database_is_named_and_repaired():
    with Bench() as b:
        api = b.ready()
        vms = {b.vm(api, name="vm%d" % i) for i in range(3)}
        before = tool(b, "check")
        check(before.returncode == 1 and "sv stop xapi" in before.stderr,
              "check of a database in use: " + before.stderr)
        b.xapi.send_signal(signal.SIGTERM)
        b.xapi.wait(60)
        equal(tool(b, "check").returncode, 0, "check")
        dump = tool(b, "dump").stdout
        check('"name_label":"vm2"' in dump, "no VM in the dump")
        path = b.path("xapi/state.db")
        with open(path, "r+b") as f:
            f.seek(os.path.getsize(path) // 2)
            f.write(b"Z" * 9000)
        b.start_xapi(wait=False)

        def says_so():
            with open(b.path("xapi.log")) as f:
                return "xapi-db repair" in f.read()
        until("the way out", says_so)
        equal(b.xapi.poll(), None, "xapi ended at once, it")
        b.xapi.send_signal(signal.SIGTERM)
        equal(b.xapi.wait(20), 1, "exit status")
        equal(tool(b, "repair").returncode, 0, "repair")
        equal(tool(b, "check").returncode, 0, "check of what was repaired")
        with open(b.path("dump"), "w") as f:
            f.write(dump)
        equal(tool(b, "restore", b.path("dump")).returncode, 0, "restore")
        b.start_xapi()
        api = b.ready()
        check(vms <= set(api("VM.get_all")), "VMs are missing")


def metrics_live_as_long_as_their_object():
    with Bench() as b:
        api = b.ready()
        vms = [b.vm(api, name="vm%d" % i) for i in range(2)]
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        vbds = [v for vm in vms for v in api("VM.get_VBDs", vm)]
        for vbd in vbds:
            api("VBD_metrics.get_uuid", api("VBD.get_record", vbd)["metrics"])
        for vm in vms:
            api("VM_metrics.get_record", api("VM.get_metrics", vm))
        api("VM.destroy", vms[0])
        disks = [api("VBD.get_VDI", v) for v in api("VM.get_VBDs", vms[1])
                 if api("VBD.get_type", v) == "Disk"]
        check(disks, "the VM has no disk")
        for vdi in disks:
            api.run("VDI.destroy", vdi)
        for cls, owner in ("VBD_metrics", "VBD"), ("VM_metrics", "VM"):
            used = {r["metrics"]
                    for r in api(owner + ".get_all_records").values()}
            there = {e["ref"] for e in api("event.from", [cls], "",
                                           0.0)["events"]}
            equal(there - used, set(), cls + " that nothing has")


def kill_9_loses_nothing_acknowledged():
    with Bench() as b:
        api = b.ready()
        vms = [b.vm(api, name="vm%d" % i) for i in range(3)]
        last = {vm: 0 for vm in vms}

        def storm(vm):
            mine = b.login()
            try:
                while True:
                    mine("VM.set_name_description", vm, str(last[vm] + 1))
                    last[vm] += 1
            except (OSError, http.client.HTTPException, Refused):
                pass
        for _ in range(int(os.environ.get("KILLS", "5"))):
            at = dict(last)
            writers = [threading.Thread(target=storm, args=(vm,))
                       for vm in vms]
            for w in writers:
                w.start()
            until("writes", lambda: all(last[v] > at[v] + 5 for v in vms))
            b.kill_xapi()
            for w in writers:
                w.join()
            b.start_xapi()
            api = b.ready()
            for vm in vms:
                n = int(api("VM.get_name_description", vm))
                check(last[vm] <= n <= last[vm] + 1,
                      "%d is there, %d was acknowledged" % (n, last[vm]))
                last[vm] = n


# what makes an object, with which arguments, and its field that has the text
MAKERS = (
    ("secret.create", lambda text, _: ({"value": text, "other_config": {}},),
     "value"),
    ("message.create", lambda text, pool: (text, "3", "Pool", pool, "body"),
     "name"),
    ("VM_group.create", lambda text, _: ({
        "name_label": text, "name_description": "", "placement": "normal"},),
     "name_label"),
    ("VM_appliance.create", lambda text, _: ({
        "name_label": text, "name_description": ""},),
     "name_label"),
    ("subject.create", lambda text, _: ({
        "subject_identifier": text, "other_config": {}},),
     "subject_identifier"),
    ("task.create", lambda text, _: (text, ""), None),    # goes with a kill
)


def make_until_killed(b, pool, method, arguments, made):
    """Adds (reference, text) of each object that was acknowledged."""
    api = b.login()
    try:
        while True:
            # of its own: what was not acknowledged may be there, too
            text = os.urandom(8).hex()
            made.append((api(method, *arguments(text, pool)), text))
    except (OSError, http.client.HTTPException):
        pass


def kill_9_keeps_objects_of_all_kinds():
    with Bench() as b:
        api = b.ready()
        pool = api("pool.get_uuid", api("pool.get_all")[0])
        made = {method: [] for method, _, _ in MAKERS}
        for _ in range(int(os.environ.get("KILLS", "3"))):
            at = {method: len(made[method]) for method in made}
            writers = [threading.Thread(target=make_until_killed, args=(
                b, pool, method, arguments, made[method]))
                for method, arguments, _ in MAKERS]
            for w in writers:
                w.start()
            until("writes", lambda: all(
                len(made[method]) > at[method] + 5 for method in made))
            b.kill_xapi()
            for w in writers:
                w.join()
            b.start_xapi()
            api = b.ready()
            for method, _, field in MAKERS:
                record = method.replace("create", "get_record")
                for ref, text in made[method] if field else ():
                    equal(api(record, ref)[field], text, method)
            equal(api("task.get_all"), [], "tasks")


def a_full_disk_hides_no_domain():
    """What happened to VMs while nothing could be stored is known later, and
    until then nobody takes a VM that runs for one that is off."""
    with SmallDisk() as b:
        api = b.ready()
        off = b.vm(api, name="off")
        on, guest = (b.running(api, name=n) for n in ("on", "guest"))
        spare = b.vbd(api, guest, b.vdi(api), "1")
        b.fill()
        write_until_refused(api, off)
        tasks = [api("Async.VM.start", off, False, False),
                 api("Async.VM.hard_shutdown", on),
                 api("Async.VBD.plug", spare)]
        for task in tasks:
            until("the end", lambda: api("task.get_status", task) !=
                  "pending")
            equal(api("task.get_error_info", task)[0], "OUT_OF_SPACE",
                  "error")
        b.control("guest %s shutdown" % api("VM.get_uuid", guest))
        equal(api("VM.get_power_state", off), "Halted", "power state")
        check("destroy" not in api("VM.get_allowed_operations", off),
              "a VM that runs may be destroyed")
        os.unlink(b.path("xapi/filler"))
        for vm, state in ((off, "Running"), (on, "Halted"),
                          (guest, "Halted")):
            until("the VM to be " + state, lambda: api(
                "VM.get_power_state", vm) == state)
            until("the lock to go", lambda: not api(
                "VM.get_current_operations", vm))
        equal(api("VBD.get_current_operations", spare), {}, "operations")
        check(not api("VBD.get_currently_attached", spare), "attached")
        check(all(api("VBD.get_currently_attached", v)
                  for v in api("VM.get_VBDs", off)), "disk not attached")
        api.run("VM.hard_shutdown", off)
        api.run("VM.start", on, False, False)


def start_slot(b, slot, trial=False, wait=True):
    """xapi as the system in that slot would start it."""
    os.makedirs(b.path("slot"), exist_ok=True)
    b.xapi_options = (
        "--listen-all", "--slot", b.path("slot"), "--cmdline",
        "quiet bedplate.disk=0123456789abcdef bedplate.slot=" + slot
        + (" bedplate.trial=300" if trial else ""))
    b.start_xapi(wait=wait)


def kill_at_starts(b, *slot):
    """-9 at ever later moments of a start, up to where it is up."""
    for i in range(12):
        start_slot(b, *slot, wait=False)
        time.sleep(0.004 * 1.5 ** i)
        b.kill_xapi()


def put_code(b, api, path):
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls())
    c.request("PUT", "%s?session_id=%s" % (path, api.session), body=b"x")
    return c.getresponse().status


def takes_changes(api, vm, text):
    try:
        api("VM.set_name_description", vm, text)
    except Refused as e:
        equal(e.code, "HOST_STILL_BOOTING", "error")
        return False
    return True


def a_system_on_trial_takes_no_changes_and_leaves_none():
    with Bench() as b:
        api = b.ready()
        vm, on = b.vm(api), b.vm(api, name="on")
        api("VM.add_to_other_config", on, "auto_poweron", "true")
        api("pool.add_to_other_config", api("pool.get_all")[0],
            "auto_poweron", "true")
        api("VM.set_name_description", vm, "before")
        b.kill_xapi()
        b.kill_sim()
        b.start_sim()
        kill_at_starts(b, "b", True)
        start_slot(b, "b", True)
        api = b.ready()
        equal(api("VM.get_name_description", vm), "before", "text")
        check(not takes_changes(api, vm, "on trial"), "a change was taken")
        for call in ("VM.start", "Async.VM.start"):
            refused("HOST_STILL_BOOTING", api, call, vm, False, False)
        refused("HOST_STILL_BOOTING", api, "VM.clone", vm, "clone")
        for path in ("/update", "/import_raw_vdi", "/blob",
                     "/pool/xmldbdump", "/host_restore"):
            equal(put_code(b, api, path), 503, "PUT " + path)
        api("session.get_uuid", api.session)
        api("task.destroy", api("task.create", "mine", ""))
        time.sleep(3)   # the VM would have been started
        equal(api("VM.get_power_state", on), "Halted", "power state")
        b.kill_xapi()
        # what a migration might do
        db = sqlite3.connect(b.path("xapi/state.db"))
        db.executescript("DELETE FROM class_VM; PRAGMA user_version = 99;")
        db.close()
        kill_at_starts(b, "a")
        start_slot(b, "a")
        api = b.ready()
        equal(api("VM.get_name_description", vm), "before", "text")
        until("the VM that starts with the host", lambda: api(
            "VM.get_power_state", on) == "Running")
        api("VM.set_name_description", vm, "between")
        check(not slot_copies(b), "a copy is left")


def slot_copies(b):
    return [n for n in os.listdir(b.path("xapi"))
            if n.startswith("state.db.slot-")]


def what_is_acknowledged_after_a_trial_stays():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api)
        b.kill_xapi()
        start_slot(b, "b", True)
        api = b.ready()
        equal(slot_copies(b), ["state.db.slot-a"], "copies")
        check(not takes_changes(api, vm, "early"), "a change was taken")
        open(b.path("slot/confirmed"), "w").close()
        check(takes_changes(api, vm, "confirmed"), "refused after the trial")
        check(not slot_copies(b), "the copy is left")
        b.kill_xapi()
        for slot in (("b", True), ("b",), ("a",)):
            start_slot(b, *slot)
            api = b.ready()
            equal(api("VM.get_name_description", vm), "confirmed", "text")
            check(takes_changes(api, vm, "confirmed"), "refused")
            check(not slot_copies(b), "a copy")
            b.kill_xapi()


def database(b, api, method="GET", body=None, query=""):
    """Status, bytes and declared length of /pool/xmldbdump."""
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls(),
                                    timeout=120)
    c.request(method, "/pool/xmldbdump?session_id=%s%s" % (
        api.session, query), body)
    answer = c.getresponse()
    data = answer.read()
    c.close()
    return answer.status, data, answer.getheader("Content-Length")


def a_backup_by_the_network_is_restored():
    with Bench() as b:
        api = b.ready()
        vm = b.vm(api, name="kept")
        record = api("VM.get_record", vm)
        secret = api("secret.create", {"value": "s3cret", "other_config": {}})
        status, dump, length = database(b, api)
        equal((status, length), (200, str(len(dump))), "a backup")
        api.run("VM.destroy", vm)
        api("secret.destroy", secret)
        later = api("secret.create", {"value": "x", "other_config": {}})

        # what is no backup changes nothing
        lines = dump.splitlines(keepends=True)
        whole = b"".join(lines)
        for body, why in ((b"<xml/>", b"no dump"), (b"", b"length"),
                          (whole[:-40], b"line"), (lines[0], b"no pool"),
                          (whole + lines[1], b"twice"),
                          (whole + b"{}\n", b"class"),
                          (lines[0] + b"x" * (1 << 20), b"JSON")):
            for query in ("", "&dry_run=true"):
                status, text, _ = database(b, api, "PUT", body, query)
                check(status == 400 and why in text, "%r: %d %r" % (
                    body[-40:], status, text))
        status, text, _ = database(b, api, "PUT", dump, "&dry_run=true")
        equal((status, text), (200, b"The backup can be restored.\n"), "dry")
        check(not os.path.exists(b.path("xapi/state.db.new")), "it is there")
        refused("HANDLE_INVALID", api, "VM.get_record", vm)

        status, text, _ = database(b, api, "PUT", dump)
        equal(status, 200, text)
        equal(b.xapi.wait(60), 0, "the end of xapi")
        b.start_xapi()
        api = b.ready()
        now = api("VM.get_record", vm)
        for key in ("uuid", "name_label", "VBDs", "VIFs", "other_config"):
            equal(now[key], record[key], key)
        equal(api("secret.get_value", secret), "s3cret", "a secret")
        refused("HANDLE_INVALID", api, "secret.get_value", later)
        api.run("VM.start", vm, False, False)
        _, log = audit(b, api.session)
        check(any("put_pool_xml_db_sync" in line for line in log),
              "no line in the audit log: %s" % log[-5:])
        file = b.path("by-xe")
        p = subprocess.run([os.path.join(ROOT, "build", "host", "xe"),
                            "pool-dump-database", "file-name=" + file],
                           env=dict(os.environ, XE_SOCKET=b.path("xapi.sock")),
                           capture_output=True, text=True, timeout=120)
        equal((p.returncode, p.stderr), (0, ""), "xe")
        with open(file, "rb") as f:
            status, text, _ = database(b, api, "PUT", f.read(),
                                       "&dry_run=true")
        equal(status, 200, text)


if __name__ == "__main__":
    if os.geteuid() != 0:       # a mount needs a name space of our own
        os.execvp("unshare", ["unshare", "-rm", sys.executable] + sys.argv)
    sys.exit(main([a_full_disk_refuses_writes_until_there_is_room,
                   a_damaged_database_is_named_and_repaired,
                   metrics_live_as_long_as_their_object,
                   kill_9_loses_nothing_acknowledged,
                   kill_9_keeps_objects_of_all_kinds,
                   a_full_disk_hides_no_domain,
                   a_system_on_trial_takes_no_changes_and_leaves_none,
                   what_is_acknowledged_after_a_trial_stays,
                   a_backup_by_the_network_is_restored]))
