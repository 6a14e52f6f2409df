#!/usr/bin/env python3
"""Sick systems in the second slot of an installed host end by themselves.

usage: test_update.py ISO [NAME...]
"""

import os
import sys
import tempfile

import appliance
import slots
from appliance import Machine
from test_install import (PASSWORD, SLOT, apply_update, installs,
                          update_volume)

# How it is sick, and what the good slot says of it.
UNKNOWN = "it ended before it could tell why"
KINDS = {"api": "the API does not answer", "hang": UNKNOWN, "panic": UNKNOWN}


def all_end_by_themselves(firmware):
    with tempfile.TemporaryDirectory() as d:
        disk = installs(firmware, d)
        for kind, why in KINDS.items():
            sick = slots.update(slots.sick(
                SLOT, os.path.join(d, kind), kind))
            with Machine(None, firmware,
                         disks=[disk, update_volume(d, sick)]) as m:
                m.boot()
                m.password = PASSWORD
                apply_update(m, 120)
                slots.restart(m)
            slots.goes_back(firmware, disk, why, PASSWORD, 400)


def sick_updates_end_by_themselves_under_bios():
    all_end_by_themselves("bios")


def sick_updates_end_by_themselves_under_uefi():
    all_end_by_themselves("uefi")


if __name__ == "__main__":
    tests = [sick_updates_end_by_themselves_under_bios,
             sick_updates_end_by_themselves_under_uefi]
    sys.exit(appliance.main(tests, sys.argv[2:]))
