"""Updates of an installed host, for tests: images of slots, sick ones among
them, and what becomes of a host that tries them."""

import os
import subprocess
import tempfile

import appliance
from appliance import Machine

INIT = "dom0-rootfs/initramfs/init"
# What is done in the initramfs of a sick slot, before which of its lines.
SICK = {
    "api": ("exec switch_root",
            "mount -o bind /newroot/bin/busybox /newroot/usr/sbin/xapi"),
    "hang": ("load_drivers\nmodprobe", "while :; do sleep 1000; done"),
    "panic": ("load_drivers\nmodprobe", "exit 1"),
}


def _overlay(kind, d):
    """An archive that replaces /init by a sick one."""
    before, line = SICK[kind]
    with open(INIT) as f:
        text = f.read()
    if text.count(before) != 1:
        raise appliance.Failed("no place for '%s' in %s" % (line, INIT))
    with open(os.path.join(d, "init"), "w") as f:
        f.write(text.replace(before, line + "\n" + before))
    os.chmod(os.path.join(d, "init"), 0o755)
    return subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"],
                          cwd=d, input=b"init\n", check=True,
                          stdout=subprocess.PIPE).stdout


def sick(slot, path, kind):
    """A copy of a slot's image that starts, but not well."""
    with tempfile.TemporaryDirectory() as d:
        files = os.path.join(d, "files")
        os.mkdir(files)
        initrd = os.path.join(d, "initrd.img")
        subprocess.run(["xorriso", "-osirrox", "on", "-indev", slot,
                        "-extract", "/boot/initrd.img", initrd],
                       check=True, stderr=subprocess.DEVNULL)
        os.chmod(initrd, 0o644)
        with open(initrd, "ab") as f:
            f.write(b"\0" * (-f.tell() % 4) + _overlay(kind, files))
        subprocess.run(["xorriso", "-indev", slot, "-outdev", path,
                        "-update", initrd, "/boot/initrd.img"],
                       check=True, stderr=subprocess.DEVNULL)
    return path


def update(slot):
    """The update image of that slot's image, by the key in $UPDATE_KEY."""
    subprocess.run(["iso/mkupdate.py", slot, slot + ".update", "--version",
                    "sick", "--built", str(1 << 40), "--key",
                    os.environ["UPDATE_KEY"]], check=True)
    return slot + ".update"


def restart(m):
    """An orderly one, at which QEMU ends."""
    m.type("reboot\n")
    m.wait_off(120)


def becomes_good(firmware, disk, slot, password):
    """The slot on trial is healthy."""
    with Machine(None, firmware, disks=[disk]) as m:
        m.password = password
        m.wait("slot %s is on trial" % slot, 240)
        m.boot()
        m.until("bedplate-slot show | grep -q 'good %s'" % slot, 300)
        m.expect("grep -q 'bedplate.slot=%s' /proc/cmdline" % slot)
        m.until("[ ! -e /run/bedplate/trial ]")


def goes_back(firmware, disk, why, password, limit_s=300):
    """Slot B ends its trial by itself, and A says why."""
    with Machine(None, firmware, disks=[disk]) as m:
        m.wait("slot b is on trial", 240)
        m.wait_off(limit_s)
    with Machine(None, firmware, disks=[disk]) as m:
        m.password = password
        m.wait("slot b was tried and given up: " + why, 240)
        m.boot()
        m.expect("grep -q 'bedplate.slot=a' /proc/cmdline")
        # its service may not have looked yet
        m.until("! bedplate-slot show | grep -q trial", 60)
