"""Extension packs and their plugins, as clients install, call and remove them.

	packs.py [NAME...]
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import xmlrpc.client

from bench import ROOT, Bench, Failed, Refused, check, equal, main, until
from access import audit, user
from protocol import exchange, status
from xe import xe

# A plugin as XenServer's are: a method call in, a response in XenAPI's form out.
ANSWER = """#!/bin/sh
answer() {
	printf '<methodResponse><params><param><value><struct>'
	printf '<member><name>Status</name><value>Success</value></member>'
	printf '<member><name>Value</name><value>%s</value></member>' "$1"
	printf '</struct></value></param></params></methodResponse>\\n'
}
fail() {
	printf '<methodResponse><params><param><value><struct>'
	printf '<member><name>Status</name><value>Failure</value></member>'
	printf '<member><name>ErrorDescription</name><value><array><data>'
	for word; do printf '<value>%s</value>' "$word"; done
	printf '</data></array></value></member>'
	printf '</struct></value></param></params></methodResponse>\\n'
}
fn=${1#*<methodName>}
fn=${fn%%<*}
"""
HELLO = ANSWER + """
case $fn in
hello) answer "hello from $(cat lib/name)" ;;
call) answer "$(printf %s "$1" | sed 's/&/\\&amp;/g; s/</\\&lt;/g')" ;;
id) answer "$(id -u)" ;;
exit) echo out; echo err >&2; exit 3 ;;
die) kill -9 $$ ;;
noise) echo nonsense ;;
silent) ;;
bare) echo '<methodResponse><params><param><value>x</value></param></params></methodResponse>' ;;
fault) echo '<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>7</int></value></member><member><name>faultString</name><value>broken</value></member></struct></value></fault></methodResponse>' ;;
own) fail HELLO_FAILED "$fn" ;;
*) fail UNKNOWN_XENAPI_PLUGIN_FUNCTION "$fn" ;;
esac
"""


def key(b, name):
    """A private key, and its public half in the folder of those trusted."""
    pem = b.path(name + ".pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                    pem], check=True, stderr=subprocess.DEVNULL)
    return pem


def trust(b, pem, role="extension"):
    der = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform",
                          "DER"], check=True, capture_output=True).stdout
    folder = pathlib.Path(b.path("keys"), role)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tests.pub").write_text(der[-32:].hex())


class Packs(Bench):
    """With bedplate-pack, and a key that signs packs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pem = key(self, "pack")
        trust(self, self.pem)
        program = pathlib.Path(self.path("bedplate-pack"))
        program.write_text("#!/bin/sh\nexec %s/build/%s/xapi pack -k %s -p %s "
                           '"$@"\n' % (ROOT, self.built.get("xapi", "host"),
                                       self.path("keys/extension"),
                                       self.path("host/packs")))
        program.chmod(0o700)
        self.sim_options = ("--pack", str(program))

    def make(self, name="hello", version="1", built=1000, pem=None,
             about="description=Says hello\n", **files):
        """The bytes of a pack; files: by folder, names and texts."""
        folder = pathlib.Path(self.path("source"))
        subprocess.run(["rm", "-rf", folder], check=True)
        folder.mkdir()
        (folder / "about").write_text(
            "name=%s\nvendor=example\n%s" % (name, about))
        for kind, texts in files.items():
            (folder / kind).mkdir()
            for file, text in texts.items():
                (folder / kind / file).write_text(text)
        out = self.path("made.pack")
        subprocess.run([os.path.join(ROOT, "iso/mkpack.py"), folder, out,
                        "--key", pem or self.pem, "--version", version,
                        "--built", str(built)], check=True)
        return pathlib.Path(out).read_bytes()

    def hello(self, **kwargs):
        return self.make(plugins={"hello": HELLO}, lib={"name": "a pack"},
                         **kwargs)

    def put(self, api, data):
        return exchange(self, (
            "PUT /pack?session_id=%s HTTP/1.1\r\nHost: x\r\n"
            "Content-Length: %d\r\n\r\n" % (api.session, len(data))).encode(),
            data)

    def installed(self):
        folder = pathlib.Path(self.path("host/packs"))
        return sorted(p.name for p in folder.glob("*")
                      if not p.name.startswith("."))


def failure(fn, *args, **kwargs):
    """The error that it must fail with, with its parameters."""
    try:
        fn(*args, **kwargs)
    except Refused as e:
        return e.args[0]
    raise Failed("it worked")


def a_pack_is_installed_called_and_removed():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        equal(failure(api, "host.call_plugin", host, "hello", "hello", {}),
              ["XENAPI_MISSING_PLUGIN", "hello"], "before")
        status(b.put(api, b.hello()), 200, b"The pack is installed.")
        (update,) = api("host.get_updates", host)
        record = api("pool_update.get_record", update)
        equal((record["name_label"], record["name_description"],
               record["version"], record["key"], record["hosts"]),
              ("hello", "Says hello", "1", "tests", [host]), "record")
        equal(api("host.get_software_version", host)["example:hello"],
              "Says hello, version 1", "version")
        equal(api("host.call_plugin", host, "hello", "hello", {}),
              "hello from a pack", "hello")
        equal(api.run("host.call_plugin", host, "hello", "hello", {}),
              "hello from a pack", "async")
        for message in ("pool_update.apply", "pool_update.precheck"):
            equal(failure(api, message, update, host),
                  ["UPDATE_ALREADY_APPLIED", update], message)
        equal(failure(api, "pool_update.pool_apply", update),
              ["UPDATE_ALREADY_APPLIED_IN_POOL", update], "pool_apply")
        # what some clients do after they have applied one
        api("pool_update.pool_clean", update)
        equal(b.installed(), ["hello"], "on the disk")
        # in dom0's shell
        folder = pathlib.Path(b.path("host/packs"))
        (folder / "hello").rename(b.path("away"))
        api("pool_update.resync_host", host)
        equal(api("pool_update.get_all"), [], "while it is away")
        pathlib.Path(b.path("away")).rename(folder / "hello")
        api("pool_update.resync_host", host)
        (update,) = api("pool_update.get_all")
        api("pool_update.destroy", update)
        equal(b.installed(), [], "on the disk")
        equal(api("pool_update.get_all"), [], "records")
        check("example:hello" not in api("host.get_software_version", host),
              "version")
        equal(failure(api, "host.call_plugin", host, "hello", "hello", {}),
              ["XENAPI_MISSING_PLUGIN", "hello"], "after")


def the_pack_of_the_documentation_works():
    with Packs() as b:
        api = b.ready()
        out = b.path("hello.pack")
        subprocess.run([os.path.join(ROOT, "iso/mkpack.py"), os.path.join(
            ROOT, "docs/hello-pack"), out, "--key", b.pem], check=True)
        status(b.put(api, pathlib.Path(out).read_bytes()), 200)
        host = api("host.get_all")[0]
        equal(api("host.call_plugin", host, "hello", "hello", {}),
              "hello from Linux " + os.uname().release, "hello")
        equal(failure(api, "host.call_plugin", host, "hello", "other", {}),
              ["UNKNOWN_XENAPI_PLUGIN_FUNCTION", "other"], "function")
        check("hello from Linux" in xe(
            b, "host-call-plugin", "plugin=hello", "fn=hello",
            "host-uuid=" + api("host.get_uuid", host)), "by xe")


def plugins_speak_as_those_of_other_hosts():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        status(b.put(api, b.hello()), 200)

        def call(fn, **args):
            return api("host.call_plugin", host, "hello", fn, args)
        params, method = xmlrpc.client.loads(call(
            "call", name="<a & b>", empty="", other="\u00e4"))
        equal((params, method), (
            ("OpaqueRef:NULL", {"name": "<a & b>", "empty": "",
                                "other": "\u00e4"}), "call"), "the call")
        equal(failure(call, "exit"), [
            "XENAPI_PLUGIN_FAILURE", "non-zero exit", "out\n", "err\n"],
            "exit")
        equal(failure(call, "die"), [
            "XENAPI_PLUGIN_FAILURE", "signal: 9", "", ""], "signal")
        equal(failure(call, "noise"), [
            "XENAPI_PLUGIN_FAILURE", "failed to parse plugin output",
            "nonsense\n", ""], "noise")
        equal(failure(call, "silent"), [
            "XENAPI_PLUGIN_FAILURE", "failed to parse plugin output", "",
            ""], "silent")
        equal(failure(call, "bare")[:2], [
            "XENAPI_PLUGIN_FAILURE", "unexpected XMLRPC result"], "bare")
        equal(failure(call, "fault"), [
            "XENAPI_PLUGIN_FAILURE", "fault", "7", "broken"], "fault")
        equal(failure(call, "own"), ["HELLO_FAILED", "own"], "own error")
        equal(failure(call, "strange"), [
            "UNKNOWN_XENAPI_PLUGIN_FUNCTION", "strange"], "function")
        equal(failure(call, "hello", text="x" * 100000)[0],
              "VALUE_NOT_SUPPORTED", "more than can be given")
        if os.geteuid() == 0:
            equal(call("id"), "65534", "another user")
        for name in ("../plugins/hello", "..", "", "x" * 100, "lib"):
            equal(failure(api, "host.call_plugin", host, name, "hello", {}),
                  ["XENAPI_MISSING_PLUGIN", name], "name")


def a_vms_host_has_its_plugins():
    with Packs() as b:
        api = b.ready()
        status(b.put(api, b.hello()), 200)
        vm = b.vm(api)
        equal(api("VM.call_host_plugin", vm, "hello", "hello", {}),
              "hello from a pack", "by its VM")
        equal(failure(api, "VM.call_host_plugin", vm, "none", "hello", {}),
              ["XENAPI_MISSING_PLUGIN", "none"], "another")
        equal(failure(api, "VM.call_plugin", vm, "hello", "hello", {}),
              ["XENAPI_MISSING_PLUGIN", "hello"], "the host's own")


EXTENSION = ANSWER + """
call=$(cat)
case $call in
*'<methodName>example.echo</methodName>'*) ;;
*) exit 1 ;;
esac
[ "$1" = --xmlrpc ] || exit 1
case $call in
*'<i8>5</i8>'*) answer "<struct><member><name>n</name><value><int>6</int></value></member><member><name>l</name><value><array><data><value>a</value><value><nil/></value></data></array></value></member></struct>" ;;
*bad*) fail EXAMPLE_BAD one two ;;
*silent*) ;;
*) echo nonsense ;;
esac
"""


def extensions_are_messages():
    with Packs() as b:
        api = b.ready()
        host, pool = api("host.get_all")[0], api("pool.get_all")[0]
        status(b.put(api, b.make(extensions={"example.echo": EXTENSION})),
               200)
        for cls, ref in (("host", host), ("pool", pool)):
            has = cls + ".has_extension"
            equal([api(has, ref, name) for name in (
                "example.echo", "example", "")], [True, False, False], has)

        def call(method, *params):
            return json.loads(api("host.call_extension", host, json.dumps(
                {"method": method, "params": params, "id": 1})))
        equal(call("example.echo", 5), {"n": 6, "l": ["a", None]}, "result")
        equal(failure(call, "example.echo", "bad"),
              ["EXAMPLE_BAD", "one", "two"], "its error")
        equal(failure(call, "example.echo", {"a": [1.5, True]}),
              ["EXTENSION_PROTOCOL_FAILURE", "nonsense\n"], "nonsense")
        equal(failure(call, "example.echo", "silent"),
              ["EXTENSION_PROTOCOL_FAILURE", ""], "silent")
        equal(failure(call, "example.none"),
              ["MESSAGE_METHOD_UNKNOWN", "example.none"], "another")
        equal(failure(api, "host.call_extension", host, "{"),
              ["INVALID_VALUE", "call", "{"], "no call")
        equal(failure(api, "host.call_plugin", host, "example.echo", "", {}),
              ["XENAPI_MISSING_PLUGIN", "example.echo"], "no plugin")


def what_is_not_signed_and_whole_is_refused():
    with Packs() as b:
        api = b.ready()
        other = key(b, "other")
        good = b.hello()
        # a key that is trusted with updates is not with packs
        trust(b, other, "update")
        status(b.put(api, b.hello(pem=other)), 400,
               b"INVALID_UPDATE: it is signed by the key", b"does not trust")
        for at in (3, 25, 90, 130, 140, 200, len(good) - 1):
            bad = bytearray(good)
            bad[at] ^= 1
            status(b.put(api, bytes(bad)), 400, b"INVALID_UPDATE")
        status(b.put(api, good[:-1]), 400, b"it ends early")
        status(b.put(api, b"x" * 5000), 400, b"it is not an extension pack")
        status(b.put(api, b.make(about="limit=0\n")), 400, b"its limit")
        equal(b.installed(), [], "on the disk")
        equal(api("pool_update.get_all"), [], "records")
        status(b.put(api, good), 200)
        status(b.put(api, b.hello(built=999, version="0")), 400,
               b"version 0 is older")
        status(b.put(api, b.make("second", plugins={"hello": HELLO})), 400,
               b"is in pack 'hello' already")
        equal(b.installed(), ["hello"], "on the disk")
        # what came before a restart is there after it
        status(b.put(api, b.hello(built=1001, version="2")), 200)
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        (record,) = api("pool_update.get_all_records").values()
        equal(record["version"], "2", "after a restart")
    with Bench() as b:
        api = b.ready()
        status(Packs.put(b, api, good), 500,
               b"OPERATION_NOT_ALLOWED: no program for packs")


RUDE = ANSWER + """
case $fn in
loud) while :; do echo words; done ;;
endless) while :; do sleep 1000; done ;;
*) answer "$$" ;;
esac
"""


def a_plugin_that_does_not_end_is_ended():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        status(b.put(api, b.make("rude", about="limit=1\n",
                                 plugins={"rude": RUDE})), 200)
        mark = {"mark": b.dir}
        equal(failure(api, "host.call_plugin", host, "rude", "loud", mark),
              ["XENAPI_PLUGIN_FAILURE", "more than 64 KiB of output", "",
               ""], "loud")
        equal(failure(api, "host.call_plugin", host, "rude", "endless", mark),
              ["XENAPI_PLUGIN_FAILURE", "out of time", "", ""], "endless")
        until("their ends", lambda: not running(b))


def running(b):
    """Processes of plugins: they have the pack's program on their command
    lines."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"<methodCall>" in line and b.dir.encode() in line:
            found.append(line)
    return found


def clients_cancel_their_own_calls():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        status(b.put(api, b.make("rude", plugins={"rude": RUDE})), 200)

        def begin(client):
            return client("Async.host.call_plugin", host, "rude", "endless",
                          {"mark": b.dir})
        one, two = api, b.login()
        first, second = begin(one), begin(two)
        until("both", lambda: len(running(b)) >= 2)
        equal(one("host.call_plugin", host, "rude", "quick", {}).isdigit(),
              True, "a third beside them")
        one("task.cancel", first)
        equal(failure(one.wait_task, first)[0], "TASK_CANCELLED", "first")
        until("its end", lambda: len(running(b)) == 1)
        equal(two("task.get_status", second), "pending", "second")
        two("task.cancel", second)
        equal(failure(two.wait_task, second)[0], "TASK_CANCELLED", "second")
        until("its end", lambda: not running(b))
        # and with xenopsd
        begin(one)
        until("a third", lambda: running(b))
        b.kill_sim()
        until("its end", lambda: not running(b))


def a_pack_is_replaced_while_it_is_called():
    """Each call has a whole pack, the old or the new one."""
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        # as many as may wait for a caller who leaves no gap (base/packs.h)
        packs = [b.make(version=str(n), built=n, plugins={"hello": HELLO},
                        lib={"name": "version %d" % n}) for n in range(1, 5)]
        status(b.put(api, packs[0]), 200)
        over, answers, other = threading.Event(), [], b.login()

        def caller():
            while not over.is_set():
                try:
                    answers.append(other("host.call_plugin", host, "hello",
                                         "hello", {}))
                except Refused as e:
                    answers.append(e.args[0])
        thread = threading.Thread(target=caller)
        thread.start()
        for pack in packs[1:]:
            before = len(answers)
            status(b.put(api, pack), 200)
            until("two more calls", lambda: len(answers) >= before + 2)
        over.set()
        thread.join()
        good = ["hello from version %d" % n for n in range(1, 5)]
        equal([a for a in answers if a not in good], [], "other answers")
        equal(other("host.call_plugin", host, "hello", "hello", {}),
              "hello from version 4", "the last one")
        # nothing runs now: what was replaced goes with the next change
        status(b.put(api, packs[-1]), 200)
        equal(sorted(os.listdir(b.path("host/packs"))),
              [".lock", ".use", "hello"], "left")


def disk_with(b, api, data, size=None):
    """A disk that begins with these bytes."""
    with open(b.path("on-a-disk"), "wb") as f:
        f.write(data)
    vdi = b.vdi(api, size or max(4 << 20, len(data)), "pack")
    status_of = api.put_file(b.path("on-a-disk"), "/import_raw_vdi?vdi=" + vdi)
    equal(status_of, 200, "upload")
    return vdi


def a_pack_comes_from_a_disk():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        one = disk_with(b, api, b.hello(about="description=Says hello\n"
                                        "uuid=5b1f0a2e-27a4-4b6e-9c0f-"
                                        "6d1c2c5d0001\n") + b"and more")
        update = api("pool_update.introduce", one)
        record = api("pool_update.get_record", update)
        equal((record["name_label"], record["name_description"],
               record["version"], record["key"], record["vdi"],
               record["hosts"]),
              ("hello", "Says hello", "1", "tests", one, []), "record")
        equal(b.installed(), [], "on the host before it is applied")
        equal(api("pool_update.introduce", one), update, "once more")
        again = api.run("VDI.copy", one, api("VDI.get_SR", one))
        equal(failure(api, "pool_update.introduce", again),
              ["UPDATE_ALREADY_EXISTS", record["uuid"]], "another disk")
        equal(api("pool_update.precheck", update, host), "ok", "precheck")
        equal(failure(api, "host.call_plugin", host, "hello", "hello", {}),
              ["XENAPI_MISSING_PLUGIN", "hello"], "before")
        api.run("pool_update.apply", update, host)
        equal(api("host.get_updates", host), [update], "applied")
        equal(api("host.call_plugin", host, "hello", "hello", {}),
              "hello from a pack", "hello")
        equal(failure(api, "pool_update.apply", update, host),
              ["UPDATE_ALREADY_APPLIED", update], "again")
        api("pool_update.pool_clean", update)
        equal(failure(api, "VDI.get_uuid", one)[0], "HANDLE_INVALID", "disk")
        equal(api("pool_update.get_vdi", update), "OpaqueRef:NULL", "vdi")
        # from the one to the other disk, and all at once
        api("pool_update.destroy", update)
        update = api("pool_update.introduce", again)
        api("pool_update.pool_apply", update)
        equal(b.installed(), ["hello"], "installed")
        api("pool_update.destroy", update)
        equal((b.installed(), api("pool_update.get_all")), ([], []), "left")


def a_disk_with_no_pack_is_refused():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        good = b.hello()
        bad = bytearray(good)
        bad[-1] ^= 1
        for data in (b"x" * 5000, bytes(bad), good[:200],
                     b.hello(pem=key(b, "other"))):
            equal(failure(api, "pool_update.introduce",
                          disk_with(b, api, data))[0], "INVALID_UPDATE",
                  "a disk with %d bytes" % len(data))
        equal(failure(api, "pool_update.introduce", b.vdi(api))[0],
              "INVALID_UPDATE", "an empty one")
        vdi = disk_with(b, api, good)
        used = b.running(api, name="user")
        api.run("VBD.plug", b.vbd(api, used, vdi, "3"))
        equal(failure(api, "pool_update.introduce", vdi)[0], "VDI_IN_USE",
              "a guest's")
        vdi = disk_with(b, api, good)
        update = api("pool_update.introduce", vdi)
        # what is on the disk has changed since
        with open(b.path("on-a-disk"), "wb") as f:
            f.write(b.hello(version="2", built=2000))
        api.put_file(b.path("on-a-disk"), "/import_raw_vdi?vdi=" + vdi)
        for message in "pool_update.precheck", "pool_update.apply":
            equal(failure(api, message, update, host)[0], "INVALID_UPDATE",
                  message)
        equal(b.installed(), [], "on the disk")
        # its disk goes, or xapi: the record stays until somebody removes it
        b.kill_xapi()
        b.start_xapi()
        api = b.ready()
        equal(api("pool_update.get_all"), [update], "after a restart")
        api.run("VDI.destroy", vdi)
        equal(failure(api, "pool_update.apply", update, host),
              ["CANNOT_FIND_UPDATE"], "without its disk")
        api("pool_update.destroy", update)
        equal(api("pool_update.get_all"), [], "records")


def many_calls_hold_up_nothing_else():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        status(b.put(api, b.make("rude", plugins={"rude": RUDE})), 200)
        vm = b.vm(api)
        tasks = [api("Async.host.call_plugin", host, "rude", "endless",
                     {"mark": b.dir}) for _ in range(40)]

        def failed():
            records = [api("task.get_record", t) for t in tasks]
            return [r["error_info"] for r in records
                    if r["status"] == "failure"]
        until("those that are too many", lambda: len(failed()) == 8)
        equal(failed(), 8 * [["OPERATION_NOT_ALLOWED",
                              "too many plugins run already"]], "refused")
        until("those that may", lambda: len(running(b)) == 8)
        api.run("VM.start", vm, False, False)
        api("host.set_hostname_live", host, "busy")
        equal(len(running(b)), 8, "at once")
        for task in tasks:
            try:
                api("task.cancel", task)
            except Refused as e:
                equal(e.code, "OPERATION_NOT_ALLOWED", "it has ended")
        until("their ends", lambda: len(failed()) + sum(
            api("task.get_status", t) == "cancelled" for t in tasks) == 40)
        equal(running(b), [], "left")


def who_may_what_with_packs():
    with Packs() as b:
        api = b.ready()
        host = api("host.get_all")[0]
        data = b.hello()
        status(b.put(api, data), 200)
        (update,) = api("pool_update.get_all")
        for role, puts, calls in (("read-only", False, False),
                                  ("vm-operator", False, False),
                                  ("vm-power-admin", False, False),
                                  ("pool-operator", True, False),
                                  ("pool-admin", True, True)):
            _, his = user(b, api, role, role)
            status(b.put(his, data), 200 if puts else 403)
            if calls:
                his("host.call_plugin", host, "hello", "hello", {})
                continue
            equal(failure(his, "host.call_plugin", host, "hello", "hello",
                          {})[:2], ["RBAC_PERMISSION_DENIED",
                                    "host.call_plugin"], role)
            if not puts:
                equal(failure(his, "pool_update.destroy", update)[0],
                      "RBAC_PERMISSION_DENIED", role)
        # without credentials
        status(exchange(b, b"PUT /pack HTTP/1.1\r\nHost: x\r\n"
                        b"Content-Length: 4\r\n\r\ngood"), 401)
        _, lines = audit(b, api.session)
        check(any("put_pack" in line for line in lines), "audit of uploads")
        check(any("host.call_plugin" in line and "hello" in line
                  for line in lines), "audit of calls")


SCENARIOS = [
    a_pack_is_installed_called_and_removed,
    the_pack_of_the_documentation_works, plugins_speak_as_those_of_other_hosts, a_vms_host_has_its_plugins,
    extensions_are_messages, what_is_not_signed_and_whole_is_refused,
    a_plugin_that_does_not_end_is_ended, clients_cancel_their_own_calls,
    a_pack_is_replaced_while_it_is_called, a_pack_comes_from_a_disk,
    a_disk_with_no_pack_is_refused,
    many_calls_hold_up_nothing_else, who_may_what_with_packs,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
