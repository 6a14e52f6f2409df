#!/usr/bin/env python3
"""make run: the ISO in QEMU as a bare server with a blank disk, its serial
console on this terminal.

usage: run.py ISO DISK [uefi]

Settings from the environment: HTTPS_PORT (8443), HTTP_PORT (8080) on
127.0.0.1, MEMORY_MIB (2048).  DISK is made, 8 GiB and sparse, when it is not
there; remove it for a new server.
"""

import os
import subprocess
import sys

import appliance

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


def main():
    iso, disk = sys.argv[1:3]
    firmware = sys.argv[3] if len(sys.argv) > 3 else "bios"
    ports = {"https": (443, int(os.environ.get("HTTPS_PORT", "8443"))),
             "http": (80, int(os.environ.get("HTTP_PORT", "8080")))}
    if not os.path.exists(disk):
        appliance.blank(disk, 8192)
    m = appliance.Machine(
        iso, firmware=firmware, disks=[disk], ports=ports,
        memory_mib=int(os.environ.get("MEMORY_MIB", "2048")), terminal=True)
    print(TEXT % {"https": m.port["https"], "disk": disk}, flush=True)
    try:
        return subprocess.call(m.argv, cwd=m.dir)
    finally:
        m.stop()


if __name__ == "__main__":
    sys.exit(main())
