#!/usr/bin/env python3
"""The ISO boots as a bare server would: from CD under BIOS, from a USB stick
under UEFI, with and without volumes that set it up.

usage: test_boot.py ISO [NAME...]
"""

import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import appliance
from appliance import Failed, Machine

ISO = sys.argv[1] if len(sys.argv) > 1 else "build/bedplate.iso"
PASSWORD = "swordfish"
SERVICES = ("xenstored", "xenconsoled", "mdev", "network", "ntpd", "xenopsd",
            "xapi")


def check(m, ok, text):
    if not ok:
        m.fail(text)


def wait_api(m, limit_s=120):
    """Until port 443 completes a TLS handshake; seconds from power-on."""
    context = ssl._create_unverified_context()
    deadline = time.monotonic() + limit_s * appliance.PATIENCE
    while True:
        try:
            with socket.create_connection(
                    ("127.0.0.1", m.port["https"]), 10) as s:
                with context.wrap_socket(s):
                    return time.monotonic() - m.started
        except OSError as e:
            if time.monotonic() > deadline:
                m.fail("no API: %s\n%s" % (e, m.daemon_logs()))
            time.sleep(0.2)


def check_services(m):
    """All are up, and none has been started twice."""
    m.until("[ -e /run/bedplate/xen-ready ]", 120)
    m.until("ip -4 addr show dev xenbr0 | grep -q 'inet 10.0.2.15/'", 60)
    status = m.expect("sv status %s" % " ".join(
        "/etc/service/" + s for s in SERVICES))
    for line in status.splitlines():
        check(m, line.startswith("run:"), "service is not up: " + line)
    pid = m.expect("pidof xenstored")
    check(m, m.expect("cat /proc/%s/oom_score_adj" % pid) == "-1000",
          "xenstored may be killed for its memory")


def check_host(m):
    # the hypervisor takes our tools' calls: sysctl and domctl versions agree
    m.expect("xl info | grep -q '^xen_version.*4\\.20'")
    check(m, "Domain-0" in m.expect("xl list"), "no Domain-0")
    check(m, m.expect("cat /proc/sys/net/ipv4/ip_unprivileged_port_start")
          == "80", "ports from 80 on are not free")
    m.expect("! touch /etc/x 2>/dev/null && ! touch /usr/x 2>/dev/null")
    m.expect("[ -c /dev/xen/evtchn ] && [ -c /dev/xen/privcmd ] && "
             "[ -e /proc/xen/capabilities ]")
    # soft dependencies are followed: else this fails for want of crc32c
    m.expect("modprobe dm-thin-pool && dmsetup targets | grep -q thin-pool")
    check(m, m.expect("stat -c '%a %U' /state/xapi /state/xenopsd")
          .split() == ["700", "xapi", "700", "root"], "modes in /state")
    check(m, m.expect("stat -f -c %T /state") == "tmpfs",
          "state is not in memory")


def check_memory(m):
    total, used = m.expect("free -m | awk '/^Mem/ { print $2, $3 }'").split()
    check(m, int(total) > 180, "dom0 sees only %s MiB" % total)
    check(m, int(used) < 100, "%s MiB used after boot" % used)


def check_xenstored_death(m):
    """It is not started again, and the host knows."""
    m.expect("kill -9 $(pidof xenstored)")
    m.until("[ -e /run/bedplate/disabled ]", 30)
    check(m, m.shell("pidof xenstored")[0] != 0, "xenstored runs again")


def bios_cd():
    with Machine(ISO) as m:
        screen_s = m.boot()
        api_s = wait_api(m)
        print("power-on to console screen %.1f s, to the API %.1f s"
              % (screen_s, api_s), flush=True)
        check_services(m)
        check_host(m)
        check_memory(m)
        check_xenstored_death(m)
        m.type("poweroff\n")
        m.wait_off()


def answers():
    digest = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], check=True, text=True,
        capture_output=True).stdout.strip()
    return """<installation>
  <root-password type="hash">%s</root-password>
  <hostname>answered</hostname>
</installation>
""" % digest


def uefi_usb_with_volumes():
    """Under UEFI from a stick, state kept on a disk, set up by answers.xml;
    switched off by the operator and on again."""
    with tempfile.TemporaryDirectory() as d:
        state = appliance.ext4_volume(os.path.join(d, "state.img"),
                                      "BEDPLATE-STATE")
        fat = appliance.fat_volume(os.path.join(d, "answers.img"), "BEDPLATE",
                                   {"answers.xml": answers().encode()})
        with Machine(ISO, firmware="uefi", medium="usb",
                     disks=[state, fat]) as m:
            m.boot()
            m.password = PASSWORD
            m.expect("grep -q ' /run/medium iso9660' /proc/mounts")
            m.expect("grep -q '^/dev/sd[a-z] /run/medium' /proc/mounts")
            m.expect("grep -q ' /state ext4' /proc/mounts")
            m.expect("[ -c /dev/fb0 ] && [ -d /sys/firmware/efi ]")
            check(m, m.expect("hostname") == "answered", "wrong hostname")
            check(m, m.expect("stat -c '%a %U %G' /state/secret")
                  == "640 root xapi", "mode of the secret")
            wait_api(m)
            fingerprint = m.expect("sha256sum /state/xapi/*.pem")
            m.type("poweroff\n")
            m.wait_off()
        with Machine(ISO, disks=[state]) as m:
            m.boot()
            m.password = PASSWORD
            check(m, m.expect("hostname") == "answered", "hostname forgotten")
            check(m, m.expect("sha256sum /state/xapi/*.pem") == fingerprint,
                  "another certificate after a restart")


def wrong_medium_is_refused():
    """An initramfs takes only the system it was built with."""
    with tempfile.TemporaryDirectory() as d:
        copy = os.path.join(d, "other.iso")
        with open(ISO, "rb") as f:
            data = bytearray(f.read())
        build = open(os.path.join(os.path.dirname(ISO), "dom0",
                                  "build"), "rb").read()
        # the first is the one on the medium; in the initramfs it is packed
        at = data.find(build)
        if at < 0:
            raise Failed("no build name in the ISO")
        data[at:at + 4] = b"beef"
        with open(copy, "wb") as f:
            f.write(data)
        with Machine(copy) as m:
            m.wait("another build", 240)


TESTS = (bios_cd, uefi_usb_with_volumes, wrong_medium_is_refused)

if __name__ == "__main__":
    names = sys.argv[2:]
    sys.exit(appliance.main([t for t in TESTS
                             if not names or t.__name__ in names]))
