"""The control domain on the wire, with real bridges in name spaces of their
own: who reaches it, and who does not.

	network.py [NAME...]
"""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys

import dhcp_server
import netns
from bench import PASSWORD, ROOT, Api, Bench, check, equal, main, until
from image import SKEL, TREE, tree

BRIDGE = os.path.join(ROOT, "build", "tests", "unit", "helper_bridge")
SYSCTL = os.path.join(SKEL, "etc", "sysctl.conf")
ETH_P_ALL = 3
MAX_LEARNED = 4096  # NETDEV_MAX_LEARNED
SILENCE_S = 0.3     # what answers, answers in a millisecond


class Lab:
    """dom0 with a management network, a network with a NIC and without an
    address, and one without a NIC; on each another machine.  sysctl: as the
    image sets it, or as a kernel has it by itself."""

    def __init__(self, sysctl=True):
        self.names = contextlib.ExitStack()
        made = []
        for name in ("dom0", "admin", "lan", "guest"):
            made.append(netns.Machine(name))
            self.names.callback(made[-1].close)
        self.dom0, self.admin, self.lan, self.guest = made
        if sysctl:
            self.dom0.sysctl(SYSCTL)
        for dev, other in (("eth0", self.admin), ("eth1", self.lan),
                           ("vif1.0", self.guest)):
            netns.cable(self.dom0, dev, other, "eth0")
            other.ip("link", "set", "eth0", "up")
        self.dom0.run(BRIDGE, "xenbr0", "eth0")
        self.dom0.run(BRIDGE, "xenbr1", "eth1")
        self.dom0.run(BRIDGE, "xapi0", "vif1.0")
        self.dom0.ip("addr", "add", "192.0.2.10/24", "dev", "xenbr0")
        self.admin.ip("addr", "add", "192.0.2.1/24", "dev", "eth0")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.names.close()


class Host(Bench):
    """xapi and the simulator in dom0's name space."""

    sim_options = ("--address", "192.0.2.10")
    xapi_options = ()

    def __init__(self, lab):
        super().__init__()
        self.lab = lab
        self.inside = lab.dom0.prefix

    def until_up(self):
        with self.lab.dom0.here():
            super().until_up()


def connects(machine, address, port):
    """True, or how it fails."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with machine.here(), socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(SILENCE_S)
        try:
            s.connect(socket.getaddrinfo(address, port, family,
                                         socket.SOCK_STREAM)[0][4])
            return True
        except OSError as e:
            return e.errno or "silence"


class Tap:
    """All frames that come to a machine."""

    def __init__(self, machine):
        with machine.here():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                      socket.htons(ETH_P_ALL))
            self.sock.bind(("eth0", ETH_P_ALL))
        self.sock.setblocking(False)

    def heard(self):
        found = []
        while True:
            try:
                data, where = self.sock.recvfrom(2000)
            except BlockingIOError:
                return found
            if where[2] != socket.PACKET_OUTGOING:
                found.append(data[:60].hex())


def link_local(mac):
    b = [int(x, 16) for x in mac.split(":")]
    return "fe80::%02x%02x:%02xff:fe%02x:%02x%02x" % (
        b[0] ^ 2, b[1], b[2], b[3], b[4], b[5])


def ping_everybody(machine):
    """One ICMPv6 echo to all nodes of the link."""
    with machine.here(), socket.socket(socket.AF_INET6, socket.SOCK_RAW,
                                       socket.IPPROTO_ICMPV6) as s:
        to = ("ff02::1", 0, 0, socket.if_nametoindex("eth0"))
        until("an address to send from", lambda: sends(s, to))


def sends(s, to):
    try:
        return s.sendto(b"\x80\0\0\0\0\1\0\1dom0?", to)
    except OSError:     # it is not assigned at once
        return 0


def attack(lab, machine, bridge, ports):
    """Everything a machine can try against dom0 on a network that is none of
    its own; what answered."""
    mac = lab.dom0.mac(bridge)
    tap = Tap(machine)
    answers = []
    ping_everybody(machine)
    for address in ("192.0.2.66/24", "198.51.100.66/24"):
        machine.ip("addr", "add", address, "dev", "eth0")
        machine.ip("route", "replace", "192.0.2.10/32", "dev", "eth0")
        for known in (False, True):     # ARP, then without
            if known:
                machine.ip("neigh", "replace", "192.0.2.10", "lladdr", mac,
                           "dev", "eth0", "nud", "permanent")
            for port in ports:
                if connects(machine, "192.0.2.10", port) is True:
                    answers.append("%s: %s" % (address, port))
        machine.ip("neigh", "flush", "dev", "eth0", "nud", "permanent")
        machine.ip("addr", "flush", "dev", "eth0", "scope", "global")
    for port in ports:
        if connects(machine, link_local(mac) + "%eth0", port) is True:
            answers.append("link-local: %s" % port)
    frames = tap.heard()
    if frames:
        answers.append("frames: %s" % frames[:5])
    return answers


def no_one_meets_dom0_but_on_the_management_network():
    for sysctl in (True, False):
        with Lab(sysctl) as lab, Host(lab) as b:
            until("the API on the management network",
                  lambda: connects(lab.admin, "192.0.2.10", b.https) is True)
            for machine, bridge in ((lab.guest, "xapi0"),
                                    (lab.lan, "xenbr1")):
                equal(attack(lab, machine, bridge, (b.https, b.http)), [],
                      "what answers on %s, sysctl.conf %s" % (bridge, sysctl))
            with lab.admin.here():
                api = Api(b.https, "192.0.2.10")
                api.login("root", PASSWORD)
                check(api("host.get_all"), "no host")


def a_guest_that_makes_up_senders_takes_no_memory():
    """A bridge keeps each address it sees for minutes, in memory of dom0's
    kernel: a guest sends from as many as it likes."""
    with Lab() as lab:
        with lab.guest.here():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with s:
            s.bind(("eth0", 0))
            for i in range(3 * MAX_LEARNED):
                s.send(bytes.fromhex("ffffffffffff" "02%010x" "88b5" % i) +
                       bytes(46))
        learned = [line for line in lab.dom0.run(
            "bridge", "fdb", "show", "br", "xapi0").splitlines()
            if " 02:" in " " + line and "permanent" not in line]
        check(learned, "the bridge has learned nothing")
        check(len(learned) <= MAX_LEARNED,
              "%d addresses are kept" % len(learned))


def names_at(lab, address, b):
    """What the certificate that is shown there is for."""
    with lab.admin.here():
        pem = ssl.get_server_certificate((address, b.https))
    return netns.run("openssl", "x509", "-noout", "-ext", "subjectAltName",
                     input=pem)


def xapi_follows_the_management_address():
    with Lab() as lab, Host(lab) as b:
        until("the first address",
              lambda: connects(lab.admin, "192.0.2.10", b.https) is True)
        with lab.dom0.here():
            local = b.login()
        # an address that is somebody else's affair
        lab.dom0.ip("addr", "add", "198.51.100.10/24", "dev", "xenbr1")
        lab.lan.ip("addr", "add", "198.51.100.1/24", "dev", "eth0")
        check(connects(lab.lan, "198.51.100.10", b.https) is not True,
              "served on an address that is not for management")
        lab.dom0.ip("addr", "add", "192.0.2.20/24", "dev", "xenbr0")
        check(connects(lab.admin, "192.0.2.20", b.https) is not True,
              "served on an address that it does not know")
        b.control("address 192.0.2.20")
        until("the second address",
              lambda: connects(lab.admin, "192.0.2.20", b.https) is True)
        check("IP Address:192.0.2.20" in names_at(lab, "192.0.2.20", b),
              "the certificate is for another address")
        for port in (b.https, b.http):
            until("the first address to be left", lambda: connects(
                lab.admin, "192.0.2.10", port) is not True)
        with lab.dom0.here():
            until("the record of it", lambda: "192.0.2.20" in [
                r["IP"] for r in local("PIF.get_all_records").values()])
        # it knows the address by itself when it starts without xenopsd
        b.kill_sim()
        b.kill_xapi()
        b.start_xapi(wait=False)
        until("the API without xenopsd",
              lambda: connects(lab.admin, "192.0.2.20", b.https) is True)


# the scripts that give the management network its address

class Network:
    """The network service of dom0, which has eth0 and nothing else; admin is
    at the other end.  conf: lines of network.conf; lease: a DHCP server's."""

    def __init__(self, conf="", lease=None, sysctl=True):
        self.stack = contextlib.ExitStack()
        self.dom0, self.admin = netns.Machine("dom0"), netns.Machine("admin")
        self.stack.callback(self.dom0.close)
        self.stack.callback(self.admin.close)
        self.dom0.sysctl(SYSCTL)
        netns.cable(self.dom0, "eth0", self.admin, "eth0")
        self.admin.ip("link", "set", "eth0", "up")
        # the NIC of a container is no device to the script; the bridge is
        self.dom0.run(BRIDGE, "xenbr0", "eth0")
        shutil.rmtree(TREE + "/run/network")
        os.mkdir(TREE + "/run/network")
        for name, text in (("bridge", "xenbr0"), ("interface", "eth0"),
                           ("ntp", "")):
            with open("%s/run/network/%s" % (TREE, name), "w") as f:
                f.write(text + "\n")
        if lease:
            self.server = dhcp_server.Server(self.admin, **lease)
            self.stack.callback(self.server.close)
        self.log = open("/run/network.log", "w+")
        self.stack.callback(self.log.close)

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        if kind:
            self.log.seek(0)
            print(self.log.read())
        self.stack.close()

    def command(self, *argv):
        return (*self.dom0.prefix, "chroot", TREE, *argv)

    def dhcp(self):
        """udhcpc as the service starts it, until it has done what it can."""
        self.client = subprocess.Popen(
            self.command(*self.client_line()), stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        self.stack.callback(self.end_client)
        self.settle()

    @staticmethod
    def client_line():
        """The last command of the service."""
        with open(SKEL + "/usr/libexec/bedplate/network") as f:
            line = f.read().split("exec udhcpc")[1].replace("\\\n", "")
        return ["udhcpc"] + line.replace('"$bridge"', "xenbr0").replace(
            '"hostname:$(hostname)"', "hostname:test").split()

    def end_client(self):
        self.client.kill()
        self.client.wait()

    def settle(self):
        until("the network to be up or to say why not",
              lambda: self.is_up() or self.problem())

    @staticmethod
    def is_up():
        return os.path.exists(TREE + "/run/network/up")

    @staticmethod
    def problem():
        with contextlib.suppress(FileNotFoundError):
            with open(TREE + "/run/network/problem") as f:
                return f.read().strip()
        return ""

    def renew(self, **lease):
        os.unlink(TREE + "/run/network/up")
        self.server.lease = lease
        self.client.send_signal(signal.SIGUSR1)
        self.settle()

    def address(self, *args):
        return subprocess.run(
            self.command("/usr/libexec/bedplate/address", "xenbr0", *args),
            stdout=self.log, stderr=self.log).returncode

    def addresses(self):
        return [line.split()[3] for line in self.dom0.ip(
            "-4", "-o", "addr", "show", "dev", "xenbr0").splitlines()]

    def way(self, address):
        """The gateway to it; "link", or "none"."""
        try:
            words = self.dom0.ip("route", "get", address).split()
        except subprocess.CalledProcessError:
            return "none"
        return words[words.index("via") + 1] if "via" in words else "link"


LEASES = (
    # what is sent, the address with its prefix, ways to some addresses
    ({"address": "203.0.113.7", "mask": "255.255.255.255",
      "router": "172.31.1.1"},
     "203.0.113.7/32", {"192.0.2.99": "172.31.1.1", "172.31.1.1": "link"}),
    ({"address": "192.0.2.7", "mask": "255.255.255.0",
      "router": "192.0.2.1"},
     "192.0.2.7/24", {"198.51.100.1": "192.0.2.1", "192.0.2.9": "link"}),
    ({"address": "192.0.2.7", "mask": "255.255.255.0",
      "router": "192.0.2.7 192.0.2.1 192.0.2.2"},
     "192.0.2.7/24", {"198.51.100.1": "192.0.2.1"}),
    ({"address": "10.1.2.3", "router": "10.1.0.1"},
     "10.1.2.3/8", {"192.0.2.99": "10.1.0.1", "10.200.0.1": "link"}),
    ({"address": "172.16.2.3"}, "172.16.2.3/16", {"192.0.2.99": "none"}),
    ({"address": "192.168.2.3", "mask": "0.0.0.0"},
     "192.168.2.3/24", {"192.0.2.99": "none"}),
    ({"address": "192.0.2.7", "mask": "255.255.255.0", "router": "0.0.0.0"},
     "192.0.2.7/24", {"198.51.100.1": "none"}),
    ({"address": "192.0.2.7", "mask": "255.255.255.0",
      "router": "192.0.2.254", "routes": "0.0.0.0/0 192.0.2.1"},
     "192.0.2.7/24", {"198.51.100.1": "192.0.2.1"}),
    ({"address": "203.0.113.7", "mask": "255.255.255.255",
      "routes": "0.0.0.0/0 172.31.1.1 172.31.1.1/32 0.0.0.0 "
                "10.0.0.0/8 172.31.1.2"},
     "203.0.113.7/32", {"192.0.2.99": "172.31.1.1", "10.1.1.1": "172.31.1.2",
                        "172.31.1.1": "link"}),
)


def every_lease_ends_reachable():
    for lease, address, ways in LEASES:
        with Network(lease=lease) as n:
            n.dhcp()
            equal(n.problem(), "", "problem of %s" % lease)
            check(n.is_up(), "%s is not up" % lease)
            equal(n.addresses(), [address], "addresses of %s" % lease)
            for to, via in ways.items():
                equal(n.way(to), via, "way to %s of %s" % (to, lease))


def a_lease_that_cannot_be_used_says_why():
    for lease in ({"address": "192.0.2.7", "mask": "255.255.255.0",
                   "router": "192.0.2.7"},
                  {"address": "192.0.2.7", "mask": "255.255.255.0",
                   "routes": "0.0.0.0/0 192.0.2.7"}):
        with Network(lease=lease) as n:
            n.dhcp()
            check("gateway 192.0.2.7 cannot be used" in n.problem(),
                  "problem: '%s'" % n.problem())
            check(not n.is_up(), "counts as up")
            equal(n.addresses(), ["192.0.2.7/24"], "addresses")


def a_renewed_lease_replaces_the_old_one():
    first = {"address": "192.0.2.7", "mask": "255.255.255.0",
             "router": "192.0.2.1"}
    with Network(lease=first) as n:
        n.dhcp()
        n.renew(**first)
        equal(n.addresses(), ["192.0.2.7/24"], "addresses")
        n.renew(address="203.0.113.7", mask="255.255.255.255",
                router="172.31.1.1")
        equal(n.addresses(), ["203.0.113.7/32"], "addresses")
        equal(n.way("192.0.2.99"), "172.31.1.1", "way out")
        n.renew(address="203.0.113.7", mask="255.255.255.255")
        equal(n.way("192.0.2.99"), "none", "way out without a router")
        equal(n.problem(), "", "problem")


def static_addresses_end_reachable_or_say_why():
    with Network() as n:
        equal(n.address("203.0.113.7/32", "default,172.31.1.1"), 0, "status")
        equal(n.way("192.0.2.99"), "172.31.1.1", "way out")
        equal(n.address("192.0.2.7/24", "default,192.0.2.1"), 0, "status")
        equal(n.addresses(), ["192.0.2.7/24"], "addresses")
        equal(n.way("198.51.100.1"), "192.0.2.1", "way out")
        equal(n.address("192.0.2.7/24", "default,192.0.2.7"), 1, "status")
        check("192.0.2.7 cannot be used" in n.problem(), n.problem())
        equal(n.address("192.0.2.7/24"), 0, "status")
        equal(n.problem(), "", "problem")
        equal(n.way("198.51.100.1"), "none", "way out")


if __name__ == "__main__":
    netns.enter()
    tree()
    sys.exit(main([no_one_meets_dom0_but_on_the_management_network,
                   a_guest_that_makes_up_senders_takes_no_memory,
                   xapi_follows_the_management_address,
                   every_lease_ends_reachable,
                   a_lease_that_cannot_be_used_says_why,
                   a_renewed_lease_replaces_the_old_one,
                   static_addresses_end_reachable_or_say_why]))
