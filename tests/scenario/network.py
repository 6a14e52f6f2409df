"""The control domain on the wire, with real bridges in name spaces of their
own: who reaches it, and who does not.

	network.py [NAME...]
"""

import contextlib
import os
import socket
import sys

import netns
from bench import PASSWORD, ROOT, Api, Bench, check, equal, main, until

SKEL = os.path.join(ROOT, "dom0-rootfs", "skel")
BRIDGE = os.path.join(ROOT, "build", "tests", "unit", "helper_bridge")
SYSCTL = os.path.join(SKEL, "etc", "sysctl.conf")
ETH_P_ALL = 3
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


if __name__ == "__main__":
    netns.enter()
    sys.exit(main([no_one_meets_dom0_but_on_the_management_network,
                   xapi_follows_the_management_address]))
