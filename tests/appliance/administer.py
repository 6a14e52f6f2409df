"""What administrators and their programs do with a real guest on the booted
appliance: xe from afar and in dom0, the foreign clients of tests/clients as
they are, extension packs.
"""

import os
import shutil
import subprocess
import tempfile

from api import Refused
from checks import check, refused
from guest import ROOT

CLIENTS = os.path.join(ROOT, "tests", "clients")
MODULES = os.path.join(ROOT, "build", "clients", "node_modules")
XE = os.path.join(ROOT, "build", "musl", "xe")
PACK_KEY = os.environ.get("PACK_KEY") or os.path.expanduser(
    "~/.config/bedplate/keys/developer-packs.pem")
DEBIAN = "/usr/bin/python3"     # whose modules are Debian's packages

# a plugin that stays until somebody has looked at it
STAY = """#!/bin/sh
while :; do sleep 1; done
"""


def run(argv, status=0):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=900)
    check(done.returncode == status, "%s: %d\n%s%s" % (
        os.path.basename(argv[0]), done.returncode, done.stdout, done.stderr))
    return done.stdout.strip() + done.stderr.strip()


class Remote:
    """The static program, as it runs on any machine."""

    def __init__(self, api, password):
        self.who = ["-s", api.host, "-p", str(api.port), "-u", "root", "-pw",
                    password]

    def __call__(self, *args, status=0):
        return run([XE, *args, *self.who], status)


class Dom0:
    """The one in dom0, over the socket, without a password."""

    def __init__(self, m):
        self.m = m

    def __call__(self, *args, status=0):
        rc, text = self.m.shell("xe " + " ".join(args), 600)
        check(rc == status, "xe %s in dom0: %d\n%s" % (args[0], rc, text))
        return text.strip()


def check_xe(api, vm, xe):
    """Lists it, reads and writes its parameters, and names errors."""
    uuid, name = api("VM.get_uuid", vm), api("VM.get_name_label", vm)
    check(xe("vm-list", "name-label=" + name, "power-state=running",
             "params=uuid", "--minimal") == uuid, "xe does not list it")
    of = "uuid=" + uuid
    check(xe("vm-param-get", of, "param-name=dom-id") == api(
        "VM.get_domid", vm), "its domain, by xe")
    xe("vm-param-set", of, "other-config:by=xe")
    check(api("VM.get_other_config", vm)["by"] == "xe", "other_config")
    xe("vm-param-remove", of, "param-name=other-config", "param-key=by")
    check("by" not in api("VM.get_other_config", vm), "other_config")
    said = xe("vm-start", of, status=1)
    check("vm: " + uuid in said and "actual: running" in said,
          "xe says: " + said)


def check_two_xe(m, api, vm, password):
    """A running guest is listed, stopped and started; its end by the one that
    asks for it is the guest's own."""
    remote, dom0 = Remote(api, password), Dom0(m)
    of = "uuid=" + api("VM.get_uuid", vm)
    for xe in remote, dom0:
        check_xe(api, vm, xe)
    dom0("vm-shutdown", of)
    check(api("VM.get_power_state", vm) == "Halted", "not Halted")
    remote("vm-start", of)
    check(api("VM.get_power_state", vm) == "Running", "not Running")
    check(m.expect("xl domname %s" % api("VM.get_domid", vm)).strip() ==
          api("VM.get_uuid", vm), "no domain is the guest")


def check_clients(api, vm, password):
    """Each stops the guest, which runs, and starts it."""
    url = "https://%s:%d" % (api.host, api.port)
    name = api("VM.get_name_label", vm)
    said = run([DEBIAN, os.path.join(CLIENTS, "sdk.py"), url, password,
                "a_guest", "named=" + name])
    check("PASS python client: a_guest" in said, said)
    with tempfile.TemporaryDirectory() as d:
        # node looks for modules beside the program
        os.symlink(os.path.abspath(MODULES), os.path.join(d, "node_modules"))
        program = shutil.copy(os.path.join(CLIENTS, "xen_api.mjs"), d)
        said = run(["node", program, url, password, name])
    check("PASS xen-api: a guest that runs" in said, said)
    check(api("VM.get_power_state", vm) == "Running", "not Running")


def make_pack(folder, out, version="1"):
    run([os.path.join(ROOT, "iso", "mkpack.py"), folder, out, "--key",
         PACK_KEY, "--version", version])
    return out


def stay_pack(folder):
    source = os.path.join(folder, "stay")
    os.makedirs(os.path.join(source, "plugins"))
    with open(os.path.join(source, "about"), "w") as f:
        f.write("name=stay\nvendor=tests\n")
    with open(os.path.join(source, "plugins", "stay"), "w") as f:
        f.write(STAY)
    return make_pack(source, os.path.join(folder, "stay.pack"))


def hello_pack(folder):
    return make_pack(os.path.join(ROOT, "docs", "hello-pack"),
                     os.path.join(folder, "hello.pack"))


def check_program(m, api):
    """A pack's program, as dom0 sees it: nobody in particular, who was lent no
    session, in the control group of packs."""
    p = "/proc/%s/" % m.expect("pidof stay").strip()
    status = dict(line.split(":", 1) for line in m.expect(
        "grep -E '^(Uid|Gid|Groups|CapEff|NoNewPrivs|Seccomp):' %sstatus" % p
        ).split("\n") if ":" in line)
    user = m.expect("id -u plugin").strip()
    check(status["Uid"].split() == 4 * [user], "users: %s" % status)
    check(status["Gid"].split() == 4 * [user], "groups: %s" % status)
    check((status["CapEff"].strip("\t 0"), status["Groups"].strip(),
           status["NoNewPrivs"].strip(), status["Seccomp"].strip()) ==
          ("", "", "1", "2"), "rights: %s" % status)
    # a session's reference is long: a line for each part of it
    call = m.expect("tr '\\0<>' '\\n' <%scmdline | grep OpaqueRef" % p)
    check(call.split() == ["OpaqueRef:NULL"], "it was lent: " + call)
    group = m.expect("cut -d : -f 3 %scgroup" % p).strip()
    check(group == "/packs", "its group: " + group)
    limits = m.expect("cd /sys/fs/cgroup/packs; cat memory.max cpu.max")
    check(limits.split() == ["134217728", "100000", "100000"],
          "its group's limits: " + limits)
    for name in "net", "pid", "mnt":
        own, dom0 = m.expect("for p in %s /proc/1/; do readlink $p/ns/%s; "
                             "done" % (p, name)).split()
        check(own != dom0, "it shares dom0's namespace: " + name)


def check_packs(m, api, files):
    """files: the folder in dom0 with the pack of the documentation, which is
    installed there; the other comes by HTTP."""
    host = api("host.get_all")[0]
    call = "host.call_plugin"
    refused(api, "XENAPI_MISSING_PLUGIN", call, api.session, host, "hello",
            "hello", {})
    m.expect("bedplate-pack %s/hello.pack" % files, 120)
    api("pool_update.resync_host", host)
    kernel = m.expect("uname -sr").strip()
    check(api(call, host, "hello", "hello", {}) == "hello from " + kernel,
          "the pack of the documentation")
    refused(api, "UNKNOWN_XENAPI_PLUGIN_FUNCTION", call, api.session, host,
            "hello", "other", {})
    with tempfile.TemporaryDirectory() as d:
        check(api.put_file(stay_pack(d), "/pack") == 200, "PUT /pack")
    task = api("Async.host.call_plugin", host, "stay", "stay", {})
    m.until("pidof stay", 120)
    check_program(m, api)
    api("task.cancel", task)
    try:
        api.wait_task(task)
        check(False, "it was not cancelled")
    except Refused as e:
        check(e.code == "TASK_CANCELLED", str(e))
    m.until("! pidof stay", 60)
    for update in api("host.get_updates", host):
        api("pool_update.destroy", update)
    check(not m.expect("ls /state/packs").strip(), "packs are left")
    refused(api, "XENAPI_MISSING_PLUGIN", call, api.session, host, "hello",
            "hello", {})
