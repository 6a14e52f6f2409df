"""A DHCP server of one lease that sends what a test wants."""

import socket
import struct
import threading

MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5


def addresses(text):
    return b"".join(map(socket.inet_aton, text.split()))


def static_routes(text):
    """Option 121 from "NETWORK/PREFIX GATEWAY ..."."""
    words, out = text.split(), b""
    for to, gateway in zip(words[::2], words[1::2]):
        network, prefix = to.split("/")
        size = (int(prefix) + 7) // 8
        out += bytes([int(prefix)]) + socket.inet_aton(network)[:size]
        out += socket.inet_aton(gateway)
    return out


class Server:
    """Listens at once on that machine's eth0, which has the address `own`.
    lease: address, and by name mask, router, routes; may be changed."""

    def __init__(self, machine, own="192.0.2.1", **lease):
        self.own, self.lease = own, lease
        with machine.here():
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                                 b"eth0")
            self.sock.bind(("", 67))
        self.sock.settimeout(0.2)
        self.stopped = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.stopped = True
        self.thread.join()
        self.sock.close()

    def _serve(self):
        while not self.stopped:
            try:
                data = self.sock.recv(2000)
            except TimeoutError:
                continue
            kind = self._kind(data)
            if kind in (DISCOVER, REQUEST):
                self.sock.sendto(self._answer(
                    data, OFFER if kind == DISCOVER else ACK),
                    ("255.255.255.255", 68))

    @staticmethod
    def _kind(data):
        at = data.find(MAGIC) + 4
        while at < len(data) and data[at] != 255:
            if data[at] == 53:
                return data[at + 2]
            at += 2 + data[at + 1] if data[at] else 1
        return 0

    def _answer(self, request, kind):
        lease = self.lease
        options = [(53, bytes([kind])), (54, addresses(self.own)),
                   (51, struct.pack(">I", 3600))]
        if "mask" in lease:
            options.append((1, addresses(lease["mask"])))
        if "router" in lease:
            options.append((3, addresses(lease["router"])))
        if "routes" in lease:
            options.append((121, static_routes(lease["routes"])))
        head = (bytes([2, 1, 6, 0]) + request[4:8] + b"\0\0" +
                b"\x80\0" + bytes(4) + addresses(lease["address"]) +
                addresses(self.own) + bytes(4) + request[28:44])
        return (head.ljust(236, b"\0") + MAGIC + b"".join(
            bytes([n, len(v)]) + v for n, v in options) + b"\xff").ljust(
                300, b"\0")
