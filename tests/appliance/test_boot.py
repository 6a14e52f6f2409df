#!/usr/bin/env python3
"""The ISO boots as a bare server would: from CD under BIOS, from a USB stick
under UEFI, with and without volumes that set it up.

usage: test_boot.py ISO [NAME...]
"""

import http.server
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import appliance
from api import Api, Refused
from appliance import Failed, Machine

ISO = sys.argv[1] if len(sys.argv) > 1 else "build/bedplate.iso"
PASSWORD = "swordfish"
SERVICES = ("xenstored", "xenconsoled", "mdev", "network", "ntpd", "answers",
            "watchdog", "xenopsd", "xapi", "syslog", "ssh")
SDK = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                   "../clients/sdk.py")


def check(m, ok, text):
    if not ok:
        m.fail(text)


def wait_api(m):
    """The API, as soon as it answers, and how long after power-on that was."""
    api = Api(m.port["https"])
    try:
        api.until_up()
    except OSError as e:
        m.fail("no API: %s\n%s" % (e, m.daemon_logs()))
    return api, time.monotonic() - m.started


def pids(m):
    """Of all services, which must be up."""
    status = m.expect("sv status " + " ".join(SERVICES))
    found = re.findall(r"^run: (\w+): \(pid (\d+)\)", status, re.M)
    check(m, [name for name, _ in found] == list(SERVICES),
          "not all services are up: " + status)
    return found


def check_services(m):
    """What they have done when all are up; their processes."""
    m.until("[ -e /run/bedplate/xen-ready ]", 120)
    m.until("ip -4 addr show dev xenbr0 | grep -q 'inet 10.0.2.15/'", 60)
    pid = m.expect("pidof xenstored")
    check(m, m.expect("cat /proc/%s/oom_score_adj" % pid) == "-1000",
          "xenstored may be killed for its memory")
    return pids(m)


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


def check_watchdogs(m):
    """Both are there: Xen's over itself, and Xen's over dom0."""
    options = m.expect("xl info xen_commandline").split()
    check(m, "watchdog" in options, "Xen's watchdog: %s" % options)
    m.until("pidof watchdog", 30)
    m.expect("ls -l /proc/$(pidof watchdog)/fd | grep -q /dev/watchdog")


def check_xe(m):
    """Root in dom0 needs no password."""
    uuid = m.expect("xe host-list --minimal").strip()
    check(m, re.fullmatch(r"[0-9a-f-]{36}", uuid), "xe says '%s'" % uuid)
    name = m.expect("xe host-param-get param-name=hostname uuid=" + uuid)
    check(m, name.strip() == m.expect("hostname").strip(),
          "xe says the host is '%s'" % name)


def check_clock(m, api):
    """Who is set by the API is whom dom0's ntpd follows."""
    host = api("host.get_all")[0]
    api("host.set_ntp_custom_servers", host, ["192.0.2.1", "10.0.2.2"])
    api("host.set_ntp_mode", host, "Custom")
    m.until("tr '\\0' ' ' </proc/$(pidof ntpd)/cmdline | "
            "grep -q -e '-p 192.0.2.1 -p 10.0.2.2'", 30)
    check(m, api("host.get_ntp_synchronized", host) is False,
          "a clock follows nobody, yet is said to")
    api("host.set_ntp_mode", host, "Disabled")
    m.until("! pidof ntpd", 30)
    check(m, len(api("host.list_timezones", host)) > 300, "few time zones")
    api("host.set_timezone", host, "Europe/Berlin")
    m.expect("/usr/libexec/bedplate/timezone | grep -q ^CET-1CEST")


def check_keys(m):
    """No key restarts the machine without a password: not the PC's, not the
    kernel's on its console, not Xen's own on the serial line."""
    for keys in (("ctrl", "alt", "delete"), ("alt", "sysrq", "b")):
        m.monitor("send-key", keys=[{"type": "qcode", "data": k}
                                    for k in keys])
    m.type("\x0fb\n\x01\x01\x01R\n")
    m.wait("R: not found")
    m.expect("grep -qx 0 /proc/sys/kernel/sysrq")


def check_signals(m):
    """Ctrl-C reaches what the operator runs: nothing is ignored."""
    mask = int(m.expect("awk '/^SigIgn/ { print $2 }' /proc/self/status"), 16)
    check(m, not mask & 6, "SIGINT or SIGQUIT is ignored: %#x" % mask)


def check_recovery(m, api):
    """What README says to do with a database that is refused."""
    m.expect("sv stop xapi", 120)
    m.expect("sv status xapi | grep ^down")
    m.expect("xapi-db check", 120)
    m.expect("xapi-db copies")
    m.expect("sv start xapi")
    api.until_up()


def check_sdk(m):
    """XenAPI.py of Debian's, as it is."""
    done = subprocess.run(
        ["/usr/bin/python3", SDK, "https://127.0.0.1:%d" % m.port["https"],
         PASSWORD, "vms_are_listed", "a_lost_session_is_renewed"],
        capture_output=True, text=True, timeout=600)
    check(m, done.returncode == 0, done.stdout + done.stderr)


def ssh(m, known_hosts, command, password=PASSWORD):
    """ssh's exit status and what it said."""
    done = subprocess.run(
        ["sshpass", "-p", password, "ssh", "-p", str(m.port["ssh"]), "-o",
         "StrictHostKeyChecking=accept-new", "-o",
         "UserKnownHostsFile=" + known_hosts, "-o",
         "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1",
         "root@127.0.0.1", command],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    return done.returncode, done.stdout + done.stderr


def until_ssh_listens(m):
    """Its process is there earlier, and dropbearkey is the same program."""
    m.until("grep -q ':0016 0*:0000 0A' /proc/net/tcp /proc/net/tcp6", 60)


def check_ssh(m, api):
    """Off, until somebody turns it on: by the API, or at the console."""
    host = api("host.get_all")[0]
    with tempfile.TemporaryDirectory() as d:
        hosts = os.path.join(d, "known_hosts")
        check(m, ssh(m, hosts, "true")[0] == 255, "open from the start")
        m.expect("! [ -e /state/ssh ] && ! pidof dropbear")
        for _ in range(2):              # the second time with the same key
            api("host.enable_ssh", host)
            until_ssh_listens(m)
            rc, said = ssh(m, hosts, "hostname; id -u; xe host-list --minimal")
            check(m, rc == 0 and "\n0\n" + api("host.get_uuid", host) in said,
                  "ssh: %d %s" % (rc, said))
            api("host.disable_ssh", host)
            m.until("! pidof dropbear", 60)
            check(m, ssh(m, hosts, "true")[0] == 255, "not closed")

        # one that closes by itself
        api("host.set_ssh_enabled_timeout", host, "30")
        api("host.enable_ssh", host)
        until_ssh_listens(m)
        api.wait_field("host", host, "ssh_enabled", False, 120)
        m.until("! pidof dropbear", 60)

        m.leave_shell()
        m.type("h")
        m.wait("root's password: ")
        m.type(PASSWORD + "\n")
        m.wait("open ssh")
        m.type("yes\n")
        m.wait("ssh +open, for root")
        api.wait_field("host", host, "ssh_enabled", True, 60)
        until_ssh_listens(m)
        rc, said = ssh(m, hosts, "true", "wrong one")
        check(m, rc and "Permission denied" in said,
              "a wrong password: %d %s" % (rc, said))
        check(m, ssh(m, hosts, "true")[0] == 0, "opened at the console")
        api("host.disable_ssh", host)


def check_xenstored_death(m, api):
    """It is not started again, and whoever manages the host is told."""
    host = api("host.get_all")[0]
    check(m, api("host.get_enabled", host), "the host is not enabled")
    m.expect("kill -9 $(pidof xenstored)")
    try:
        api.wait_field("host", host, "enabled", False, 60)
    except TimeoutError as e:
        m.fail("%s\n%s" % (e, m.daemon_logs()))
    names = [r["name"] for r in api("message.get_all_records").values()]
    check(m, names.count("HOST_FAILED") == 1, "messages: %s" % names)
    check(m, m.shell("pidof xenstored")[0] != 0, "xenstored runs again")


def check_dom0_watchdog(m):
    """A dom0 that does nothing any more is restarted by Xen, which says so."""
    m.expect("w=$(readlink /proc/$(pidof watchdog)/fd/3); sv down watchdog; "
             "pidof watchdog || watchdog -T 2 -t 600 $w")
    m.wait("watchdog rebooting machine")
    m.wait_off(60)


def bios_cd():
    with Machine(ISO, ports={"https": 443, "ssh": 22}) as m:
        screen_s = m.boot()
        api, api_s = wait_api(m)
        print("power-on to console screen %.1f s, to the API %.1f s"
              % (screen_s, api_s), flush=True)
        m.set_password(PASSWORD)
        before = check_services(m)
        check_host(m)
        check_memory(m)
        check_watchdogs(m)
        check_xe(m)
        check_keys(m)
        check_signals(m)
        check(m, pids(m) == before, "a service was started again: %s\n%s"
              % (before, m.daemon_logs()))
        check_recovery(m, api)
        api.login("root", PASSWORD)
        check_clock(m, api)
        check_sdk(m)
        check_ssh(m, api)
        check_xenstored_death(m, api)
        check_dom0_watchdog(m)


def answers():
    digest = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], check=True, text=True,
        capture_output=True).stdout.strip()
    return """<installation>
  <root-password type="hash">%s</root-password>
  <hostname>answered</hostname>
</installation>
""" % digest


def check_wrong_password(m, key):
    """On the console screen it lets nobody in."""
    m.type(key)
    m.wait("root's password: ")
    m.type("wrong one\n")
    m.wait("wrong password")
    m.wait("p password   n network")


def features(image):
    """Of an ext4 image: needs_recovery if it was not unmounted."""
    text = subprocess.run(["/sbin/dumpe2fs", "-h", image], check=True,
                          capture_output=True, text=True).stdout
    return re.search("^Filesystem features: (.*)", text, re.M)[1].split()


def power_off(m, state):
    m.type("poweroff\n")
    m.wait_off()
    check(m, "needs_recovery" not in features(state),
          "the state volume was not unmounted")


def volumes(folder):
    """A new state volume, and one with answers."""
    return (appliance.ext4_volume(os.path.join(folder, "state.img"),
                                  "BEDPLATE-STATE"),
            appliance.fat_volume(os.path.join(folder, "answers.img"),
                                 "BEDPLATE",
                                 {"answers.xml": answers().encode()}))


def uefi_usb_with_volumes():
    """Under UEFI from a stick, state kept on a disk, set up by answers.xml;
    switched off by the operator and on again."""
    with tempfile.TemporaryDirectory() as d:
        state, fat = volumes(d)
        with Machine(ISO, firmware="uefi", medium="usb",
                     disks=[state, fat], cpus=2) as m:
            m.boot()
            m.password = PASSWORD
            check_wrong_password(m, "s")
            check(m, m.expect("nproc") == "2", "dom0 has not all CPUs")
            m.expect("grep -q ' /run/medium iso9660' /proc/mounts")
            m.expect("grep -q '^/dev/sd[a-z] /run/medium' /proc/mounts")
            m.expect("grep -q ' /state ext4' /proc/mounts")
            m.expect("[ -c /dev/fb0 ] && [ -d /sys/firmware/efi ]")
            check(m, m.expect("hostname") == "answered", "wrong hostname")
            check(m, m.expect("stat -c '%a %U %G' /state/login/secret")
                  == "640 root xapi", "mode of the secret")
            wait_api(m)
            fingerprint = m.expect("sha256sum /state/xapi/*.pem")
            power_off(m, state)
        with Machine(ISO, disks=[state]) as m:
            m.boot()
            m.password = PASSWORD
            check(m, m.expect("hostname") == "answered", "hostname forgotten")
            check(m, m.expect("sha256sum /state/xapi/*.pem") == fingerprint,
                  "another certificate after a restart")
            power_off(m, state)


def volumes_on_sticks_are_waited_for():
    """They come up later than what the CD needs."""
    with tempfile.TemporaryDirectory() as d:
        state, fat = volumes(d)
        with Machine(ISO, extra=appliance.usb_disk(state, "state")
                     + appliance.usb_disk(fat, "fat")) as m:
            m.wait("State +on /dev/sd", 240)
            m.boot()
            m.password = PASSWORD
            check(m, m.expect("hostname") == "answered", "no answers")


def check_devices(m, api):
    """What QEMU made the machine of."""
    pcis = {r["vendor_id"] + ":" + r["device_id"]: (ref, r) for ref, r in
            api("PCI.get_all_records").items()}
    nic, vga = pcis["8086:100e"], pcis["1234:1111"]
    check(m, (nic[1]["vendor_name"], nic[1]["driver_name"]) == (
        "Intel Corporation", "e1000"), "NIC: %s" % nic[1])
    check(m, vga[1]["class_name"] == "VGA compatible controller",
          "card: %s" % vga[1])
    check(m, [(r["PCI"], r["is_system_display_device"]) for r in
              api("PGPU.get_all_records").values()] == [(vga[0], True)],
          "no PGPU is the card")
    check(m, [r["PCI"] for r in api("PIF.get_all_records").values()] ==
          [nic[0]], "no PIF is the NIC")
    sticks = [r for r in api("PUSB.get_all_records").values()
              if (r["vendor_id"], r["product_id"]) == ("46f4", "0001")]
    check(m, len(sticks) == 1 and sticks[0]["speed"] > 400,
          "stick: %s" % sticks)


def crashes(api):
    return [(r["size"], [a["body"] for a in api(
        "message.get_all_records").values() if a["name"] == "HOST_CRASHED"])
        for r in api("host_crashdump.get_all_records").values()]


def a_crash_is_told_at_the_next_start():
    """Under UEFI, which keeps the last words of the kernel, from a stick."""
    with tempfile.TemporaryDirectory() as d:
        state, fat = volumes(d)
        kept = {"firmware": "uefi", "medium": "usb",
                "variables": os.path.join(d, "vars.fd")}
        with Machine(ISO, disks=[state, fat], **kept) as m:
            m.boot()
            m.password = PASSWORD
            api, _ = wait_api(m)
            api.login("root", PASSWORD)
            check_devices(m, api)
            check(m, crashes(api) == [], "a crash before the first")
            m.expect("sync")
            m.type("echo c >/proc/sysrq-trigger\n")
            m.wait_off()
        with Machine(ISO, disks=[state], **kept) as m:
            m.boot()
            m.password = PASSWORD
            api, _ = wait_api(m)
            api.login("root", PASSWORD)
            (crash,) = crashes(api)
            print("INFO %s bytes of last words" % crash[0], flush=True)
            check(m, len(crash[1]) == 1 and
                  "Kernel panic - not syncing: sysrq" in crash[1][0],
                  str(crash))
            m.expect("sync")
            power_off(m, state)
        listed = subprocess.run(["/sbin/debugfs", "-R", "ls /", state],
                                check=True, capture_output=True, text=True)
        if "running" in listed.stdout or "crash" not in listed.stdout:
            raise Failed("state after a clean stop: " + listed.stdout)


def damaged_state_is_no_fresh_host():
    """With a state volume that cannot be used nobody is let in."""
    with tempfile.TemporaryDirectory() as d:
        state, fat = volumes(d)
        for damage in ("clri <2>", "set_super_value state 0"):
            subprocess.run(["/sbin/debugfs", "-w", "-R", damage, state],
                           check=True, capture_output=True)
        with Machine(ISO, disks=[state, fat]) as m:
            m.wait("State +/dev/sd[ab] cannot be used: e2fsck", 240)
            m.boot()
            for key in "psn":
                check_wrong_password(m, key)
            api, _ = wait_api(m)
            try:
                api.login("root", PASSWORD)
                m.fail("a login was taken")
            except Refused as e:
                check(m, e.code == "SESSION_AUTHENTICATION_FAILED", str(e))


class AnswerServer(http.server.BaseHTTPRequestHandler):
    """Fails once, then has the answers."""

    asked = 0

    def do_GET(self):
        type(self).asked += 1
        if self.asked == 1 or self.path != "/answers.xml":
            self.send_error(503)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answers().encode())

    def log_message(self, *args):
        pass


def answers_by_http_are_tried_again():
    server = http.server.HTTPServer(("127.0.0.1", 0), AnswerServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as d:
        iso = appliance.with_option(
            ISO, os.path.join(d, "answers.iso"),
            "answerfile=http://10.0.2.2:%d/answers.xml" % server.server_port)
        with Machine(iso) as m:
            m.wait("Log in as root", 300)
            m.password = PASSWORD
            api, _ = wait_api(m)
            api.login("root", PASSWORD)
            api.wait_field("host", api("host.get_all")[0], "hostname",
                           "answered", 60)
            check(m, AnswerServer.asked == 2,
                  "the server was asked %d times" % AnswerServer.asked)
    server.shutdown()


def addressed(m):
    """The bridges with an address."""
    return m.expect("ip -4 -o addr show scope global | awk '{ print $2 }'"
                    ).split()


def the_nic_with_a_lease_is_taken():
    """Of three, the first without a cable, the second without a DHCP server;
    then the operator wants the first."""
    nics = []
    for i, net in ((2, "hubport,hubid=9"), (3, "user")):
        kind, _, options = net.partition(",")
        nics += ["-netdev", "%s,id=net%d%s" % (kind, i, options and
                                               "," + options),
                 "-device", "e1000,netdev=net%d,mac=52:54:00:be:d0:0%d"
                 % (i, i)]
    with Machine(ISO, extra=nics) as m:
        m.monitor("set_link", name="net0", up=False)
        m.boot()
        m.until("[ -e /run/network/up ]", 120)
        check(m, addressed(m) == ["xenbr2"], "addresses: %s" % addressed(m))
        m.monitor("set_link", name="net0", up=True)
        m.expect("echo interface=52:54:00:BE:D0:01 >/state/network.conf; "
                 "rm /run/network/up; sv restart network", 60)
        m.until("[ -e /run/network/up ]", 60)
        check(m, addressed(m) == ["xenbr0"], "addresses: %s" % addressed(m))
        wait_api(m)


class TaggedRouter:
    """192.0.2.1 at the other end of a cable that carries one VLAN: it answers
    ARP and pings that come with the tag, with the tag."""

    MAC = bytes.fromhex("525400bed0ff")
    ADDRESS = bytes([192, 0, 2, 1])

    def __init__(self, tag):
        self.tag = b"\x81\0" + tag.to_bytes(2, "big")
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.machine = appliance.free_port()
        self.device = [
            "-netdev", "socket,id=net2,udp=127.0.0.1:%d,localaddr=127.0.0.1:%d"
            % (self.sock.getsockname()[1], self.machine),
            "-device", "e1000,netdev=net2,mac=52:54:00:be:d0:02"]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            frame = self.sock.recv(2048)
            if frame[12:16] == self.tag:
                self.take(frame[6:12], frame[16:18], frame[18:])

    def take(self, sender, kind, data):
        if kind == b"\x08\x06" and data[24:28] == self.ADDRESS:
            self.send(sender, kind + data[:7] + b"\2" + self.MAC +
                      self.ADDRESS + data[8:18])
        if kind == b"\x08\0" and data[9] == 1 and data[20] == 8:
            # source and target change places: the sum stays
            ping = b"\0\0" + bytes(2) + data[24:]
            self.send(sender, kind + data[:12] + data[16:20] + data[12:16] +
                      ping[:2] + checksum(ping) + ping[4:])

    def send(self, to, rest):
        self.sock.sendto(to + self.MAC + self.tag + rest,
                         ("127.0.0.1", self.machine))


def checksum(data):
    total = sum(int.from_bytes(data[i:i + 2].ljust(2, b"\0"), "big")
                for i in range(0, len(data), 2))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return (total ^ 0xffff).to_bytes(2, "big")


def management_may_be_on_a_vlan():
    answers_file = """<installation>
        <root-password type="plaintext">%s</root-password>
        <admin-interface hwaddr="52:54:00:be:d0:02" vlan="100" proto="static">
          <ip>192.0.2.10</ip><netmask>24</netmask>
          <gateway>192.0.2.1</gateway>
        </admin-interface></installation>""" % PASSWORD
    with tempfile.TemporaryDirectory() as d:
        volume = appliance.fat_volume(os.path.join(d, "answers"), "BEDPLATE",
                                      {"answers.xml": answers_file.encode()})
        with Machine(ISO, disks=[volume],
                     extra=TaggedRouter(100).device) as m:
            m.wait("Log in as root", 300)
            m.wait("eth1, VLAN 100", 120)
            m.password = PASSWORD
            m.until("[ -e /run/network/up ]", 120)
            check(m, addressed(m) == ["xenbr1.100"],
                  "addresses: %s" % addressed(m))
            m.expect("ping -c 1 -W 20 192.0.2.1", 60)
            m.until("xe pif-list management=true params=VLAN --minimal "
                    "| grep -qx 100", 120)
            m.until("brctl show xenbr1 | grep -q 'eth1$'", 60)


def another_medium_is_passed_over():
    """An initramfs takes only the system it was built with, and looks for it
    in other drives."""
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
            m.wait("holds another build", 240)
            m.monitor("blockdev-add", **{
                "driver": "file", "node-name": "right", "read-only": True,
                "filename": os.path.abspath(ISO)})
            m.monitor("device_add", driver="usb-storage", id="right",
                      bus="usb.0", drive="right")
            m.boot()


TESTS = (bios_cd, uefi_usb_with_volumes, a_crash_is_told_at_the_next_start,
         volumes_on_sticks_are_waited_for, damaged_state_is_no_fresh_host,
         answers_by_http_are_tried_again,
         the_nic_with_a_lease_is_taken, management_may_be_on_a_vlan,
         another_medium_is_passed_over)

if __name__ == "__main__":
    names = sys.argv[2:]
    sys.exit(appliance.main([t for t in TESTS
                             if not names or t.__name__ in names]))
