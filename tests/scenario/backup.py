"""The host's configuration as one file, and back: what a host was told is lost,
and comes again with the next start.

	backup.py [NAME...]
"""

import fcntl
import http.client
import os
import struct
import subprocess
import sys

from bench import PASSWORD, ROOT, Bench, check, crypt, equal, main
from api import tls

XAPI = os.path.join(ROOT, "build", "host", "xapi")
XE = os.path.join(ROOT, "build", "host", "xe")


class Host(Bench):
    """The simulated host's state is laid out as an appliance's."""

    secret = "login/secret"

    def __init__(self):
        super().__init__(secret=False)
        os.mkdir(self.path("login"))
        with open(self.path(self.secret), "w") as f:
            f.write(crypt(PASSWORD))
        with open(self.path("network.conf"), "w") as f:
            f.write("MODE=dhcp\n")
        os.mkdir(self.path("xenopsd"))
        self.be("5b1f0a2e-27a4-4b6e-9c0f-6d1c2c5d0001")
        for name in ("backup", "restore"):
            with open(self.path(name), "w") as f:
                f.write("#!/bin/sh\nexec %s %s --state %s \"$@\"\n" % (
                    XAPI, name, self.dir))
            os.chmod(self.path(name), 0o700)
        self.sim_options = ("--backup", self.path("backup"), "--restore",
                            self.path("restore"))

    def be(self, uuid):
        for name in ("host", "dom0"):
            with open(self.path("xenopsd/%s.uuid" % name), "w") as f:
                f.write(uuid)

    def xe(self, *args, status=0):
        """What it says."""
        p = subprocess.run([XE] + list(args), capture_output=True, text=True,
                           env=dict(os.environ, XE_SOCKET=self.path(
                               "xapi.sock")), timeout=120)
        equal(p.returncode, status, "xe %s: %s" % (args, p.stderr))
        return p.stderr if status else p.stdout

    def start_host(self):
        """As the boot script does it."""
        subprocess.run([XAPI, "restore", "--state", self.dir, "--apply"],
                       check=True)
        self.start_xapi()


def exchange(b, api, method, path, body=None, query=""):
    c = http.client.HTTPSConnection("127.0.0.1", b.https, context=tls(),
                                    timeout=60)
    c.request(method, "%s?session_id=%s%s" % (path, api.session, query),
              body=body)
    r = c.getresponse()
    return r.status, r.read()


def read(b, name, mode="r"):
    with open(b.path(name), mode) as f:
        return f.read()


def a_host_comes_back_from_its_backup():
    with Host() as b:
        api = b.ready()
        vm = b.vm(api, name="kept")
        api("VM.set_name_description", vm, "as it was")
        code, data = exchange(b, api, "GET", "/host_backup")
        equal(code, 200, "download")
        check(data.startswith(b"BEDPLATE BACKUP\n"), "no backup")
        check(b"as it was" in data and b"PRIVATE KEY" in data, "not all")
        pem = read(b, "xapi/server.pem")
        b.vm(api, name="later")
        with open(b.path("timezone"), "w") as f:
            f.write("Europe/Berlin\n")
        os.unlink(b.path("network.conf"))
        with open(b.path("login/secret"), "w") as f:
            f.write(crypt("another one"))
        equal(exchange(b, api, "PUT", "/host_restore", data)[0], 200,
              "upload")
        # nothing of it holds before the next start
        check(not os.path.exists(b.path("network.conf")), "too early")
        equal(len(api("VM.get_by_name_label", "later")), 1, "VM")
        b.kill_xapi()
        os.unlink(b.path("xapi/server.pem"))
        b.start_host()
        api = b.login(PASSWORD)
        equal(api("VM.get_name_description", vm), "as it was", "text")
        equal(api("VM.get_by_name_label", "later"), [], "VMs made since")
        equal(read(b, "xapi/server.pem"), pem, "certificate")
        equal(read(b, "network.conf"), "MODE=dhcp\n", "network")
        check(not os.path.exists(b.path("timezone")), "a zone not in it")
        check(not [n for n in os.listdir(b.dir)
                   if n.startswith(".restore") and n != ".restore-lock"],
              "something is left")
        lines = exchange(b, api, "GET", "/audit_log")[1].decode()
        for name in ("get_host_backup", "put_host_restore"):
            check(name in lines, name + " is not in the audit log")


def what_is_no_whole_backup_is_refused():
    with Host() as b:
        api = b.ready()
        b.vm(api)
        data = exchange(b, api, "GET", "/host_backup")[1]
        first = 16 + 8 + 32 + 8
        size = struct.unpack_from("<Q", data, first - 8)[0]
        bad = {
            "cut": data[:-1], "half": data[:len(data) // 2],
            "flipped": data[:first + 99] + b"\x00" + data[first + 100:],
            "format": data[:16] + b"\x02" + data[17:],
            "name": data[:24] + b"x/../../passwd".ljust(32, b"\0")
            + data[56:],
            "length": data[:56] + struct.pack("<Q", 1 << 60) + data[64:],
            "other": b"x" * 5000, "dump only": data[first:first + size],
        }
        for name, text in bad.items():
            code, why = exchange(b, api, "PUT", "/host_restore", text)
            check(code == 400 and b"RESTORE_SCRIPT_FAILED" in why,
                  "%s: %d %r" % (name, code, why))
            check(not os.path.exists(b.path(".restore")), name + " is kept")
            check(not os.path.exists(b.path(".restore-new")),
                  name + " is left")
        equal(exchange(b, api, "PUT", "/host_restore", data)[0], 200, "good")


def each_cut_of_a_restore_goes_on():
    """Between two of its steps."""
    with Host() as b:
        api = b.ready()
        vm = b.vm(api, name="kept")
        data = exchange(b, api, "GET", "/host_backup")[1]
        api("VM.set_name_label", vm, "changed")
        open(b.path("timezone"), "w").close()
        equal(exchange(b, api, "PUT", "/host_restore", data)[0], 200, "taken")
        b.kill_xapi()
        names = sorted(os.listdir(b.path(".restore")))
        check(len(names) == 11, "%s is kept" % names)
        # what is in place already when the power goes
        os.rename(b.path(".restore/state.db"), b.path("xapi/state.db.restored"))
        os.unlink(b.path("timezone"))
        b.start_host()
        api = b.login(PASSWORD)
        equal(api("VM.get_name_label", vm), "kept", "label")
        check(not os.path.exists(b.path("timezone")), "a zone not in it")


def another_hosts_backup_is_told_apart():
    with Host() as b:
        api = b.ready()
        data = exchange(b, api, "GET", "/host_backup")[1]
        ours = read(b, "xenopsd/host.uuid")
        b.be("5b1f0a2e-27a4-4b6e-9c0f-6d1c2c5d0002")
        code, why = exchange(b, api, "PUT", "/host_restore", data)
        check(code == 400 and ours.encode() in why, why)
        check(not os.path.exists(b.path(".restore")), "it is kept")
        code, why = exchange(b, api, "PUT", "/host_restore", data,
                             "&take_identity=true")
        equal(code, 200, why)
        b.kill_xapi()
        b.start_host()
        b.login(PASSWORD)
        equal(read(b, "xenopsd/host.uuid"), ours, "who it is")


def what_was_taken_last_counts():
    """And one is taken at a time; a cut between two takes loses neither."""
    with Host() as b:
        api = b.ready()
        vm = b.vm(api, name="first")
        data = exchange(b, api, "GET", "/host_backup")[1]
        api("VM.set_name_label", vm, "second")
        later = exchange(b, api, "GET", "/host_backup")[1]
        with open(b.path(".restore-lock"), "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            code, why = exchange(b, api, "PUT", "/host_restore", data)
            check(code == 400 and b"another" in why, why)
        for one in (later, data):
            equal(exchange(b, api, "PUT", "/host_restore", one)[0], 200, "ok")
        b.kill_xapi()
        # the power goes while a third one takes its place
        os.rename(b.path(".restore"), b.path(".restore-old"))
        b.start_host()
        api = b.login(PASSWORD)
        equal(api("VM.get_name_label", vm), "first", "label")
        check(not os.path.exists(b.path(".restore-old")), "it is left")


def xe_makes_and_takes_one():
    with Host() as b:
        api = b.ready()
        vm = b.vm(api, name="kept")
        file = b.path("file")
        b.xe("host-backup", "file-name=" + file)
        equal(os.stat(file).st_mode & 0o777, 0o600, "mode")
        api("VM.set_name_label", vm, "changed")
        with open(file, "rb") as f:
            data = f.read()
        for bad, why in ((data[:-1], "cut short"), (b"x" * 99, "no backup")):
            with open(b.path("bad"), "wb") as f:
                f.write(bad)
            text = b.xe("host-restore", "file-name=" + b.path("bad"),
                        status=1)
            check(why in text, text)
        b.be("5b1f0a2e-27a4-4b6e-9c0f-6d1c2c5d0002")
        text = b.xe("host-restore", "file-name=" + file, status=1)
        check("another host" in text, text)
        b.xe("host-restore", "file-name=" + b.path("none"), status=1)
        text = b.xe("host-restore", "file-name=" + file, "take-identity=true")
        check("next start" in text, text)
        equal(api("task.get_all"), [], "tasks are left")
        os.unlink(b.path("restore"))
        b.xe("host-restore", "file-name=" + file, status=1)
        os.unlink(b.path("backup"))
        b.xe("host-backup", "file-name=" + b.path("none"), status=1)
        check(not os.path.exists(b.path("none")), "a file of nothing")
        b.kill_xapi()
        b.start_host()
        api = b.login(PASSWORD)
        equal(api("VM.get_name_label", vm), "kept", "label")


def only_a_pool_admin_may():
    with Host() as b:
        api = b.ready()
        for method, path in (("GET", "/host_backup"),
                             ("PUT", "/host_restore")):
            c = http.client.HTTPSConnection("127.0.0.1", b.https,
                                            context=tls(), timeout=60)
            c.request(method, path, body=b"x" if method == "PUT" else None)
            equal(c.getresponse().status, 401, path)
        roles = [api("role.get_name_label", r) for r in api(
            "role.get_by_permission_name_label", "http/get_host_backup")]
        equal(roles, ["pool-admin"], "roles")


if __name__ == "__main__":
    sys.exit(main([a_host_comes_back_from_its_backup,
                   what_is_no_whole_backup_is_refused,
                   each_cut_of_a_restore_goes_on,
                   another_hosts_backup_is_told_apart,
                   what_was_taken_last_counts,
                   xe_makes_and_takes_one,
                   only_a_pool_admin_may]))
