"""The power goes while a host is installed: QEMU logs every write and flush of
the disk, which is made again as it may have been at some points of that log.
From each the machine, which tries the disk first and then the medium, must come
to an installed host: by starting it, or by the installer.

	test_cuts.py [bios|uefi] [CUTS]
"""

import os
import random
import sys
import tempfile

import appliance
from appliance import Failed, Machine
from test_install import answers_volume, check_installed
from writelog import SECTOR, FileDisk, Log, walk

ISO = os.environ.get("ISO", "build/bedplate.iso")
FIRMWARE = sys.argv[1] if len(sys.argv) > 1 else "bios"
CUTS = int(sys.argv[2]) if len(sys.argv) > 2 else 6
MIB = 8192


def record(folder):
    """The log of a whole installation."""
    disk = appliance.blank(os.path.join(folder, "recorded"), MIB)
    log = os.path.join(folder, "log")
    open(log, "w").close()
    extra = ["-blockdev", "driver=blklogwrites,node-name=target,"
             "file.driver=file,file.filename=%s,log.driver=file,"
             "log.filename=%s,log-sector-size=%d" % (disk, log, SECTOR),
             "-device", "ide-hd,drive=target,bus=ide.0,write-cache=on"]
    with Machine(ISO, FIRMWARE, extra=extra + answers_volume(folder)) as m:
        m.wait("100 % installed to /dev/sda", 900)
        m.wait_off(120)
    os.unlink(disk)
    return Log(log)


def choose(log, rng):
    """Most cuts in what is small and matters: before the system's image is
    written, and after."""
    size = [len(e[1] or b"") for e in log.entries]
    large = [i for i, n in enumerate(size) if n >= 65536]
    first, last = large[0], large[-1]
    early, late = CUTS // 4, CUTS // 6
    return set(rng.sample(range(first), early) +
               rng.sample(range(first, last), late) +
               rng.sample(range(last, len(size)), CUTS - early - late))


def comes_up(folder, disk):
    """Whether it had to be installed again."""
    again = False
    for _ in range(2):
        extra = ["-drive", "id=target,if=none,format=raw,file=" + disk,
                 "-device", "ide-hd,drive=target,bus=ide.0,bootindex=0"]
        with Machine(ISO, FIRMWARE, medium_index=1,
                     extra=extra + answers_volume(folder)) as m:
            m.wait("100 % installed to|p password   n network", 900)
            if b"100 % installed to" not in m.log:
                check_installed(m)
                return again
            m.wait_off(120)
            again = True
    m.fail("installed, and not started")


def a_cut_installation_ends_in_a_host():
    seed = int(os.environ.get("SEED", "1"))
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="cuts-") as folder:
        log = record(folder)
        chosen = choose(log, rng)
        target = FileDisk(
            appliance.blank(os.path.join(folder, "target"), MIB))
        print("%d operations, %d flushes, seed %d" % (
            len(log.entries), log.flushes(), seed), flush=True)
        for i, _ in walk(log, target, chosen):
            cut = os.path.join(folder, "cut")
            mode = target.cut_to(cut, rng)
            what = "after operation %d, %s unflushed kept" % (i, mode)
            try:
                again = comes_up(folder, cut)
            except Failed as e:
                raise Failed("%s: %s" % (what, e)) from None
            print("%s: %s" % (what, "installed again" if again else
                              "started"), flush=True)


if __name__ == "__main__":
    sys.exit(appliance.main([a_cut_installation_ends_in_a_host]))
