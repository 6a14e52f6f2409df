"""Guests that start by UEFI, on one booted appliance: a PVH guest, whose loader
the firmware is, and an HVM guest, which its BIOS would start otherwise.

Needs a QEMU that lets a guest's guest write CR8: make lab-qemu.
"""

import os
import sys
import tempfile

import appliance
import guest
from api import Refused
from test_guest import (ISO, check, check_network, make_vm, ready,
                        start_and_talk)

CONSOLES = {"pvh": "hvc0", "hvm": "ttyS0"}


def check_kind(m, api, sr, kind, folder):
    path = guest.uefi_disk(os.path.join(folder, kind), CONSOLES[kind])
    vm, _ = make_vm(api, sr, kind, path)
    api("VM.set_HVM_boot_params", vm, {"firmware": "uefi", "order": "cd"})
    console = start_and_talk(api, vm, 3600)
    firmware = console.run("ls /sys/firmware")
    check("efi" in firmware.split("/sys/firmware")[-1],
          "started otherwise: " + firmware)
    check_network(m, console)
    api.run("VM.clean_shutdown", vm, limit_s=900)
    check(api("VM.get_power_state", vm) == "Halted", "not Halted")
    api.run("VM.destroy", vm)


def guests_by_uefi():
    with tempfile.TemporaryDirectory() as d:
        blank = appliance.blank(os.path.join(d, "blank.img"), 2048)
        with appliance.Machine(ISO, disks=[blank]) as m:
            try:
                api, sr = ready(m)
                for kind in CONSOLES:
                    check_kind(m, api, sr, kind, d)
            except (Refused, ConnectionError, TimeoutError, OSError) as e:
                m.fail("%s: %s" % (type(e).__name__, e))


if __name__ == "__main__":
    if "APPLIANCE_QEMU" not in os.environ:
        raise SystemExit("APPLIANCE_QEMU names no QEMU: make lab-qemu")
    sys.exit(appliance.main([guests_by_uefi]))
