"""Runs the foreign clients, as they are, each against a fresh xapi on the
simulator, and has a program in TypeScript checked against the generated types.

	run.py FOLDER-WITH-node_modules [CLIENT...]
"""

import itertools
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
FONT = os.path.join(HERE, "../../build/sysroot/include/font_terminus.h")
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))

import curl  # noqa: E402
from bench import PASSWORD, Bench, until  # noqa: E402


def node(program, modules):
    """Copied beside its modules: that is where node looks for them."""
    path = shutil.copy(os.path.join(HERE, program), modules)
    with Bench() as b:
        b.ready()
        return subprocess.run(
            ["node", path, "https://127.0.0.1:%d" % b.https, PASSWORD],
            stdin=subprocess.DEVNULL, timeout=300).returncode


def novnc(modules):
    """A viewer of screens, in as much of a page as it looks at."""
    shutil.copy(os.path.join(HERE, "page.mjs"), modules)
    path = shutil.copy(os.path.join(HERE, "novnc.mjs"), modules)
    with Bench() as b:
        api = b.ready()
        where = api.console_path(b.running(api), "rfb")
        return subprocess.run(
            ["node", path, "wss://127.0.0.1:%d/%s&session_id=%s" % (
                b.https, where, api.session), FONT],
            stdin=subprocess.DEVNULL, timeout=300).returncode


def types(modules):
    for name in (os.path.join(HERE, "types.ts"), os.path.join(
            HERE, "../../build/gen/api/xenapi.d.ts")):
        shutil.copy(name, modules)
    rc = subprocess.run(
        ["node_modules/.bin/tsc", "--noEmit", "--strict", "--target",
         "es2022", "types.ts"], cwd=modules, timeout=300).returncode
    print("%s client typescript: the generated types" %
          ("FAIL" if rc else "PASS"))
    return rc


def fetch(b, api, path):
    url = "https://127.0.0.1:%d%s?session_id=%s" % (b.https, path, api.session)
    with urllib.request.urlopen(
            url, context=ssl._create_unverified_context()) as f:
        return f.read()


def run(what, argv, **kwargs):
    done = subprocess.run(argv, capture_output=True, timeout=120, **kwargs)
    said = (done.stdout + done.stderr).decode(errors="replace")
    print("%s clients %s%s" % ("FAIL" if done.returncode else "PASS", what,
                               ": " + said if done.returncode else ""))
    return done.returncode


def short(xml):
    """rrdtool has 19 characters for a name, XenServer's are longer."""
    number = itertools.count()
    return re.sub(b"<name>[^<]{20,}</name>",
                  lambda m: b"<name>long%d</name>" % next(number), xml)


def metrics():
    """rrdtool takes the host's archives, promtool what Prometheus reads."""
    with Bench() as b, tempfile.TemporaryDirectory() as d:
        api = b.ready()
        b.running(api)
        text = until("samples", lambda: b"_vm_cpu" in fetch(
            b, api, "/metrics") and fetch(b, api, "/metrics"))
        xml, rrd = os.path.join(d, "host.xml"), os.path.join(d, "host.rrd")
        with open(xml, "wb") as f:
            f.write(short(fetch(b, api, "/host_rrd")))
        return run("rrdtool restore", ["rrdtool", "restore", xml, rrd]) or \
            run("rrdtool fetch", ["rrdtool", "fetch", rrd, "AVERAGE"]) or \
            run("promtool check metrics", ["promtool", "check", "metrics"],
                input=text)


DEBIAN = "/usr/bin/python3"     # whose modules are Debian's packages


def sdk():
    with Bench() as b:
        b.ready()
        return subprocess.run(
            [DEBIAN, os.path.join(HERE, "sdk.py"),
             "https://127.0.0.1:%d" % b.https, PASSWORD],
            stdin=subprocess.DEVNULL, timeout=120).returncode


def ansible():
    """By plain HTTP, as its modules do unless they are told otherwise; they
    look for XenAPI.py by itself."""
    with Bench() as b:
        api = b.ready()
        api("pool.set_https_only", api("pool.get_all")[0], False)
        modules = b.path("modules")
        os.mkdir(modules)
        os.symlink("/usr/lib/python3/dist-packages/os_xenapi/client/XenAPI.py",
                   os.path.join(modules, "XenAPI.py"))
        return run("ansible", [
            "ansible-playbook", "-i", "localhost,", "-e", json.dumps({
                "url": "127.0.0.1:%d" % b.http, "secret": PASSWORD,
                "sr": api("SR.get_name_label", b.sr(api)),
                "network": api("network.get_name_label",
                               api("network.get_all")[0])}),
            os.path.join(HERE, "guest.yml")],
            env=dict(os.environ, PYTHONPATH=modules, HOME=b.dir,
                     ANSIBLE_NOCOLOR="1", ANSIBLE_LOCALHOST_WARNING="0"))


def xe():
    with Bench() as b:
        b.sr(b.ready())
        return run("xe, a script", [
            "sh", os.path.join(HERE, "admin.sh"),
            os.path.join(HERE, "../../build/host/xe"), str(b.https), PASSWORD])


if __name__ == "__main__":
    parts = {"node": lambda: node("xen_api.mjs", sys.argv[1]),
             "novnc": lambda: novnc(sys.argv[1]),
             "types": lambda: types(sys.argv[1]), "metrics": metrics,
             "sdk": sdk, "xe": xe, "ansible": ansible,
             "curl": lambda: curl.main()}
    sys.exit(max([bool(parts[name]()) for name in sys.argv[2:] or parts]))
