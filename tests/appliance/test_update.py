#!/usr/bin/env python3
"""Updates in the second slot of an installed host: sick ones end by themselves,
a good one stays.

usage: test_update.py [NAME...], with the ISO in $ISO
"""

import functools
import os
import subprocess
import sys
import tempfile

import appliance
import slots
from appliance import Machine
from test_install import (PASSWORD, SLOT, UPDATE, apply_update, installs,
                          update_volume)

# How it is sick, and what the good slot says of it.
UNKNOWN = "it ended before it could tell why"
KINDS = {"api": "the API does not answer", "hang": UNKNOWN, "panic": UNKNOWN}
FIRMWARE = ("bios", "uefi")


class Host:
    """Installed once; each test has a disk of its own."""

    def __init__(self, firmware, folder):
        self.firmware = firmware
        self.folder = folder
        self.installed = None

    def disk(self, d):
        if not self.installed:
            self.installed = installs(self.firmware, self.folder)
        path = os.path.join(d, "disk")
        subprocess.run(["cp", "--sparse=always", self.installed, path],
                       check=True)
        return path


def takes(host, d, update, trial_s):
    """The disk of a host that tries an update at its next start."""
    disk = host.disk(d)
    with Machine(None, host.firmware,
                 disks=[disk, update_volume(d, update)]) as m:
        m.boot()
        m.password = PASSWORD
        apply_update(m, trial_s)
        slots.restart(m)
    return disk


def ends(host, kind):
    with tempfile.TemporaryDirectory() as d:
        sick = slots.update(slots.sick(SLOT, os.path.join(d, kind), kind))
        slots.goes_back(host.firmware, takes(host, d, sick, 120),
                        KINDS[kind], PASSWORD, 400)


def stays(host):
    with tempfile.TemporaryDirectory() as d:
        slots.becomes_good(host.firmware, takes(host, d, UPDATE, 900),
                           "b", PASSWORD)


def tests_of(host):
    """Named after what they show, so that they can be chosen."""
    for kind in KINDS:
        test = functools.partial(ends, host, kind)
        test.__name__ = "an_update_with_sick_%s_ends_by_itself_under_%s" % (
            kind, host.firmware)
        yield test
    test = functools.partial(stays, host)
    test.__name__ = "a_good_update_stays_under_" + host.firmware
    yield test


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as top:
        hosts = [Host(f, os.path.join(top, f)) for f in FIRMWARE]
        for h in hosts:
            os.mkdir(h.folder)
        sys.exit(appliance.main([t for h in hosts for t in tests_of(h)],
                                sys.argv[1:]))
