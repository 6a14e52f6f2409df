#!/usr/bin/env python3
"""A machine without a medium starts from the network, by what `make pxe` laid
down, and finds its answers by its NIC's address.

usage: test_pxe.py PXE [NAME...]
"""

import http.server
import os
import shutil
import sys
import tempfile
import threading

import appliance
from api import Api
from appliance import Machine
from test_install import ANSWERS, PASSWORD, check_installed

PXE = sys.argv[1] if len(sys.argv) > 1 else "build/pxe"
LIVE = """<installation>
  <root-password type="plaintext">%s</root-password>
  <hostname>from-the-network</hostname>
  <admin-interface name="eth0" proto="dhcp"/>
</installation>
""" % PASSWORD


class Answers(http.server.BaseHTTPRequestHandler):
    """One answer file, for the machine with that address."""

    text = ""

    def do_GET(self):
        if self.path.lower() != "/52:54:00:be:d0:01.xml":
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.text.encode())

    def log_message(self, *args):
        pass


class Server:
    """A folder for TFTP, and answers by HTTP."""

    def __init__(self, folder, text):
        Answers.text = text
        self.folder = shutil.copytree(PXE, os.path.join(folder, "tftp"),
                                      copy_function=os.link)
        self.http = http.server.HTTPServer(("127.0.0.1", 0), Answers)
        options = os.path.join(self.folder, "bedplate/options.cfg")
        os.unlink(options)
        with open(options, "w") as f:
            f.write('set options="answerfile=http://10.0.2.2:%d/'
                    '$net_default_mac.xml"\n' % self.http.server_port)

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.http.shutdown()

    def netboot(self, firmware):
        return "tftp=%s,bootfile=bedplate/%s" % (
            self.folder, "uefi.efi" if firmware == "uefi" else "bios.0")


def starts(firmware):
    with tempfile.TemporaryDirectory() as d, Server(d, LIVE) as server:
        with Machine(None, firmware, network=server.netboot(firmware)) as m:
            m.wait("Log in as root", 600)
            m.password = PASSWORD
            api = Api(m.port["https"])
            api.until_up()
            api.login("root", PASSWORD)
            api.wait_field("host", api("host.get_all")[0], "hostname",
                           "from-the-network", 60)
            m.expect("grep -q ' /run/medium tmpfs ro' /proc/mounts")


def installs(firmware):
    text = ANSWERS % ("", "", PASSWORD)
    with tempfile.TemporaryDirectory() as d, Server(d, text) as server:
        disk = appliance.blank(os.path.join(d, "disk"), 8192)
        with Machine(None, firmware, disks=[disk],
                     network=server.netboot(firmware)) as m:
            m.wait_off(900)
        with Machine(None, firmware, disks=[disk]) as m:
            m.boot()
            check_installed(m)


def a_machine_starts_from_the_network_under_bios():
    starts("bios")


def a_machine_is_installed_from_the_network_under_uefi():
    installs("uefi")


if __name__ == "__main__":
    sys.exit(appliance.main([
        a_machine_starts_from_the_network_under_bios,
        a_machine_is_installed_from_the_network_under_uefi], sys.argv[2:]))
