#!/usr/bin/env python3
"""The image for sticks and cards, copied to a larger disk: its first start makes
it a host of its own, wherever the power goes meanwhile.

	test_flash.py IMAGE [NAME...]
"""

import os
import random
import subprocess
import sys
import tempfile

import appliance
from appliance import Failed, Machine
from test_install import check_local_sr
from api import Api
from writelog import SECTOR, FileDisk, Log, walk

IMAGE = sys.argv[1] if len(sys.argv) > 1 else "build/bedplate.img"
CUTS = int(os.environ.get("CUTS", "6"))
MIB = 9216
PASSWORD = "swordfish"


def copy(folder, name, mib=MIB):
    """As dd puts it to a stick of that size."""
    path = os.path.join(folder, name)
    subprocess.run(["cp", "--sparse=always", IMAGE, path], check=True)
    with open(path, "r+b") as f:
        f.truncate(mib << 20)
    return path


def gets_its_name(m):
    m.wait("has its own name now", 240)
    m.wait_off(120)


def check_host(m):
    """Somebody sets a password, and has the API of a host with an SR."""
    m.boot()
    m.set_password(PASSWORD)
    api = Api(m.port["https"])
    api.until_up()
    api.login("root", PASSWORD)
    return api


def name_of(m):
    """Of the installation, which all parts of its disk have."""
    name = m.expect("sed 's/.*bedplate.disk=\\([0-9a-f]*\\).*/\\1/' "
                    "/proc/cmdline").strip()
    if name == "0" * 16 or len(name) != 16:
        m.fail("it is called '%s'" % name)
    m.expect("[ $(cat /sys/class/block/*/uevent | "
             "grep -c 'PARTNAME=bedplate-.*-%s') = 6 ]" % name)
    return name


def a_copy_becomes_a_host_of_its_own():
    with tempfile.TemporaryDirectory() as d:
        disk = copy(d, "disk")
        with Machine(None, "bios", disks=[disk]) as m:
            gets_its_name(m)
        with Machine(None, "bios", disks=[disk]) as m:
            check_local_sr(check_host(m))
            name = name_of(m)
            m.expect("grep -q ' /state ext4 ' /proc/mounts")
            m.expect("touch /state/kept && sync")
        # its state is not made again, and other firmware starts it as well
        with Machine(None, "uefi", disks=[disk]) as m:
            m.boot()
            m.password = PASSWORD
            m.expect("[ -e /state/kept ]")
            m.expect("! grep -q bedplate.was /proc/cmdline")
            if name_of(m) != name:
                m.fail("it has another name than '%s'" % name)


def a_stick_that_is_too_small_says_so():
    with tempfile.TemporaryDirectory() as d:
        with Machine(None, "bios", disks=[copy(d, "small", 4096)]) as m:
            m.wait("the disk is smaller than 8 GiB", 240)


def record(folder):
    """The log of a first start, to its console screen."""
    disk = copy(folder, "recorded")
    logs = []
    for i in range(2):
        path = os.path.join(folder, "log%d" % i)
        open(path, "w").close()
        extra = ["-blockdev", "driver=blklogwrites,node-name=target,"
                 "file.driver=file,file.filename=%s,log.driver=file,"
                 "log.filename=%s,log-sector-size=%d" % (disk, path, SECTOR),
                 "-device", "ide-hd,drive=target,bus=ide.0,write-cache=on"]
        with Machine(None, "bios", extra=extra) as m:
            if i == 0:
                gets_its_name(m)
            else:
                m.boot()
        logs.append(Log(path))
    logs[0].entries += logs[1].entries
    os.unlink(disk)
    return logs[0]


def comes_up(disk):
    """By one restart at most."""
    for _ in range(2):
        with Machine(None, "bios", disks=[disk]) as m:
            m.wait("has its own name now|p password   n network", 300)
            if b"has its own name now" not in m.log:
                m.set_password(PASSWORD)
                m.expect("grep -q ' /state ext4 ' /proc/mounts")
                name_of(m)
                return
            m.wait_off(120)
    raise Failed("it restarts again and again")


def a_cut_first_start_ends_in_a_host():
    seed = int(os.environ.get("SEED", "1"))
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="flash-") as d:
        log = record(d)
        stick = FileDisk(copy(d, "stick"))
        chosen = set(rng.sample(range(len(log.entries)), CUTS))
        print("%d operations, %d flushes, seed %d" % (
            len(log.entries), log.flushes(), seed), flush=True)
        for i, _ in walk(log, stick, chosen):
            cut = os.path.join(d, "cut")
            mode = stick.cut_to(cut, rng)
            try:
                comes_up(cut)
            except Failed as e:
                raise Failed("after operation %d, %s unflushed kept: %s" % (
                    i, mode, e)) from None
            print("after operation %d, %s unflushed kept: a host" % (i, mode),
                  flush=True)


if __name__ == "__main__":
    sys.exit(appliance.main(
        [a_copy_becomes_a_host_of_its_own, a_stick_that_is_too_small_says_so,
         a_cut_first_start_ends_in_a_host], sys.argv[2:]))
