"""An installed host is installed anew by an answer file with a serial, once;
what is on the SR's partition stays.

	test_reinstall.py [bios|uefi]
"""

import os
import sys
import tempfile

import appliance
from appliance import Machine
from test_install import answers_volume, check_installed, installs

ISO = os.environ.get("ISO", "build/bedplate.iso")
FIRMWARE = sys.argv[1] if len(sys.argv) > 1 else "bios"
SOME_OF_SR = (2862 + 1024) << 20        # see installer/disk/layout.h
KEPT = b"somebody's disk" * 100


def on_sr(disk, data=None):
    """Writes to the last partition, or reads what is there."""
    with open(disk, "r+b") as f:
        f.seek(SOME_OF_SR)
        if data:
            f.write(data)
        return f.read(len(KEPT))


# Each says that it was there; what the second says is found on the host.
SCRIPTS = {
    "start": ("installation-start", b"echo script: start >/dev/console\n"),
    "fill.sh": ("filesystem-populated", b'echo "with $#" >"$1/said"\n'),
    "end": ("installation-complete",
            b'echo "script: end $1" >/dev/console\n'),
}


def with_medium(d, disk):
    return Machine(ISO, FIRMWARE, disks=[disk], extra=answers_volume(
        d, ' mode="reinstall" serial="1"',
        more="".join('<script stage="%s" type="local">%s</script>\n'
                     % (stage, name) for name, (stage, _) in SCRIPTS.items()),
        files={name: text for name, (_, text) in SCRIPTS.items()}))


def choose_medium(m):
    """Its own entry, below that of the disk."""
    m.wait("as installed on a disk", 180)
    m.type("\x0e\n")


def a_host_is_reinstalled_once_and_keeps_its_sr():
    with tempfile.TemporaryDirectory() as d:
        disk = installs(FIRMWARE, d)
        on_sr(disk, KEPT)
        with with_medium(d, disk) as m:
            choose_medium(m)
            m.wait("script: start", 240)
            m.wait("100 % installed to /dev/sda", 900)
            if b"script: end 0" not in m.log:
                m.wait("script: end 0", 60)
            m.wait_off(120)
            if on_sr(disk) != KEPT:
                m.fail("the SR's partition was written to")
        with Machine(None, FIRMWARE, disks=[disk]) as m:
            m.boot()
            check_installed(m)
            m.expect("grep -qx 'with 1' /state/said")
        with with_medium(d, disk) as m:
            choose_medium(m)
            m.wait("reinstalled already", 240)


if __name__ == "__main__":
    sys.exit(appliance.main([a_host_is_reinstalled_once_and_keeps_its_sr]))
