#!/usr/bin/env python3
"""A blank disk becomes an installed host, which starts from it and takes
updates to its second slot: good ones, and others that it gives up.

usage: test_install.py ISO [NAME...]
"""

import os
import sys
import tempfile
import time

import appliance
import slots
from api import Api, Refused
from appliance import Machine

ISO = (sys.argv[1] if __name__ == "__main__" and len(sys.argv) > 1 else
       os.environ.get("ISO", "build/bedplate.iso"))
SLOT = os.path.join(os.path.dirname(ISO), "slot.img")
UPDATE = os.path.join(os.path.dirname(ISO), "bedplate.update")
PASSWORD = "swordfish"
ANSWERS = """<installation%s>
  <primary-disk%s>sda</primary-disk>
  <root-password type="plaintext">%s</root-password>
  <hostname>installed</hostname>
  <timezone>Europe/Berlin</timezone>
  <keymap>de</keymap>
  <admin-interface name="eth0" proto="dhcp"/>
%s</installation>
"""


def check_installed(m):
    """The API answers with what the answer file said."""
    api = Api(m.port["https"])
    api.until_up()
    api.login("root", PASSWORD)
    m.password = PASSWORD
    host = api("host.get_all")[0]
    name = api("host.get_hostname", host)
    if name != "installed":
        m.fail("the host is called '%s'" % name)
    m.expect("grep -q ' /run/slot iso9660 ro' /proc/mounts")
    m.expect("grep -q ' /state ext4 ' /proc/mounts")
    m.expect("grep -q 'bedplate.slot=a' /proc/cmdline")
    m.expect("date | grep -q CE")
    m.expect("grep -qx de /state/keymap && /usr/libexec/bedplate/keymap")
    return api


def check_its_disk_is_kept(m):
    """Nobody installs over the system that runs."""
    rc, text = m.shell("bedplate-install -n -w sda")
    if rc != 1 or "in use" not in text:
        m.fail("its own disk: %d, %s" % (rc, text))


def check_local_sr(api):
    """The rest of the disk is the first SR, and takes a disk."""
    refs = api("SR.get_all")
    deadline = time.monotonic() + 300
    while not refs and time.monotonic() < deadline:
        time.sleep(0.5)
        refs = api("SR.get_all")
    records = [api("SR.get_record", r) for r in refs]
    found = [(r["name_label"], r["type"]) for r in records]
    if found != [("Local storage", "lvm")]:
        raise appliance.Failed("the SRs are %r" % found)
    if api("pool.get_default_SR", api("pool.get_all")[0]) != refs[0]:
        raise appliance.Failed("the local SR is not the default one")
    api("VDI.create", {
        "name_label": "kept", "name_description": "", "SR": refs[0],
        "virtual_size": str(1 << 30), "type": "user", "sharable": False,
        "read_only": False, "other_config": {}})


def check_kept(api):
    """After another boot the SR is attached, with its disk."""
    deadline = time.monotonic() + 300
    while True:
        try:
            sr = api("SR.get_all")[0]
            api("SR.scan", sr)
            break
        except (Refused, IndexError) as e:
            if time.monotonic() > deadline:
                raise appliance.Failed("no scan: %s" % e) from e
            time.sleep(0.5)
    found = [(r["name_label"], r["missing"]) for r in [
        api("VDI.get_record", v) for v in api("SR.get_VDIs", sr)]]
    if len(api("SR.get_all")) != 1 or found != [("kept", False)]:
        raise appliance.Failed("the local SR holds %r" % found)


def check_firmware_starts_it(m):
    """By the entry that the installer made."""
    m.wait('starting Boot[0-9A-F]{4} "Bedplate"', 120)


def check_menu_is_locked(m):
    """GRUB asks who wants its command line, and takes nobody."""
    m.wait("Restart", 120)
    m.type("c")
    m.wait("Enter username", 60)
    m.type("root\n")
    m.wait("Enter password", 60)
    m.type("%s\n" % PASSWORD)
    m.wait("Restart", 60)
    m.type("\n")


def check_power_button(m):
    """It ends the host."""
    m.until("pidof acpid")
    m.monitor("system_powerdown")
    m.wait_off(120)


def answers_volume(d, installation="", disk="", more="", files=()):
    """QEMU's arguments for a stick with answers; files: {name: bytes} beside
    them."""
    text = ANSWERS % (installation, disk, PASSWORD, more)
    return appliance.usb_disk(appliance.fat_volume(
        os.path.join(d, "answers"), "BEDPLATE",
        {"answers.xml": text.encode(), **dict(files)}), "answers")


def installs(firmware, d):
    """The disk that was installed to."""
    disk = appliance.blank(os.path.join(d, "disk"), 8192)
    variables = os.path.join(d, "variables")
    with Machine(ISO, firmware, disks=[disk], extra=answers_volume(d),
                 variables=variables) as m:
        m.wait("100 % installed to /dev/sda", 600)
        m.wait_off(120)
    with Machine(None, firmware, disks=[disk], variables=variables) as m:
        if firmware == "uefi":
            check_firmware_starts_it(m)
        check_menu_is_locked(m)
        m.boot()
        check_local_sr(check_installed(m))
        check_its_disk_is_kept(m)
        check_power_button(m)
    return disk


def update_volume(d, update):
    """A volume that carries an update image."""
    with open(update, "rb") as f:
        return appliance.fat_volume(os.path.join(d, "updates"), "UPDATE",
                                    {"update": f.read()}, mib=80)


def check_one_update_at_a_time(m):
    """One that waits for its bytes keeps a second one out."""
    m.expect("mkfifo /tmp/f; bedplate-update - </tmp/f >/tmp/first 2>&1 & "
             "exec 3>/tmp/f")
    m.until("[ -e /run/bedplate/update.lock ]")
    rc, text = m.shell("bedplate-update /tmp/u/update")
    if rc != 1 or "another update is being written" not in text:
        m.fail("a second update ended with %d: %s" % (rc, text))
    m.expect("exec 3>&-; wait; grep -q refused /tmp/first")


def apply_update(m, limit_s):
    """From disks[1] to slot B, after one that is cut short was refused."""
    m.expect("mkdir -p /tmp/u && mount -t vfat -o ro %s /tmp/u" % m.disk(1))
    check_one_update_at_a_time(m)
    rc, text = m.shell("head -c 900000 /tmp/u/update | bedplate-update -", 120)
    if rc != 1 or "refused" not in text:
        m.fail("a cut update ended with %d: %s" % (rc, text))
    text = m.expect("bedplate-update -t %d /tmp/u/update" % limit_s, 600)
    if "the next start tries slot b" not in text:
        m.fail("the update said: " + text)


def upload_update(m, api, d):
    """By the API, after one that is cut short was refused."""
    cut = os.path.join(d, "cut")
    with open(UPDATE, "rb") as whole, open(cut, "wb") as f:
        f.write(whole.read(900000))
    status = api.put_file(cut, "/update")
    if status != 400:
        m.fail("a cut update was answered with %d" % status)
    task = api("task.create", "update", "")
    status = api.put_file(UPDATE, "/update?task_id=" + task)
    api.wait_task(task)
    if status != 200:
        m.fail("an update was answered with %d" % status)
    m.expect("bedplate-slot show | grep -q 'trial b at the next start'")


def a_host_installed_by_an_answer_file_takes_an_update_under_bios():
    with tempfile.TemporaryDirectory() as d:
        disk = installs("bios", d)
        # a medium in the drive: the disk is started all the same
        with Machine(ISO, "bios", disks=[disk]) as m:
            m.boot()
            # nothing that it was told is needed a second time
            api = check_installed(m)
            check_kept(api)
            upload_update(m, api, d)
            slots.restart(m)
        slots.becomes_good("bios", disk, "b", PASSWORD)


def a_host_installed_by_an_answer_file_undoes_an_update_under_uefi():
    with tempfile.TemporaryDirectory() as d:
        disk = installs("uefi", d)
        sick = slots.update(slots.sick(SLOT, os.path.join(d, "sick"), "api"))
        with Machine(None, "uefi", disks=[disk, update_volume(d, sick)]) as m:
            m.boot()
            m.password = PASSWORD
            apply_update(m, 120)
            slots.restart(m)
        slots.goes_back("uefi", disk, "the API does not answer", PASSWORD)


if __name__ == "__main__":
    tests = [a_host_installed_by_an_answer_file_takes_an_update_under_bios,
             a_host_installed_by_an_answer_file_undoes_an_update_under_uefi]
    sys.exit(appliance.main(tests, sys.argv[2:]))
