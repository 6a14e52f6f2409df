"""Every message of the wire with arguments of the right types and odd values:
whatever they say, xapi answers, and its database stays good.  And every field
that a client can give: it is kept, or refused by name.
"""

import os
import random
import re
import sys
import xmlrpc.client

from bench import Bench, Refused, check, equal, main

LOCK = os.path.join(os.path.dirname(__file__), "../../ui-protocol/wire.lock")
SEED = 20
ROUNDS = 3

# They end the session or the host, wait, or take queries, not values.
SPARED = re.compile(r"session\.|event\.|host\.(shutdown|reboot|disable|"
                    r"prepare_for_poweroff)$|"
                    r".*(_where|set_https_only|restart_agent)$")

ODD = {
    "string": ["", "x", "0", "a" * 300, "OpaqueRef:NULL", "\u00e9"],
    "int": ["0", "1", "-1", "4096", "65536", str(1 << 31), str(1 << 46),
            str(1 << 62), str((1 << 63) - 1), str(-(1 << 63))],
    "bool": [True, False],
    "float": [0.5, -1.0, 1e300],
    "datetime": [xmlrpc.client.DateTime("19700101T00:00:00Z")],
}


class Wire:
    """Types and messages, as wire.lock tells them."""

    def __init__(self):
        self.enums, self.fields, self.messages = {}, {}, []
        self.refs, self.slow = {}, set()
        self.access, self.later = {}, []
        self.state, self.least = {}, {}
        self.open, self.between_hosts = set(), set()
        self.explicit = []
        with open(LOCK, encoding="utf-8") as f:
            for line in f:
                kind, rest = line.rstrip("\n").split(" ", 1)
                getattr(self, "_" + kind, lambda rest: None)(rest)

    def _enum(self, rest):
        name, values = rest.split(": ")
        self.enums["enum " + name] = values.split()

    def _field(self, rest):
        m = re.match(r"(\w+)\.(\w+) \d+ (.*?) (RW|DynamicRO|StaticRO)\b", rest)
        if m:
            self.fields.setdefault(m[1], {})[m[2]] = m[3]
            self.access[m[1], m[2]] = m[4]
            if " internal" in rest:
                self.access[m[1], m[2]] = "internal"
            for mark in re.findall(r" later\((?:key=)?(.*?);(.*?);(.*?)\)",
                                   rest):
                self.later.append((m[1], m[2]) + mark)

    def _state(self, name, flags):
        """How a message is answered: "built", "removed", "later=SUBJECT" or
        "refused=CODE"."""
        m = re.search(r" (later=\w+|refused=\w+|removed)", flags)
        self.state[name] = m[1] if m else "built"

    def _message(self, rest):
        name, args, flags = re.match(r"([\w.]+)\((.*)\) -> (.*)",
                                     rest).groups()
        self.explicit.append(name)
        if " async" in flags:
            self.slow.add(name)
        if " session=no" in flags:
            self.open.add(name)
        if " pool_internal" in flags:
            self.between_hosts.add(name)
        self._state(name, flags)
        args = [a.split(": ", 1)[1].split(" = ")
                for a in re.split(r", (?=\w+: )", args) if a]
        self.least[name] = sum(len(a) == 1 for a in args)
        self.messages.append((name, [a[0] for a in args]))

    def _accessor(self, rest):
        cls, name, n = re.match(r"(\w+)\.(\w+)/(\d)", rest).groups()
        self._state(cls + "." + name, rest)
        args = [cls + " ref", "string", "string"][:int(n)]
        if name.startswith("get_by_") or name.endswith("_where"):
            args = ["string"]
        elif name.startswith("set_"):
            args[1] = self.fields[cls][name[4:]]
        self.least[cls + "." + name] = len(args)
        self.messages.append((cls + "." + name, args))

    def built(self):
        """The messages that are built, and their arguments."""
        return {name: kinds for name, kinds in self.messages
                if self.state[name] == "built"}

    def look(self, api):
        """The references that there are."""
        self.refs = {cls + " ref": api(cls + ".get_all")
                     for cls in self.fields
                     if self.state.get(cls + ".get_all") == "built"}

    def value(self, kind, rng):
        m = re.match(r"\((.*) -> (.*)\) map$", kind)
        if m:
            return {self.value(m[1], rng): self.value(m[2], rng)
                    for _ in range(rng.randint(0, 2))}
        if kind.endswith(" set"):
            return [self.value(kind[:-4], rng)
                    for _ in range(rng.randint(0, 2))]
        if kind.endswith(" record"):
            return {name: self.value(t, rng) for name, t in
                    self.fields.get(kind[:-7], {}).items()}
        if kind.endswith(" ref"):
            return rng.choice(4 * self.refs.get(kind, []) +
                              ["OpaqueRef:NULL"])
        return rng.choice(ODD.get(kind) or self.enums[kind])


# Constructors take them, and make something else of them by design.
MADE = {
    ("VM", "domain_type"), ("VM", "HVM_boot_policy"),	# one follows the other
    ("VM", "power_state"),
    ("VBD", "device"), ("VBD", "currently_attached"),	# of suspended VMs
    ("VIF", "currently_attached"),
    ("VBD", "empty"),					# follows VDI
    ("VDI", "virtual_size"),				# rounded up
}


class Objects:
    """One object of each class with a constructor, and how to make more."""

    def __init__(self, b, api):
        self.api, self.wire = api, Wire()
        vm = b.vm(api)
        net = api("network.create", {"name_label": "n", "other_config": {},
                                     "bridge": "spare"})
        self.ref = {"VM": vm, "VBD": api("VM.get_VBDs", vm)[0],
                    "VIF": api("VM.get_VIFs", vm)[0], "VDI": b.vdi(api),
                    "network": net, "host": api("host.get_all")[0],
                    "pool": api("pool.get_all")[0]}
        self.room = 0

    def record(self, cls):
        return self.api(cls + ".get_record", self.ref[cls])

    def make(self, cls, record):
        """A new object as the record says, where it does not get in the way
        of the others; its record."""
        self.room += 1
        record = dict(record)
        ours = self.record(cls)
        for field, value in (("userdevice", str(self.room)),
                             ("device", str(1 + self.room % 30)),
                             ("bridge", "")):
            if field in record and record[field] == ours[field]:
                record[field] = value
        made = self.api(cls + ".create", record)
        found = self.api(cls + ".get_record", made)
        self.api(cls + ".destroy", made)
        return found

    def others(self, cls, field, value):
        """Values that the field does not have."""
        kind = self.wire.fields[cls][field]
        if kind.startswith("enum"):
            return [v for v in self.wire.enums[kind] if v != value]
        if kind.endswith("ref"):
            return [self.ref[kind[:-4]]] if kind[:-4] in self.ref else [
                "OpaqueRef:00000000-0000-4000-8000-000000000001"]
        if kind.endswith("map"):
            return [dict(value, odd="7")] if kind.startswith("(string") else []
        return {"bool": lambda: [not value],
                "int": lambda: [str(int(value) + 1)],
                "float": lambda: [value + 1.5],
                "string": lambda: ["odd"],
                "string set": lambda: [value + ["odd"]],
                "int set": lambda: [value + ["7"]],
                "datetime": lambda: []}[kind]()


def is_unsupported(cls, field, key, e):
    check(e.code == "VALUE_NOT_SUPPORTED" and e.args[0][1] == "%s.%s%s" % (
        cls, field, key and ":" + key), "%s.%s: %r" % (cls, field, e.args[0]))


def must_refuse(objects, cls, field, key, values):
    """By the constructor and the setter, as far as there are."""
    api, messages = objects.api, objects.wire.built()
    record = objects.record(cls)
    if objects.wire.access[cls, field] == "DynamicRO":
        values = []
    tried = 0
    for value in values:
        for call in ((cls + ".create", dict(record, **{field: value})),
                     (cls + ".set_" + field, objects.ref[cls], value)):
            if call[0] not in messages:
                continue
            tried += 1
            try:
                api(*call)
                check(False, "%s takes %s = %r" % (call[0], field, value))
            except Refused as e:
                is_unsupported(cls, field, key, e)
        if key and cls + ".add_to_" + field in messages:
            tried += 1
            try:
                api(cls + ".add_to_" + field, objects.ref[cls], key,
                    value[key])
                check(False, "%s.%s takes %s" % (cls, field, key))
            except Refused as e:
                is_unsupported(cls, field, key, e)
    check(tried, "%s.%s was not tried" % (cls, field))
    equal(objects.record(cls)[field], record[field], cls + "." + field)


def what_is_not_built_is_refused():
    with Bench() as b:
        api = b.ready()
        objects = Objects(b, api)
        check(len(objects.wire.later) > 30, "wire.lock is not understood")
        for cls, field, key, values, works in objects.wire.later:
            value = objects.record(cls)[field]
            if key:
                bad = [dict(value, **{key: "odd"})]
                good = [dict(value, **{key: w}) for w in works.split()]
            elif values:
                bad, good = values.split(), []
            else:
                bad = [v for v in objects.others(cls, field, value)
                       if v not in works.split()]
                good = works.split()
            must_refuse(objects, cls, field, key, bad)
            for value in good:
                if cls + ".set_" + field in objects.wire.built():
                    api(cls + ".set_" + field, objects.ref[cls], value)
                else:
                    equal(objects.make(cls, dict(objects.record(cls), **{
                        field: value}))[field], value, field)


def a_field_is_kept_or_refused():
    with Bench() as b:
        api = b.ready()
        objects = Objects(b, api)
        later = {mark[:2] for mark in objects.wire.later if not any(mark[2:4])}
        kept = 0
        for cls in "VM", "VBD", "VIF", "VDI", "network":
            record = objects.record(cls)
            for field in record:
                if (cls, field) in MADE | later or objects.wire.access[
                        cls, field] == "DynamicRO":
                    continue
                for value in objects.others(cls, field, record[field]):
                    try:
                        made = objects.make(cls, dict(record,
                                                      **{field: value}))
                    except Refused as e:
                        check(e.code != "INTERNAL_ERROR", "%s.%s = %r: %r" % (
                            cls, field, value, e.args[0]))
                        continue
                    equal(made[field], value, "%s.%s" % (cls, field))
                    kept += 1
        check(kept > 60, "only %d fields were kept" % kept)


# Values that a start reads, beside those of ODD.
ODD_MAPS = [
    {}, {"": ""}, {"weight": "0"}, {"weight": "99999999999999999999"},
    {"cap": "-1"}, {"cores-per-socket": "0"}, {"cores-per-socket": "x"},
    {"vm-data/" + "k" * 200: "v"}, {"vm-data": "\u00e9" * 1025},
    {"vm-data/a": "x" * 2048}, {"vm-data/\u00e9": ""},
    {"vm-data/%d" % i: "" for i in range(1001)},
]


def odd_values(wire, kind):
    if kind == "(string -> string) map":
        return ODD_MAPS
    if kind == "string":
        return ODD["string"] + ["x" * 70000, "a\tb\nc", "/../x", "999", "xvdz"]
    return ODD.get(kind) or wire.enums.get(kind) or []


def a_start_names_what_was_set():
    """Every setter of a VM and of what it starts with, then a start."""
    with Bench() as b:
        api = b.ready()
        objects = Objects(b, api)
        vm, started = objects.ref["VM"], 0
        objects.ref["network"] = api("VIF.get_network", objects.ref["VIF"])
        for name, kinds in sorted(objects.wire.built().items()):
            cls, message = name.split(".")
            if cls not in ("VM", "VBD", "VIF", "network") or len(
                    kinds) != 2 or not message.startswith("set_"):
                continue
            before = objects.record(cls).get(message[4:])
            if before is None or message == "set_is_a_template":
                continue
            for value in odd_values(objects.wire, kinds[1]):
                try:
                    api(name, objects.ref[cls], value)
                    api.run("VM.start", vm, False, False)
                    started += 1
                except Refused as e:
                    check(e.code != "INTERNAL_ERROR", "%s(%.80r): %r" % (
                        name, value, e.args[0]))
                if api("VM.get_power_state", vm) != "Halted":
                    api.run("VM.hard_shutdown", vm)
                try:
                    api(name, objects.ref[cls], before)
                except Refused as e:
                    check(False, "%s(%.80r) again: %r" % (name, before,
                                                          e.args[0]))
        check(started > 50, "only %d starts" % started)


def every_message_is_answered():
    rng = random.Random(SEED)
    wire = Wire()
    messages = [m for m in wire.built().items() if not SPARED.match(m[0])]
    check(len(messages) > 500, "wire.lock is not understood")
    with Bench() as b:
        api = b.ready()
        b.running(api)
        b.vm(api)
        for _ in range(ROUNDS):
            wire.look(api)
            rng.shuffle(messages)
            for name, kinds in messages:
                args = [wire.value(kind, rng) for kind in kinds]
                try:
                    api(name, *args)
                except Refused as e:
                    check(e.code != "INTERNAL_ERROR",
                          "%s%r: %r" % (name, args, e.args[0]))
                except OSError as e:
                    check(False, "%s%r: %r" % (name, args, e))
        b.kill_xapi()
        b.start_xapi()
        wire.look(b.login())


if __name__ == "__main__":
    sys.exit(main([
        what_is_not_built_is_refused, a_field_is_kept_or_refused,
        a_start_names_what_was_set,
        every_message_is_answered]))
