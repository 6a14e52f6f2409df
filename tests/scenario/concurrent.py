"""Many clients at once: random messages about the same objects, to programs
that sanitizers watch.  Whatever they send, xapi lives, answers, leaves nothing
locked, and its database stays good.

	concurrent.py asan|tsan (--seconds N | --calls N) [--seed N]
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

from bench import (PASSWORD, ROOT, Bench, Failed, Refused, check, equal,
                   until)
from sweep import SPARED, Wire

CLIENTS = 24
ASKERS, ROW = 4, 20     # who send getters over TLS, so many in a row
VARIANTS = 12       # of each kind of value
SETTLE_S = 240      # until the last task has ended
LOCKED = ("VM", "VBD", "VIF", "VDI", "SR", "VM_appliance")
SHARED = LOCKED + ("PBD", "network", "task", "host", "pool", "console",
                   "message", "VM_metrics", "PIF", "VM_group", "subject",
                   "secret", "VMSS", "blob")
TROUBLE = re.compile(r"ERROR: (Address|Leak)Sanitizer|runtime error:|"
                     r"WARNING: ThreadSanitizer|Assertion|assertion")


def literal(value):
    return json.dumps(value, separators=(",", ":"))


# What makes objects meet, beside all that wire.lock has: how often, message
# and arguments (a kind, or @literal).
VBD = {"VM": "@VM@", "VDI": "@VDI@", "userdevice": "autodetect",
       "bootable": False, "mode": "RW", "type": "Disk", "empty": False,
       "other_config": {}, "qos_algorithm_type": "",
       "qos_algorithm_params": {}}
DRIVE = dict(VBD, VDI="OpaqueRef:NULL", mode="RO", type="CD", empty=True)
VIF = {"device": "1", "VM": "@VM@", "network": "@network@", "MAC": "",
       "MTU": 1500, "other_config": {}, "qos_algorithm_type": "",
       "qos_algorithm_params": {}}
VDI = {"name_label": "d", "name_description": "", "SR": "@SR@",
       "virtual_size": 1 << 20, "type": "user", "sharable": False,
       "read_only": False, "other_config": {}}
BUSY = [
    (30, "VM.start", "@VM@", False, False),
    (15, "VM.hard_shutdown", "@VM@"), (15, "VM.shutdown", "@VM@"),
    (10, "VM.clean_shutdown", "@VM@"), (5, "VM.hard_reboot", "@VM@"),
    (5, "VM.pause", "@VM@"), (10, "VM.unpause", "@VM@"),
    (10, "VM.clone", "@VM@", "copy"), (25, "VM.destroy", "@VM@"),
    (5, "VM.set_is_a_template", "@VM@", False),
    (3, "VM.power_state_reset", "@VM@"),
    (20, "VBD.create", VBD), (15, "VBD.create", DRIVE),
    (20, "VBD.plug", "@VBD@"), (10, "VBD.unplug", "@VBD@"),
    (25, "VBD.insert", "@VBD@", "@VDI@"), (25, "VBD.eject", "@VBD@"),
    (10, "VBD.destroy", "@VBD@"),
    (15, "VIF.create", VIF), (15, "VIF.plug", "@VIF@"),
    (10, "VIF.unplug", "@VIF@"), (10, "VIF.destroy", "@VIF@"),
    (25, "VDI.create", VDI), (15, "VDI.clone", "@VDI@", {}),
    (20, "VDI.snapshot", "@VDI@", {}), (35, "VDI.destroy", "@VDI@"),
    (10, "VDI.resize", "@VDI@", 2 << 20),
    (3, "VDI.copy", "@VDI@", "@SR@", "OpaqueRef:NULL", "OpaqueRef:NULL"),
    (10, "SR.scan", "@SR@"), (6, "PBD.unplug", "@PBD@"),
    (15, "PBD.plug", "@PBD@"), (8, "SR.forget", "@SR@"),
    (3, "SR.destroy", "@SR@"),
    (8, "SR.create", "@host@", {"location": "memory"}, 0, "s", "", "file",
     "user", False, {}),
    (4, "VM_appliance.create", {"name_label": "a", "name_description": ""}),
    (10, "VM.set_appliance", "@VM@", "@VM_appliance@"),
    (5, "VM_appliance.start", "@VM_appliance@", False),
    (5, "VM_appliance.hard_shutdown", "@VM_appliance@"),
    (4, "VM_appliance.destroy", "@VM_appliance@"),
    (6, "VM.create_new_blob", "@VM@", "b", "text/plain"),
    (3, "pool.create_new_blob", "@pool@", "b", "text/plain"),
    (6, "blob.destroy", "@blob@"),
    (10, "event.from", ["*"], "", 0.05), (5, "event.inject", "vm", "@VM@"),
    (2, "event.register", ["*"]), (2, "event.unregister", ["*"]),
    (5, "task.cancel", "@task@"), (5, "task.destroy", "@task@"),
]


class Plan:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.wire = Wire()
        self.wire.refs = {c + " ref": ["@%s@" % c] for c in SHARED}
        self.values, self.messages = {}, []

    def of_kind(self, kind):
        """Texts of values of a type, under a name without blanks."""
        name = re.sub(r"\W+", "_", kind)
        if name not in self.values:
            self.values[name] = sorted({
                literal(self.plain(kind)) for _ in range(VARIANTS)})
        return name

    def plain(self, kind):
        value = self.wire.value(kind, self.rng)
        return self.as_json(kind, value)

    def as_json(self, kind, value):
        m = re.match(r"\((.*) -> (.*)\) map$", kind)
        if m:
            return {str(k): self.as_json(m[2], v) for k, v in value.items()}
        if kind.endswith(" set"):
            return [self.as_json(kind[:-4], v) for v in value]
        if kind.endswith(" record"):
            types = self.wire.fields.get(kind[:-7], {})
            return {k: self.as_json(types[k], v) for k, v in value.items()}
        if kind == "int":
            return int(value)
        return value.value if kind == "datetime" else value

    def add(self, weight, name, kinds):
        self.messages.append((weight, name, kinds))
        if name in self.wire.slow:
            self.messages.append(((weight + 1) // 2, "Async." + name, kinds))

    def all(self):
        for name, kinds in self.wire.messages:
            if self.wire.state[name] == "built" and not SPARED.match(name):
                self.add(1, name, [self.of_kind(k) for k in kinds])
        for weight, name, *args in BUSY:
            kinds = []
            for value in args:
                kinds.append("literal%d" % len(self.values))
                self.values[kinds[-1]] = [literal(value)]
            self.add(weight, name, kinds)

    def write(self, path, sessions):
        with open(path, "w", encoding="utf-8") as f:
            for session in sessions:
                print("session", session, file=f)
            print("root", PASSWORD, file=f)
            for cls in SHARED:
                print("class", cls, file=f)
            for name, texts in self.values.items():
                for text in texts:
                    print("value", name, text, file=f)
            for weight, name, kinds in self.messages:
                print("message", weight, name, *kinds, file=f)


def furnish(b, api):
    """What the clients begin with."""
    for i in range(3):
        b.running(api, name="on%d" % i)
        b.vm(api, name="off%d" % i)
    api("pool.set_https_only", api("pool.get_all")[0], False)


class Asker(threading.Thread):
    """One getter after the other, as readers answer them, then one call that
    is nothing for a reader."""

    def __init__(self, b, api):
        super().__init__(daemon=True)
        self.b, self.api = b, b.login()
        self.pool = api("pool.get_all")[0]
        self.uuid = api("pool.get_uuid", self.pool)
        self.stop, self.trouble = threading.Event(), None
        self.start()

    def run(self):
        try:
            while not self.stop.is_set():
                self.ask()
        except Exception as e:  # for the thread that waits for this one
            self.trouble = e

    def ask(self):
        try:
            for _ in range(ROW):
                equal(self.api("pool.get_uuid", self.pool), self.uuid, "uuid")
            self.api("event.from", ["pool"], "", 0.0)
        except Refused as e:    # others may end sessions
            equal(e.code, "SESSION_INVALID", "an asker's error")
            self.api = self.b.login()

    def end(self):
        self.stop.set()
        self.join()
        if self.trouble:
            raise self.trouble


def storm(b, api, plan, args):
    askers = [Asker(b, api) for _ in range(ASKERS)]
    path = b.path("plan")
    plan.write(path, [api.session] + [b.login().session for _ in range(7)])
    seen = {}
    p = subprocess.Popen(
        [os.path.join(ROOT, "build/tests/storm"), str(b.http), path,
         str(args.seed), str(CLIENTS), str(args.seconds), str(args.calls)],
        stdout=subprocess.PIPE, text=True)
    try:
        while p.poll() is None:
            for cls in SHARED:
                seen.setdefault(cls, set()).update(api(cls + ".get_all"))
            time.sleep(0.5)
        said = p.stdout.read()
    finally:
        p.kill()
        p.wait()
    for asker in askers:
        asker.end()
    return p.returncode, said, seen


def settle(api):
    """The end of all work; then nothing may be locked."""
    def idle():
        return not any(
            r["status"] == "pending" and r["name_label"].startswith("Async.")
            for r in api("task.get_all_records").values())
    until("the tasks to end", idle, SETTLE_S)
    for cls in LOCKED:
        let_go(api, cls)


def let_go(api, cls):
    held = {}

    def none():
        held.clear()
        for ref, r in api(cls + ".get_all_records").items():
            if r["current_operations"]:
                held[ref] = r["current_operations"]
        return not held
    try:
        until("%ss to be let go" % cls, none, 60)
    except Failed as e:
        raise Failed("%s: %r; tasks %r" % (
            e, held, api("task.get_all_records"))) from e


def agree(api, seen):
    """Lists, records and references tell the same."""
    for cls in SHARED:
        listed = set(api(cls + ".get_all"))
        if cls == "task":       # each call makes one of its own
            continue
        equal(set(api(cls + ".get_all_records")), listed,
              "%s.get_all_records" % cls)
        for ref in listed:
            api(cls + ".get_record", ref)
        for ref in seen.get(cls, set()) - listed:
            try:
                api(cls + ".get_record", ref)
            except Refused as e:
                equal(e.code, "HANDLE_INVALID", "%s %s" % (cls, ref))
            else:
                check(False, "a ghost: %s %s" % (cls, ref))
    for cls, field, of in (("VBD", "VM", "VM"), ("VBD", "VDI", "VDI"),
                           ("VIF", "VM", "VM"), ("VDI", "SR", "SR"),
                           ("PBD", "SR", "SR"), ("VIF", "network",
                                                 "network")):
        there = set(api(of + ".get_all")) | {"OpaqueRef:NULL"}
        for ref, r in api(cls + ".get_all_records").items():
            check(r[field] in there, "%s %s: %s leads to nothing" % (
                cls, ref, field))


def end(b):
    """Both programs go when told to, and say nothing of trouble."""
    for p in (b.xapi, b.sim):
        p.send_signal(signal.SIGTERM)
    for p, name in ((b.xapi, "xapi"), (b.sim, "xenopsd-sim")):
        equal(p.wait(120), 0, "exit status of " + name)
    calm(b)
    result = subprocess.run(
        [os.path.join(ROOT, "build/host/xapi"), "db", "check", "--state",
         b.path("xapi")], capture_output=True, text=True, timeout=60)
    equal(result.returncode, 0, "xapi-db check: " + result.stdout +
          result.stderr)


def calm(b):
    for name in ("xapi", "xenopsd-sim"):
        text = b.log(name)
        m = TROUBLE.search(text)
        check(not m, "%s: %s" % (name, m and text[m.start():][:6000]))


def run(args):
    Bench.built = {p: "host/%s/bin" % args.flavour
                   for p in ("xapi", "xenopsd-sim")}
    plan = Plan(args.seed)
    plan.all()
    with Bench() as b:
        api = b.ready()
        furnish(b, api)
        code, said, seen = storm(b, api, plan, args)
        calm(b)
        equal(b.xapi.poll(), None, "xapi ended, its status")
        equal(code, 0, "the clients met what must not be:\n" + said +
              "their status")
        settle(api)
        agree(api, seen)
        end(b)
        return said.strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flavour", choices=("asan", "tsan"))
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--seed", type=int,
                        default=random.randrange(1 << 31))
    args = parser.parse_args()
    check(args.seconds or args.calls, "no end is given")
    what = "concurrent %s (seed %d)" % (args.flavour, args.seed)
    try:
        said = run(args)
    except Exception as e:  # every kind of failure is a failed run
        print("FAIL %s: %s: %s" % (what, type(e).__name__, e))
        return 1
    print("PASS %s: %s" % (what, said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
