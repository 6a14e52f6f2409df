"""Somebody at an installed host gets in without root's password, and makes it
as new, by its boot menu; the SR and its disks stay.

	test_reset.py [bios|uefi]
"""

import os
import sys
import tempfile

import appliance
from api import Api
from appliance import Machine
from test_install import PASSWORD, check_installed, check_kept, installs

FIRMWARE = sys.argv[1] if len(sys.argv) > 1 else "bios"
DOWN = "\x0e"
NEW = "correct horse"


def choose(m, n):
    """The entry n of the menu's last one."""
    m.wait("Reset this host", 180)
    m.type(DOWN + DOWN + "\n")
    m.wait("Nothing: start it as it is", 60)
    m.type(DOWN * n + "\n")
    m.boot()
    if b"No password is set" not in m.log:
        m.fail("there is a password")


def check_name(m, name, password):
    api = Api(m.port["https"])
    api.until_up()
    api.login("root", password)
    found = api("host.get_hostname", api("host.get_all")[0])
    if found != name:
        m.fail("the host is called '%s'" % found)
    return api


def restore(m, api, backup):
    """What the host was before it was made as new, from its next start on."""
    status = api.put_file(backup, "/host_restore")
    if status == 200:
        m.fail("a backup of another host was taken")
    status = api.put_file(backup, "/host_restore?take_identity=true")
    if status != 200:
        m.fail("the backup was answered with %d" % status)
    m.expect("sync")


def a_host_is_reset_at_its_boot_menu():
    with tempfile.TemporaryDirectory() as d:
        disk = installs(FIRMWARE, d)
        with Machine(None, FIRMWARE, disks=[disk]) as m:
            choose(m, 1)
            m.set_password(NEW)
            check_kept(check_name(m, "installed", NEW))
            m.until("sync")
        with Machine(None, FIRMWARE, disks=[disk]) as m:
            m.boot()
            api = check_name(m, "installed", NEW)
            uuid = api("host.get_uuid", api("host.get_all")[0])
            backup = os.path.join(d, "backup")
            if api.get_file("/host_backup", backup) != 200:
                m.fail("no backup is given")
        with Machine(None, FIRMWARE, disks=[disk]) as m:
            choose(m, 2)
            m.set_password(PASSWORD)
            api = check_name(m, "bedplate", PASSWORD)
            check_kept(api)
            restore(m, api, backup)
        with Machine(None, FIRMWARE, disks=[disk]) as m:
            m.boot()
            api = check_name(m, "installed", NEW)
            check_kept(api)
            if api("host.get_uuid", api("host.get_all")[0]) != uuid:
                m.fail("the host is another one")


if __name__ == "__main__":
    sys.exit(appliance.main([a_host_is_reset_at_its_boot_menu]))
