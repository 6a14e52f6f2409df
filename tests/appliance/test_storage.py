"""The SR drivers on a real disk of dom0, LVM above all: tests/unit/
test_storage.c, built for the appliance and carried in on a volume.

	test_storage.py PROGRAM
"""

import os
import sys
import tempfile

import appliance
import guest

ISO = os.path.join(guest.ROOT, "build", "bedplate.iso")

# short lines only: the serial console loses input that comes too fast
SCRIPT = """\
cp /mnt/ts /run/ts
export STORAGE_TEST_DISK=$1 CK_VERBOSITY=verbose
export CK_DEFAULT_TIMEOUT=900
/run/ts >/run/ts.log 2>&1
rc=$?
[ $rc = 0 ] || grep -v Passed /run/ts.log
[ $rc = 0 ] || dmesg | tail -n 20 | tr -d '[]'
exit $rc
"""


def sr_drivers_on_a_disk():
    with open(sys.argv[1], "rb") as f:
        program = f.read()
    with tempfile.TemporaryDirectory() as d:
        blank = appliance.blank(os.path.join(d, "blank.img"), 1024)
        volume = appliance.fat_volume(
            os.path.join(d, "tests.img"), "TESTS",
            {"ts": program, "run": SCRIPT.encode()}, 16)
        with appliance.Machine(ISO, disks=[blank, volume]) as m:
            m.boot()
            m.expect("mount -t vfat %s /mnt" % m.disk(1))
            rc, text = m.shell("sh /mnt/run %s" % m.disk(0), 1200)
            if rc != 0:
                raise appliance.Failed("the tests failed\n" + text)


if __name__ == "__main__":
    sys.exit(appliance.main([sr_drivers_on_a_disk]))
