"""What goes wrong on a host with a real guest: a process killed in the middle
of a domain build, xenopsd killed under a running guest, disks that are not
free, transfers and requests cut short.  Nothing may be left behind, and every
fault gets its proper answer.

	test_faults.py
"""

import os
import socket
import sys
import tempfile

import appliance
import guest
import leaks
from api import Api, Refused, tls
from appliance import Failed
from test_guest import (ISO, MIB, PASSWORD, check, make_storage, make_vm,
                        new_vbd, new_vdi, refused, set_password,
                        start_and_talk, until)

# Kills the worker of xenopsd, its only child, as soon as a thing is there.
# Built-in commands only: a fork takes as long as a step of the build.
KILL = """\
p=$1
kids=/proc/$p/task/$p/children
when() {
	set -- $1
	[ -e "$1" ]
}
shift
while [ -e $kids ]; do
	w=
	read -r w <$kids
	[ -n "$w" ] || continue
	when "$1" || continue
	kill -9 $w && echo killed && exit 0
done
"""

# Kills xenopsd and waits for its successor: $1 is how it is found.
REPLACE = """\
old=$($1)
kill -9 $old
i=0
while [ $i -lt 300 ]; do
	new=$($1)
	[ -n "$new" ] && [ "$new" != "$old" ] && exit 0
	i=$((i + 1))
	sleep 0.2
done
exit 1
"""

# xenopsd itself: workers have another name in `comm`
MAIN = "pgrep -o xenopsd"

# points of a build, in their order
POINTS = (
    ("domain is to be built", "/run/xenopsd/domains/*"),
    ("domain has a disk", "/sys/bus/xen-backend/devices/vbd-*"),
    ("domain has an interface", "/sys/class/net/vif*"),
    ("interface is in the bridge", "/sys/class/net/xenbr0/brif/vif*"),
)

# points of SR.create, when there is no other SR
NEW_SR_POINTS = (
    ("lvm", "disk is claimed", "/run/xenopsd/sr/*.sr"),
    ("lvm", "pool is being made", "/sys/block/dm-0"),
    ("ext", "disk is claimed", "/run/xenopsd/sr/*.sr"),
)


def struck(m, path, call):
    """Makes the call with the killer waiting; whether it struck in time."""
    m.expect("(sh /mnt/kill $(%s) '%s' >/run/killed 2>&1 & "
             "echo $! >/run/killer)" % (MAIN, path))
    try:
        call()
    except Refused as e:
        m.until("grep -q killed /run/killed")
        check(e.code == "INTERNAL_ERROR" and "killed" in " ".join(e.args[0]),
              "a killed worker was answered with %s" % e.args[0])
        return True
    m.shell("kill $(cat /run/killer)")
    return False


def killed_start(m, api, vm, path):
    """Whether the start of the VM was cut short."""
    if struck(m, path, lambda: api.run("VM.start", vm, False, False)):
        return True
    api.run("VM.hard_shutdown", vm)
    return False


def remove_storage(api, sr):
    for pbd in api("SR.get_PBDs", sr):
        api.run("PBD.unplug", pbd)
    api.run("SR.destroy", sr)


def check_killed_creates(m, api, device):
    """A disk is usable again, whenever the worker of SR.create dies."""
    before = leaks.state(m)
    for kind, what, path in NEW_SR_POINTS:
        tries = 0
        while not struck(m, path, lambda: make_storage(api, device, kind)):
            remove_storage(api, api("SR.get_by_name_label", kind)[0])
            tries += 1
            check(tries < 4, "no worker was caught: " + what)
        leaks.check(m, before)
        print("     killed: SR.create (%s), %s" % (kind, what), flush=True)


def check_worker_kills(m, api, vm, points):
    """After each, nothing is left and the VM can be started."""
    api.run("VM.start", vm, True, False)
    api.run("VM.hard_shutdown", vm)
    before = leaks.state(m)
    for what, path in points:
        tries = 0
        while not killed_start(m, api, vm, path):
            tries += 1
            check(tries < 4, "no worker was caught: " + what)
        check(api("VM.get_power_state", vm) == "Halted",
              "not Halted after a kill: " + what)
        check(not api("VM.get_current_operations", vm),
              "still locked after a kill: " + what)
        try:
            leaks.check(m, before)
        except Failed as e:
            raise Failed("worker killed, %s: %s" % (what, e)) from None
        print("     killed: " + what, flush=True)
    return before


def is_served(api):
    """Does xapi reach xenopsd?  A scan asks it and changes nothing."""
    try:
        api("SR.scan", api("SR.get_all")[0])
        return True
    except Refused:
        return False


def check_xenopsd_kill(m, api, vm, console):
    """The guest runs on, and is served again."""
    domid = api("VM.get_domid", vm)
    m.expect("sh /mnt/replace '%s'" % MAIN, 120)
    until("xapi to reach xenopsd again", lambda: is_served(api))
    until("the operations to be known again",
          lambda: "pause" in api("VM.get_allowed_operations", vm))
    check(api("VM.get_power_state", vm) == "Running", "not Running")
    check(api("VM.get_domid", vm) == domid, "the domain is another one")
    try:
        console.wait("a byte that never comes", 60)
    except ConnectionError:
        pass		# whoever looks is told to come again
    again = api.console(vm)
    check("alive" in again.run("echo al''ive"), "the guest is not alive")
    again.close()
    api.run("VM.pause", vm)
    api.run("VM.unpause", vm)


def check_killed_unplug(m, api, vm, sr, console):
    """A disk is free again though the worker of its unplug died."""
    vdi = new_vdi(api, sr, "second", 16 * MIB)
    vbd = new_vbd(api, vm, vdi, "1")
    api.run("VBD.plug", vbd)
    console.run("until [ -b /dev/xvdb ]; do sleep 1; done")
    check(struck(m, "/", lambda: api.run("VBD.unplug", vbd)),
          "no worker was caught: VBD.unplug")
    until("the disk to be unplugged",
          lambda: not api("VBD.get_currently_attached", vbd))
    api("VBD.destroy", vbd)
    api("VDI.destroy", vdi)


def check_disks(api, devices):
    """Only an empty disk becomes an SR."""
    host = api("host.get_all")[0]
    for device in devices:
        for kind in ("lvm", "ext"):
            refused(api, "SR_DEVICE_IN_USE", "SR.create", api.session, host,
                    {"device": device}, "0", "no", "", kind, "", False, {})


def exchange(api, data):
    """Sends bytes, ends its side; all that is answered."""
    with socket.create_connection((api.host, api.port), 60) as s:
        with tls().wrap_socket(s) as t:
            t.sendall(data)
            answer = b""
            while True:
                try:
                    more = t.recv(65536)
                except OSError:
                    more = b""
                if not more:
                    return answer
                answer += more


def send_and_drop(api, data):
    with socket.create_connection((api.host, api.port), 60) as s:
        with tls().wrap_socket(s) as t:
            t.sendall(data)


def check_transfers(m, api, sr):
    """A short import fails its task and leaves the disk free."""
    vdi = new_vdi(api, sr, "short", 4 * MIB)
    task = api("task.create", "import", "")
    send_and_drop(api, (
        "PUT /import_raw_vdi?vdi=%s&task_id=%s HTTP/1.1\r\nHost: x\r\n"
        "Cookie: session_id=%s\r\nContent-Length: %d\r\n\r\n" % (
            vdi, task, api.session, 4 * MIB)).encode() + b"x" * MIB)
    try:
        api.wait_task(task, 60)
        raise Failed("a truncated import succeeded")
    except Refused as e:
        check(e.code == "VDI_IO_ERROR", "truncated import: %s" % e.args[0])
    api("VDI.destroy", vdi)


def check_requests(api):
    refused(api, "SESSION_AUTHENTICATION_FAILED",
            "session.login_with_password", "root", "wrong")
    refused(api, "SESSION_INVALID", "VM.get_all", "OpaqueRef:none")
    head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection((api.host, api.port), 60) as s:
        with tls().wrap_socket(s) as t:
            t.sendall((head % 10000).encode() + b"<methodCall>")
            socket.socket.shutdown(t, socket.SHUT_WR)
            answer = t.recv(1000)
    check(answer.startswith(b"HTTP/1.1 400"), "half a body: %r" % answer)
    answer = exchange(api, (head % (1 << 30)).encode())
    check(b"too large" in answer, "a huge body: %r" % answer)
    answer = exchange(api, b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n")
    check(answer.startswith(b"HTTP/1.1 431"), "a huge head: %r" % answer[:80])
    depth = b"<array><data><value>" * 5000
    body = (b"<methodCall><methodName>VM.get_all</methodName><params><param>"
            b"<value>" + depth)
    answer = exchange(api, (head % len(body)).encode() + body)
    check(b"Success" not in answer and answer.startswith(b"HTTP/1.1 "),
          "a deep body: %r" % answer[:200])
    check(api.proxy.system.isAlive("yes"), "the API is gone")


def faults(m, path):
    m.boot()
    api = Api(m.port["https"])
    api.until_up()
    set_password(m, api)
    volume = m.disk(1)
    m.expect("mount -t vfat %s /mnt" % volume)
    check_killed_creates(m, api, m.disk(0))
    sr = make_storage(api, m.disk(0), "lvm")
    check_disks(api, (m.disk(0), volume, "/dev/sr0", "/dev/none"))
    check_transfers(m, api, sr)
    check_requests(api)
    vm, _ = make_vm(api, sr, "pv", path)
    before = check_worker_kills(m, api, vm, POINTS)
    console = start_and_talk(api, vm)
    check_killed_unplug(m, api, vm, sr, console)
    check_xenopsd_kill(m, api, vm, console)
    console.close()
    api.run("VM.hard_shutdown", vm)
    leaks.check(m, before)
    check_file_sr(m, api, path)


def check_file_sr(m, api, path):
    """The same with loop devices, and a guest boots from one."""
    sr = make_storage(api, m.disk(2), "ext")
    vm, _ = make_vm(api, sr, "pv", path)
    before = check_worker_kills(m, api, vm, POINTS[:2])
    console = start_and_talk(api, vm)
    check("loop" in "".join(leaks.state(m)), "no loop device under the guest")
    console.close()
    api.run("VM.hard_shutdown", vm)
    leaks.check(m, before)


def faults_with_a_guest():
    with tempfile.TemporaryDirectory() as d:
        path = guest.disk(os.path.join(d, "guest.img"))
        disks = [appliance.blank(os.path.join(d, "blank.img"), 2048),
                 appliance.fat_volume(os.path.join(d, "tests.img"), "TESTS", {
                     "kill": KILL.encode(), "replace": REPLACE.encode(),
                     "state": leaks.SCRIPT.encode()}),
                 appliance.blank(os.path.join(d, "blank2.img"), 1024)]
        with appliance.Machine(ISO, disks=disks) as m:
            try:
                faults(m, path)
            except Failed as e:
                m.fail("%s\n%s" % (e, m.daemon_logs()))
            except (Refused, ConnectionError, TimeoutError, OSError) as e:
                m.fail("%s: %s\n%s" % (type(e).__name__, e, m.daemon_logs()))


if __name__ == "__main__":
    sys.exit(appliance.main([faults_with_a_guest]))
