#!/usr/bin/env python3
"""The text interface of the installer: its pages as a VT220 at the serial line
shows them, compared with tests/appliance/screens/.

usage: test_setup.py ISO [NAME...]
"""

import os
import pathlib
import re
import sys
import tempfile
import time

import appliance
from api import Api
from appliance import PATIENCE, Machine
from terminal import Terminal

ISO = sys.argv[1] if len(sys.argv) > 1 else "build/bedplate.iso"
SCREENS = pathlib.Path(__file__).parent / "screens"
PASSWORD = "swordfish"
DOWN, CTRL_C = "\x1b[B", "\x03"


class Pages:
    """What the terminal at a machine's serial line shows."""

    def __init__(self, machine):
        self.m = machine
        self.terminal = Terminal()
        self.fed = 0

    def text(self):
        with self.m.news:
            data = bytes(self.m.log[self.fed:])
            # the end of a sequence may be on its way
            cut = re.search(rb"\x1b[^A-Za-z@]{0,20}$", data)
            data = data[:cut.start()] if cut else data
            self.fed += len(data)
        self.terminal.feed(re.sub(rb"\(XEN\) [^\n]*\n", b"", data))
        return self.terminal.text()

    def until(self, text, limit_s=60):
        """Until the terminal shows the text; all of what it shows then."""
        deadline = time.monotonic() + limit_s * PATIENCE
        while text not in self.text():
            if time.monotonic() > deadline:
                self.m.fail("no '%s' within %d s on\n%s" % (
                    text, limit_s, self.text()))
            time.sleep(0.1)
        return self.text()

    def expect(self, name, last, limit_s=60):
        """Until the text that comes last is there: then the screen is that of
        the file.  A '~' in it stands for one character or more."""
        self.until(last, limit_s)
        want = (SCREENS / (name + ".txt")).read_text().rstrip("\n")
        regex = re.compile(re.escape(want).replace(re.escape("~"), ".+"))
        deadline = time.monotonic() + 10 * PATIENCE
        while not regex.fullmatch(self.text()):
            if time.monotonic() > deadline:
                self.m.fail("page '%s' is\n%s" % (name, self.text()))
            time.sleep(0.1)

    def type_secret(self, label, secret):
        """Into the field that has the keys, each after the one before."""
        for i, c in enumerate(secret):
            self.m.type(c)
            self.until("%-18s%s" % (label, "*" * (i + 1)))


def choose_to_install(m):
    """In the menu of the medium; what the terminal then shows."""
    m.wait("Restart", 120)
    m.type("i")
    return Pages(m)


def fill_in_password(pages):
    """On the page of the host, where it is the fourth field."""
    pages.until("Once more")
    pages.m.type("\t\t\t")
    pages.type_secret("Password", PASSWORD)
    pages.m.type("\t")
    pages.type_secret("Once more", PASSWORD)


def check_installed(disk, hostname):
    with Machine(None, disks=[disk]) as m:
        m.boot()
        api = Api(m.port["https"])
        api.until_up()
        api.login("root", PASSWORD)
        name = api("host.get_hostname", api("host.get_all")[0])
        if name != hostname:
            m.fail("the host is called '%s'" % name)


def defaults_and_a_password_install_to_a_blank_disk():
    with tempfile.TemporaryDirectory() as d:
        disk = appliance.blank(os.path.join(d, "disk"), 8192)
        with Machine(ISO, disks=[disk]) as m:
            pages = choose_to_install(m)
            pages.expect("keyboard", "French (Canada)", 240)
            m.type("\r")
            pages.expect("disk", "On it now")
            m.type("\r")
            pages.expect("network", "Address is")
            m.type("\r")
            fill_in_password(pages)
            pages.expect("host", "Host name")
            m.type("\r")
            pages.expect("confirm", "Go back")
            m.type("\r")
            pages.until("minutes left", 240)
            pages.until("Restart now", 600)
            pages.until("as root with the password you chose")
            m.type("\r")
            m.wait_off(120)
        check_installed(disk, "bedplate")


def nothing_is_written_before_the_last_page_says_so():
    with tempfile.TemporaryDirectory() as d:
        blank = appliance.blank(os.path.join(d, "blank"), 8192)
        old = appliance.ext4_volume(os.path.join(d, "old"), "precious", 8192)
        before = [os.stat(f).st_blocks for f in (blank, old)]
        with Machine(ISO, disks=[blank, old]) as m:
            m.boot()
            m.type("i")
            pages = Pages(m)
            pages.until("English (US)", 60)
            m.type("\r")
            shown = pages.until("On it now", 60)
            if "precious" not in shown:
                m.type(DOWN)
            pages.until("On it now: ext4 'precious'")
            m.type("\r")
            pages.until("Address is")
            m.type("\r")
            fill_in_password(pages)
            m.type("\r")
            pages.until("This will be ERASED")
            pages.until("ext4 'precious'")
            pages.until("> Go back")
            # Enter alone goes back
            m.type("\r")
            pages.until("Once more         *********")
            m.type(CTRL_C)
            pages.until("o power off")
        if [os.stat(f).st_blocks for f in (blank, old)] != before:
            raise appliance.Failed("something was written to a disk")


if __name__ == "__main__":
    tests = [defaults_and_a_password_install_to_a_blank_disk,
             nothing_is_written_before_the_last_page_says_so]
    sys.exit(appliance.main(tests, sys.argv[2:]))
