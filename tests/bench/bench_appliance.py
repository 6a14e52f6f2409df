"""The appliance measured in QEMU, each figure against a peer or a limit of the
same machine: the time to boot, dom0's memory, starting and ending a VM, what
fifty VMs leave behind.

	bench_appliance.py ISO GRUB.CFG TOOLS

GRUB.CFG: the one on the ISO.  TOOLS: a folder with Debian's bash-static and
xen-utils-common unpacked: the peer's hotplug scripts.  From the environment:
BOOTS (2), VMS (1000), ROUNDS (7), CYCLES (50); ONLY=boot,host.

Times are those of an emulated machine; the ratios are what counts.
"""

import io
import os
import statistics
import sys
import tarfile
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "appliance"))

import appliance  # noqa: E402
import guest  # noqa: E402
import leaks  # noqa: E402
from api import Api, Refused  # noqa: E402
from appliance import Failed  # noqa: E402
from test_guest import (MIB, make_storage, make_vm, new_vbd,  # noqa: E402
                        new_vdi, set_password)

BOOTS, VMS, ROUNDS, CYCLES = (
    int(os.environ.get(name, n)) for name, n in (
        ("BOOTS", 2), ("VMS", 1000), ("ROUNDS", 7), ("CYCLES", 50)))
GUEST_MIB = 192

# The stock scripts, on a root that is read-only: only their first line and
# their place are changed.
PEER = """\
mkdir -p /var/log/xen /run/xen-hotplug
tar -x -f /mnt/tools.tar -C /run
cat >/run/peer.cfg <<END
name="peer"
type="pv"
kernel="/usr/lib/bedplate/guest/grub-x86_64-xen.bin"
memory=%d
vcpus=1
vif=["bridge=xenbr0,script=/run/scripts/vif-bridge"]
disk=["vdev=xvda,script=/run/scripts/block,target=$1"]
END
cd /run
sed -e s,/run/scripts/[a-z-]*,/usr/sbin/bedplate-hotplug, -e s/peer/own/ \\
    peer.cfg >own.cfg
sed -e /^vif/d -e /^disk/d -e s/peer/bare/ peer.cfg >bare.cfg
""" % GUEST_MIB

COUNTS = """\
sh /mnt/state
xl info | awk '/^free_memory/ { print "free MiB", $3 }'
echo "xenstore keys $(xenstore-ls -f | wc -l)"
"""

missed = 0


def row(what, value, peer="", ratio="", goal="", good=None):
    global missed
    missed += good is False
    print("  %-46s %10s %12s %7s  %-10s %s" % (
        what, value, peer, ratio, goal,
        "" if good is None else "ok" if good else "MISSED"), flush=True)


def ratio_row(what, ours, peer, limit):
    row(what, "%.2f s" % ours, "%.2f s" % peer, "%.2f" % (ours / peer),
        "<= %.2f" % limit, ours / peer <= limit)


def with_option(iso, cfg, option, path):
    """A copy of the ISO whose kernels get one more option: the text of GRUB's
    configuration is changed in its place, at the cost of comments."""
    with open(iso, "rb") as f:
        image = f.read()
    with open(cfg, "rb") as f:
        old = f.read()
    if old not in image:
        raise Failed("the ISO holds another grub.cfg")
    new = b"".join(line for line in old.splitlines(True)
                   if not line.startswith(b"#"))
    new = new.replace(b" consoleblank=0",
                      b" consoleblank=0 " + option.encode())
    if len(new) > len(old) or option.encode() not in new:
        raise Failed("no room for '%s' in grub.cfg" % option)
    new += b"\n" * (len(old) - len(new))
    with open(path, "wb") as f:
        f.write(image.replace(old, new))
    return path


def time_to_api(iso):
    with appliance.Machine(iso) as m:
        api = Api(m.port["https"])
        api.until_up(400)
        return time.monotonic() - m.started


def time_to_shell(iso):
    with appliance.Machine(iso) as m:
        m.wait("job control turned off", 400)
        return time.monotonic() - m.started


def bench_boot(iso, cfg, d):
    shell = with_option(iso, cfg, "init=/bin/sh", os.path.join(d, "sh.iso"))
    ours, peer = [], []
    for _ in range(BOOTS):
        peer.append(time_to_shell(shell))
        ours.append(time_to_api(iso))
    ratio_row("power-on to the API / to a shell as init",
              statistics.median(ours), statistics.median(peer), 1.5)


def scripts_tar(tools):
    """The stock scripts and their shell, as they go to /run."""
    out = io.BytesIO()
    folder = os.path.join(tools, "etc", "xen", "scripts")
    with tarfile.open(fileobj=out, mode="w") as tar:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
        with open(os.path.join(tools, "usr/bin/bash-static"), "rb") as f:
            add("bash", f.read())
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    add("scripts/" + name, f.read().replace(
                        b"#!/bin/bash", b"#!/run/bash", 1))
    return out.getvalue()


def memory(m):
    """MiB: reserved by Xen, seen by dom0's kernel, used (not available)."""
    reserved = int(m.expect("xl list 0 | awk 'NR > 1 { print $3 }'"))
    total, free = (int(m.expect("awk '/^%s/ { print $2 }' /proc/meminfo" % k))
                   for k in ("MemTotal", "MemAvailable"))
    return reserved, total / 1024, (total - free) / 1024


def template(api):
    return [t for t, r in api("VM.get_all_records").items()
            if r["is_default_template"]
            and r["name_label"].startswith("Linux PV")][0]


def many_vms(api, source):
    """VMS records, by four clients."""
    def client(numbers):
        mine = Api(api.port)
        mine.session = api.session
        for i in numbers:
            mine("VM.clone", source, "record %d" % i)
    threads = [threading.Thread(target=client, args=(range(i, VMS, 4),))
               for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    n = len(api("VM.get_all"))
    if n < VMS:
        raise Failed("only %d VM records" % n)


def bench_memory(m, api):
    _, _, before = memory(m)
    start = time.monotonic()
    many_vms(api, template(api))
    took = time.monotonic() - start
    reserved, total, used = memory(m)
    row("%d VM.clone by 4 clients" % VMS, "%.1f s" % took)
    row("dom0: reserved by Xen", "%d MiB" % reserved, "", "", "256",
        reserved <= 256)
    row("dom0: of it left by the kernel", "%.0f MiB" % total)
    row("dom0: used with few VM records", "%.0f MiB" % before)
    row("dom0: used with %d VM records" % VMS, "%.0f MiB" % used,
        "%.0f MiB" % total, "%.2f" % (used / total), "<= 0.75",
        used / total <= 0.75)
    rss = m.expect("for p in xapi xenopsd xenstored; do echo $p "
                   "$(awk '/^VmRSS/ { print $2 }' /proc/$(pidof $p)/status);"
                   "done")
    row("KiB resident: " + " ".join(rss.split()), "")


def clocked(call, *args):
    start = time.monotonic()
    call(*args)
    return time.monotonic() - start


def timed(m, command):
    """Seconds of a command in dom0 by our own clock, as dom0's loses time on a
    busy machine; without what the serial console takes."""
    console = clocked(m.expect, "true")
    start = time.monotonic()
    rc, text = m.shell(command + " >/run/timed.out 2>&1", 300)
    took = time.monotonic() - start - console
    if rc != 0:
        m.fail("'%s': %s\n%s" % (command, text, m.shell(
            "cat /run/timed.out /var/log/xen/xen-hotplug.log")[1]))
    return took


def bench_start(m, api, vm):
    """Against xl with the stock scripts; and what xl alone takes: with our
    program in place of the scripts, and without any device."""
    m.expect("sh /mnt/peer %s" % m.disk(1), 120)
    rounds = []
    for _ in range(ROUNDS + 1):
        took = [clocked(api, "VM.start", vm, False, False),
                clocked(api, "VM.hard_shutdown", vm)]
        for name in ("peer", "own", "bare"):
            took += [timed(m, "xl create /run/%s.cfg" % name),
                     timed(m, "xl destroy %s" % name)]
        rounds.append(took)
        print("    " + " ".join("%.2f" % t for t in took), file=sys.stderr,
              flush=True)
    # the first one reads from the medium
    (start, end, xl_start, xl_end, own_start, own_end, bare_start,
     bare_end) = (statistics.median(t) for t in zip(*rounds[1:]))
    ratio_row("VM.start / xl create, stock scripts", start, xl_start, 0.35)
    ratio_row("VM.hard_shutdown / xl destroy, stock scripts", end, xl_end,
              0.35)
    for what, values, peer in (
            ("xl create", (own_start, bare_start), xl_start),
            ("xl destroy", (own_end, bare_end), xl_end)):
        for how, value in zip(("our hotplug program", "no device"), values):
            row("%s with %s" % (what, how), "%.2f s" % value,
                "%.2f s" % peer, "%.2f" % (value / peer))


def cycle(api, source, sr, network):
    """A VM from nothing to nothing."""
    vm = api("VM.clone", source, "cycle")
    api("VM.provision", vm)
    size = str(64 * MIB)
    api("VM.set_memory_limits", vm, size, size, size, size)
    vdi = new_vdi(api, sr, "cycle", 8 * MIB)
    new_vbd(api, vm, vdi, "0")
    api("VIF.create", {
        "device": "0", "network": network, "VM": vm, "MAC": "", "MTU": "1500",
        "other_config": {}, "qos_algorithm_type": "",
        "qos_algorithm_params": {}})
    api("VM.start", vm, False, False)
    api("VM.hard_shutdown", vm)
    api("VM.destroy", vm)
    api("VDI.destroy", vdi)


def bench_cycles(m, api, sr, network):
    source = template(api)
    cycle(api, source, sr, network)     # some of it stays, once
    before = leaks.state(m, "/mnt/counts")
    took = [clocked(cycle, api, source, sr, network) for _ in range(CYCLES)]
    good, text = True, "equal"
    try:
        leaks.check(m, before, script="/mnt/counts")
    except Failed as e:
        good, text = False, "differ"
        print(e, file=sys.stderr)
    row("%d VMs created and destroyed, each" % CYCLES,
        "%.2f s" % statistics.median(took))
    row("memory, xenstore, LVs, processes after them", text, "before", "",
        "equal", good)


def bench_host(iso, tools, d):
    path = guest.disk(os.path.join(d, "guest.img"))
    volume = appliance.fat_volume(os.path.join(d, "tools.img"), "TOOLS", {
        "tools.tar": scripts_tar(tools),
        "peer": PEER.encode(), "state": leaks.SCRIPT.encode(),
        "counts": COUNTS.encode()}, 16)
    blank = appliance.blank(os.path.join(d, "blank.img"), 2048)
    with appliance.Machine(iso, disks=[blank, path, volume]) as m:
        try:
            m.boot()
            api = Api(m.port["https"])
            api.until_up()
            set_password(m, api)
            m.expect("mount -t vfat %s /mnt" % m.disk(2))
            sr = make_storage(api, m.disk(0))
            vm, network = make_vm(api, sr, "pv", path)
            bench_memory(m, api)
            bench_start(m, api, vm)
            bench_cycles(m, api, sr, network)
            row("dom0: used after all of it", "%.0f MiB" % memory(m)[2])
            row("dom0: killed for want of memory", m.expect(
                "dmesg | grep -c 'Out of memory' || true"), "", "", "0",
                m.shell("dmesg | grep -q 'Out of memory'")[0] != 0)
        except (Refused, ConnectionError, TimeoutError, OSError) as e:
            m.fail("%s: %s\n%s" % (type(e).__name__, e, m.daemon_logs()))


def main():
    iso, cfg, tools = sys.argv[1:4]
    only = os.environ.get("ONLY", "boot,host").split(",")
    print("bench: appliance\n  %-46s %10s %12s %7s  %-10s" % (
        "figure", "value", "peer", "ratio", "goal"), flush=True)
    size = os.path.getsize(iso) / MIB
    row("size of the ISO", "%.1f MiB" % size, "", "", "<= 64", size <= 64)
    try:
        with tempfile.TemporaryDirectory() as d:
            if "boot" in only:
                bench_boot(iso, cfg, d)
            if "host" in only:
                bench_host(iso, tools, d)
    except Failed as e:
        print("bench: appliance: %s" % e)
        return 1
    if missed:
        print("bench: appliance: %d goals missed" % missed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
