#!/usr/bin/env python3
"""make run: the ISO in QEMU as a bare server with a blank disk, its serial
console on this terminal.  make run-installed: the host is installed to that
disk first, unless it is there already, and started from it.

usage: run.py ISO DISK [bios|uefi] [installed]

Settings from the environment: HTTPS_PORT (8443), HTTP_PORT (8080) on
127.0.0.1, MEMORY_MIB (2048); PASSWORD, root's, of a host that is installed.
DISK is made, 8 GiB and sparse, when it is not there; remove it for a new
server.
"""

import os
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

import appliance

MARK_AT = (2 << 20) - 4096      # see installer/disk/mark.h

TEXT = """
Bedplate in QEMU: emulated, so a boot takes half a minute or so.

  console   this terminal; press p there to set root's password,
            s for a shell in the control domain
  API       https://127.0.0.1:%(https)d/ once a password is set, user root:
              python3 -c 'import ssl, xmlrpc.client as x
              s = x.ServerProxy("https://127.0.0.1:%(https)d",
                  context=ssl._create_unverified_context())
              print(s.session.login_with_password("root", "PASSWORD"))'
  disk      %(disk)s is the server's /dev/sda
  the end   Ctrl-A x switches the server off
"""


def run(iso, firmware, disk, extra=()):
    ports = {"https": (443, int(os.environ.get("HTTPS_PORT", "8443"))),
             "http": (80, int(os.environ.get("HTTP_PORT", "8080")))}
    m = appliance.Machine(
        iso, firmware=firmware, disks=[disk], ports=ports, extra=extra,
        memory_mib=int(os.environ.get("MEMORY_MIB", "2048")), terminal=True)
    print(TEXT % {"https": m.port["https"], "disk": disk}, flush=True)
    try:
        return subprocess.call(m.argv, cwd=m.dir)
    finally:
        m.stop()


def is_installed(disk):
    with open(disk, "rb") as f:
        f.seek(MARK_AT)
        return f.read(18) == b"bedplate installed"


def install(iso, firmware, disk):
    """Unattended; the machine restarts, which ends QEMU, once it is done."""
    password = os.environ.get("PASSWORD")
    with tempfile.TemporaryDirectory() as d:
        answers = appliance.fat_volume(
            os.path.join(d, "answers"), "BEDPLATE",
            {"answers.xml": ("<installation><primary-disk>sda</primary-disk>"
                             "%s</installation>" % (
                                 "<root-password type=\"plaintext\">%s"
                                 "</root-password>" % escape(password)
                                 if password else "")).encode()})
        run(iso, firmware, disk, appliance.usb_disk(answers, "answers"))
    if not is_installed(disk):
        print("%s: nothing was installed to it" % disk, file=sys.stderr)
    return is_installed(disk)


def main():
    iso, disk = sys.argv[1:3]
    firmware = "uefi" if "uefi" in sys.argv[3:] else "bios"
    if not os.path.exists(disk):
        appliance.blank(disk, 8192)
    if "installed" not in sys.argv[3:]:
        return run(iso, firmware, disk)
    if not is_installed(disk) and not install(iso, firmware, disk):
        return 1
    return run(None, firmware, disk)


if __name__ == "__main__":
    sys.exit(main())
