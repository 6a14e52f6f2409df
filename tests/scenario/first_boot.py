"""What a host does that finds its state late, or never: the image's own
scripts, with disks that a test makes appear.

	first_boot.py [NAME...]
"""

import contextlib
import os
import shutil
import subprocess
import sys

import netns
from bench import check, equal, main, until
from image import SKEL, TREE, tree

READY = ("mount() { :; }; e2fsck() { :; }; xargs() { :; }; "
         ". /usr/libexec/bedplate/disks; ")


def put(path, text, mode=0o644):
    with open(TREE + path, "w") as f:
        f.write(text)
    os.chmod(TREE + path, mode)


def read(path):
    with contextlib.suppress(FileNotFoundError):
        with open(TREE + path) as f:
            return f.read().strip()
    return ""


class Boot:
    """The scripts with `volumes` that lists /tmp/volumes, and with a mount,
    an e2fsck and an xargs (modprobe's) that do nothing.  cmdline: the kernel's."""

    def __init__(self, cmdline=""):
        for name in ("run/bedplate", "state", "tmp"):
            shutil.rmtree("%s/%s" % (TREE, name))
            os.mkdir("%s/%s" % (TREE, name))
        put("/etc/passwd", "root:x:0:0::/:/bin/sh\n")
        put("/etc/group", "root:x:0:\nxapi:x:100:\n")
        put("/usr/libexec/bedplate/volumes",
            "#!/bin/sh\ncat /tmp/volumes 2>/dev/null || :\n", 0o755)
        put("/tmp/cmdline", "console=hvc0 %s\n" % cmdline)
        netns.run("mount", "--bind", TREE + "/tmp/cmdline",
                  TREE + "/proc/cmdline")
        self.log = open("/run/boot.log", "w+")
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        netns.run("umount", TREE + "/proc/cmdline")

    def start(self, script):
        self.process = subprocess.Popen(
            ["chroot", TREE, "/bin/sh", "-uc", "PATH=/bin; " + READY + script], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)

    def said(self):
        with open("/run/boot.log") as f:
            return f.read()

    def done(self):
        return self.process.poll() is not None


def appear(device="/dev/sdb"):
    """The disk is there; what watches looks when the kernel's list changes."""
    put("/tmp/volumes", device + "\n")


def an_installed_host_waits_for_its_state():
    with Boot("bedplate.state=required quiet") as b:
        b.start("started=0 changed=0; state")
        until("it to say so", lambda: "waiting for the volume" in b.said())
        check(not b.done() and not read("/run/bedplate/state"),
              "it went on without its state")
        appear()
        until("the boot to go on", b.done)
        equal(read("/run/bedplate/state"), "on /dev/sdb", "state")
        check(not read("/state/secret"), "it is locked")


def a_live_host_goes_on_in_memory():
    for cmdline in ("", "bedplate.state=memory"):
        with Boot(cmdline) as b:
            if cmdline:
                appear()
            b.start("limit_s=0; state")
            until("the boot to go on", b.done)
            equal(read("/run/bedplate/state"), "in memory", "state")
            check(not read("/state/secret"), "it is locked")


def late(secret):
    with Boot() as b:
        if secret:
            put("/state/secret", secret)
        b.start("limit_s=0; state; ls() { cat /tmp/block; }; "
                "watch_for_state")
        put("/tmp/block", "sda\n")
        until("the first look", lambda: read("/run/bedplate/state"))
        appear()
        put("/tmp/block", "sda sdb\n")
        until("it to be seen", b.done)
        check("/dev/sdb came too late" in read("/run/bedplate/state"),
              read("/run/bedplate/state"))
        return read("/state/secret"), os.path.exists(
            TREE + "/run/bedplate/state-refused")


def state_that_comes_late_makes_no_open_host():
    equal(late(""), ("*", True), "secret and refusal")


def a_host_that_has_a_password_is_only_told():
    equal(late("$6$a$b"), ("$6$a$b", False), "secret and refusal")


if __name__ == "__main__":
    netns.enter()
    tree()
    sys.exit(main([an_installed_host_waits_for_its_state,
                   a_live_host_goes_on_in_memory,
                   state_that_comes_late_makes_no_open_host,
                   a_host_that_has_a_password_is_only_told]))
