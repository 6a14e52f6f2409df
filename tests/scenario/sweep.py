"""Every message of the wire with arguments of the right types and odd values:
whatever they say, xapi answers, and its database stays good.
"""

import os
import random
import re
import sys
import xmlrpc.client

from bench import Bench, Refused, check, main

LOCK = os.path.join(os.path.dirname(__file__), "../../ui-protocol/wire.lock")
SEED = 20
ROUNDS = 3

# They end the session or the host, wait, or take queries, not values.
SPARED = re.compile(r"session\.|event\.|host\.(shutdown|reboot|disable)$|"
                    r".*(_where|set_https_only)$")

ODD = {
    "string": ["", "x", "0", "a" * 300, "OpaqueRef:NULL", "\u00e9"],
    "int": ["0", "1", "-1", "4096", str(1 << 62), str(-(1 << 63))],
    "bool": [True, False],
    "float": [0.5, -1.0, 1e300],
    "datetime": [xmlrpc.client.DateTime("19700101T00:00:00Z")],
}


class Wire:
    """Types and messages, as wire.lock tells them."""

    def __init__(self):
        self.enums, self.fields, self.messages = {}, {}, []
        self.refs = {}
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

    def _message(self, rest):
        name, args = re.match(r"([\w.]+)\((.*)\) -> ", rest).groups()
        self.messages.append((name, [
            a.split(": ", 1)[1].split(" = ")[0]
            for a in re.split(r", (?=\w+: )", args) if a]))

    def _accessor(self, rest):
        cls, name, n = re.match(r"(\w+)\.(\w+)/(\d)", rest).groups()
        args = [cls + " ref", "string", "string"][:int(n)]
        if name.startswith("get_by_"):
            args = ["string"]
        elif name.startswith("set_"):
            args[1] = self.fields[cls][name[4:]]
        self.messages.append((cls + "." + name, args))

    def look(self, api):
        """The references that there are."""
        self.refs = {cls + " ref": api(cls + ".get_all")
                     for cls in self.fields
                     if (cls + ".get_all", []) in self.messages}

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


def every_message_is_answered():
    rng = random.Random(SEED)
    wire = Wire()
    messages = [m for m in wire.messages if not SPARED.match(m[0])]
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
    sys.exit(main([every_message_is_answered]))
