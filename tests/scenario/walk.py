"""Every message of the model once with right arguments, and with too few, of
wrong types and with references to nothing: each answers as the model says it
is, built, refused, removed or not yet.  And every record has the fields of its
class, with values of their types.
"""

import collections
import glob
import os
import random
import re
import sys
import xmlrpc.client

from bench import Bench, Refused, check, equal, main
from sweep import SPARED, Wire

NOWHERE = "OpaqueRef:00000000-0000-4000-8000-000000000001"
PARTLY = r"VDI.copy with base_vdi$|(VM|VBD) operation \w+$"	# built but for it
LAST = ("destroy", "forget", "hard_shutdown", "clean_shutdown", "uninstall")


def answer(api, wire, name, args):
    """Code and parameters of the error, or None and the value."""
    try:
        return None, (api.raw if name in wire.open else api)(name, *args)
    except Refused as e:
        return e.code, e.args[0][1:]


def must_be(got, want, what):
    check(got[0] == want, "%s: %r, not %s" % (what, got, want))


def is_partly(got):
    return got[0] == "NOT_IMPLEMENTED" and re.match(PARTLY, got[1][0])


def is_of(wire, kind, value):
    """Is the value, as it came, of the type?"""
    m = re.match(r"\((.*) -> (.*)\) map$", kind)
    if m:
        return isinstance(value, dict) and all(
            is_of(wire, m[1], k) and is_of(wire, m[2], v)
            for k, v in value.items())
    if kind.endswith(" set"):
        return isinstance(value, list) and all(
            is_of(wire, kind[:-4], v) for v in value)
    if kind.endswith(" ref"):
        return re.match(r"OpaqueRef:(NULL$|[0-9a-f-]{36}$)", value)
    if kind.startswith("enum "):
        return value in wire.enums[kind]
    if kind == "int":
        return isinstance(value, str) and re.match(r"-?\d+$", value)
    return isinstance(value, {"string": str, "bool": bool, "float": float,
                              "datetime": xmlrpc.client.DateTime}[kind])


def right_arguments(wire, kinds, rng):
    return [wire.value(kind, rng) for kind in kinds]


def too_few(api, wire, name, kinds):
    least = wire.least[name]
    if not least or wire.state[name] == "removed":
        return
    got = answer(api, wire, name, ["x"] * (least - 1))
    must_be(got, "MESSAGE_PARAMETER_COUNT_MISMATCH", name)
    equal(got[1], [name, str(least), str(least - 1)], name)


def of_wrong_types(api, wire, name, kinds, rng):
    if wire.state[name] == "removed":
        return
    for i in range(len(kinds)):
        args = right_arguments(wire, kinds, rng)
        args[i] = ("no struct" if kinds[i].endswith((" map", " record"))
                   else {"a": "struct"})
        got = answer(api, wire, name, args)
        must_be(got, "INTERNAL_ERROR", "%s%r" % (name, args))
        check(got[1][0].startswith("expected"), "%s: %r" % (name, got))


def to_nothing(api, wire, name, kinds, rng):
    """The first reference is to nothing."""
    state = wire.state[name]
    at = [i for i, kind in enumerate(kinds) if kind.endswith(" ref")]
    if not at or state == "removed" or SPARED.match(name):
        return
    args = right_arguments(wire, kinds, rng)
    args[at[0]] = NOWHERE
    got = answer(api, wire, name, args)
    if state.startswith("later="):
        must_be(got, "NOT_IMPLEMENTED", name)
    elif is_partly(got):
        pass
    elif at[0] == 0:
        must_be(got, "HANDLE_INVALID", name)
        equal(got[1], [kinds[0][:-4], NOWHERE], name)
    else:
        check(got[0] not in (None, "INTERNAL_ERROR", "NOT_IMPLEMENTED"),
              "%s%r: %r" % (name, args, got))


def as_it_should_be(api, wire, name, kinds, rng):
    state = wire.state[name]
    if state == "built" and SPARED.match(name):
        return
    args = right_arguments(wire, kinds, rng)
    got = answer(api, wire, name, args)
    if state == "removed":
        must_be(got, "MESSAGE_REMOVED", name)
    elif state.startswith("later="):
        must_be(got, "NOT_IMPLEMENTED", name)
        equal(got[1], [name], name)
    elif state.startswith("refused="):
        # a null reference is none, so it may be that
        check(got[0] in (state[8:], "HANDLE_INVALID"), "%s: %r" % (name, got))
    else:
        check(is_partly(got) or got[0] not in (
            "INTERNAL_ERROR", "NOT_IMPLEMENTED", "MESSAGE_REMOVED"),
              "%s%r: %r" % (name, args, got))


def between_hosts(api, wire, name, kinds, rng):
    """Another host's session is wanted, whatever it says."""
    got = answer(api, wire, name, right_arguments(wire, kinds, rng))
    equal(got, ("INTERNAL_ERROR", [name + " is for pool sessions only"]), name)


def counts(wire):
    n = collections.Counter(s.split("=")[0] for s in wire.state.values())
    later = collections.Counter(s[6:] for s in wire.state.values()
                                if s.startswith("later="))
    return "%d messages: %d built, %d refused, %d removed, %d not yet (%s)" % (
        len(wire.state), n["built"], n["refused"], n["removed"], n["later"],
        ", ".join("%s %d" % (k, later[k]) for k in sorted(later)))


def named_in_tests():
    """Names after a dot or at the beginning of a text, as in "VM.start", and
    in "pool." + "crl_list"."""
    here = os.path.dirname(os.path.abspath(__file__))
    found = set()
    for path in glob.glob(here + "/*.py") + glob.glob(here + "/../clients/*"):
        if os.path.isfile(path) and not path.endswith("/walk.py"):
            with open(path, encoding="utf-8", errors="replace") as f:
                found |= set(re.findall(r"""[.\"'](\w+)\b""", f.read()))
    return found


def every_built_message_has_a_test():
    """By the sources: one that no scenario or foreign client names is sent by
    nobody who looks at what it does."""
    wire, named = Wire(), named_in_tests()
    explicit = [name for name in wire.explicit if wire.state[name] == "built"]
    check(len(explicit) > 200, "wire.lock is not understood")
    equal([name for name in explicit if name.split(".")[1] not in named], [],
          "messages without a scenario")


def every_message_answers_as_the_model_says():
    wire, rng = Wire(), random.Random(9)
    check(len(wire.messages) >= 2258, "messages are missing")
    messages = sorted(wire.messages, key=lambda m: (
        m[0].split(".")[1].startswith(LAST), m[0]))
    with Bench() as b:
        api = b.ready()
        b.running(api)
        b.vm(api)
        for name, kinds in messages:
            too_few(api, wire, name, kinds)
            of_wrong_types(api, wire, name, kinds, rng)
        wire.look(api)
        for name, kinds in messages:
            if name in wire.between_hosts:
                between_hosts(api, wire, name, kinds, rng)
                continue
            to_nothing(api, wire, name, kinds, rng)
            as_it_should_be(api, wire, name, kinds, rng)
        print("INFO " + counts(wire))


def every_field_is_of_its_type():
    wire = Wire()
    with Bench() as b:
        api = b.ready()
        b.running(api)
        seen = 0
        for cls, fields in wire.fields.items():
            if wire.state.get(cls + ".get_all_records") != "built":
                continue
            shown = {f: t for f, t in fields.items()
                     if wire.access[cls, f] != "internal"}
            for ref, record in api(cls + ".get_all_records").items():
                equal(sorted(record), sorted(shown), cls)
                for f, kind in shown.items():
                    check(is_of(wire, kind, record[f]), "%s.%s = %r" % (
                        cls, f, record[f]))
                    seen += 1
            equal(api(cls + ".get_all_where", "true") if cls != "message"
                  else [], api(cls + ".get_all") if cls != "message" else [],
                  cls)
        check(seen > 1000, "only %d fields" % seen)


def clients_see_all_classes():
    """Those that list classes by their messages, and events of all."""
    wire = Wire()
    with Bench() as b:
        api = b.ready()
        listed = set(api.proxy.system.listMethods())
        for name, state in wire.state.items():
            if name in listed:
                check(state == "built" or state.startswith("refused="),
                      "%s is listed, but is %s" % (name, state))
        found = api("event.from", ["*"], "", 0.0)["valid_ref_counts"]
        for cls in wire.fields:
            if cls + ".get_all" in listed and cls != "secret":
                check(cls.lower() in found, cls + " has no events")


if __name__ == "__main__":
    sys.exit(main([
        every_built_message_has_a_test,
        every_message_answers_as_the_model_says, every_field_is_of_its_type,
        clients_see_all_classes]))
