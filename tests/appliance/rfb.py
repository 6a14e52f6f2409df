"""A viewer of screens: the remote framebuffer protocol (RFC 6143) over
/console, by CONNECT or a WebSocket, and the text that is on a picture.
"""

import os
import re
import socket
import struct
import time
import zlib

from api import PATIENCE, Console, tls

RAW, ZRLE = 0, 16
PIXEL = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
KEYS = {"\n": 0xff0d, "\b": 0xff08, "\t": 0xff09, "\x1b": 0xff1b}


class Raw:
    """The bytes of a console after CONNECT."""

    def __init__(self, api, path):
        s = socket.create_connection((api.host, api.port), timeout=60)
        self.sock = tls().wrap_socket(s)
        self.sock.sendall(("CONNECT /%s&session_id=%s HTTP/1.0\r\n\r\n" % (
            path, api.session)).encode())
        self.pending = b""
        while b"\r\n\r\n" not in self.pending:
            data = self.sock.recv(65536)
            if not data:
                break
            self.pending += data
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ConnectionError("no console: %s" % head)

    def receive(self):
        data, self.pending = self.pending, b""
        data = data or self.sock.recv(65536)
        if not data:
            raise ConnectionError("the console has ended")
        return data

    def send(self, data):
        self.sock.sendall(data)

    def close(self):
        self.sock.close()


class Framed(Console):
    """The same in a WebSocket's frames."""

    def receive(self):
        return self._frame()

    def send(self, data):
        self.send_frame(data)


class Viewer:
    """A picture: rows of 0xRRGGBB, as the server last described them."""

    def __init__(self, stream, encodings=(RAW,), version=b"RFB 003.008\n"):
        self.stream, self.bytes = stream, b""
        self.inflate = zlib.decompressobj()
        self._handshake(version)
        self.stream.send(struct.pack(">B3x", 0) + PIXEL)
        self.stream.send(struct.pack(">BxH", 2, len(encodings)) + b"".join(
            struct.pack(">i", e) for e in encodings))
        self.ask(False)

    def _handshake(self, version):
        self.server_version = self._take(12)
        self.stream.send(version)
        if version >= b"RFB 003.007\n":
            kinds = self._take(self._take(1)[0])
            if 1 not in kinds:
                raise ConnectionError("it wants more than nothing")
            self.stream.send(b"\x01")
            if version >= b"RFB 003.008\n" and self._take(4) != bytes(4):
                raise ConnectionError("refused")
        elif self._take(4) != b"\0\0\0\x01":
            raise ConnectionError("it wants more than nothing")
        self.stream.send(b"\x01")
        self.width, self.height = struct.unpack(">HH", self._take(4))
        self._take(16)
        self.name = self._take(struct.unpack(">I", self._take(4))[0]).decode()
        self.rows = [[0] * self.width for _ in range(self.height)]

    def _take(self, n):
        while len(self.bytes) < n:
            self.bytes += self.stream.receive()
        out, self.bytes = self.bytes[:n], self.bytes[n:]
        return out

    def ask(self, incremental=True):
        self.stream.send(struct.pack(">BBHHHH", 3, incremental, 0, 0,
                                     self.width, self.height))

    def update(self, limit_s=60):
        """The next update, and asks for one more."""
        self.stream.sock.settimeout(limit_s)
        kind = self._take(1)[0]
        if kind == 2:
            return
        if kind != 0:
            raise ConnectionError("message %d" % kind)
        for _ in range(struct.unpack(">xH", self._take(3))[0]):
            self._rectangle(*struct.unpack(">HHHHi", self._take(12)))
        self.ask()

    def _rectangle(self, x, y, w, h, encoding):
        if encoding == RAW:
            self._put(x, y, w, struct.unpack("<%dI" % (w * h),
                                             self._take(4 * w * h)))
        elif encoding == ZRLE:
            size, = struct.unpack(">I", self._take(4))
            self._zrle(x, y, w, h, self.inflate.decompress(self._take(size)))
        else:
            raise ConnectionError("encoding %d was not asked for" % encoding)

    def _put(self, x, y, w, pixels):
        for i in range(len(pixels) // w):
            self.rows[y + i][x:x + w] = pixels[i * w:(i + 1) * w]

    def _zrle(self, x, y, w, h, data):
        for top in range(y, y + h, 64):
            for left in range(x, x + w, 64):
                size = min(64, x + w - left), min(64, y + h - top)
                pixels, data = tile(data, *size)
                self._put(left, top, size[0], pixels)
        if data:
            raise ConnectionError("%d bytes too many" % len(data))

    def key(self, keysym):
        for down in 1, 0:
            self.stream.send(struct.pack(">BBxxI", 4, down, keysym))

    def type(self, text):
        for c in text:
            self.key(KEYS.get(c, ord(c)))

    def wait(self, pattern, font, limit_s=60):
        """Until that is somewhere on the screen; the whole text."""
        deadline = time.monotonic() + limit_s * PATIENCE
        regex = re.compile(pattern, re.M)
        while True:
            said = text(self, font)
            if regex.search(said):
                return said
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no '%s' on the screen:\n%s" % (
                    pattern, said))
            try:
                self.update(left)
            except TimeoutError:
                pass

    def close(self):
        self.stream.close()


def colour(data):
    return int.from_bytes(data[:3], "little")


def tile(data, w, h):
    """Its pixels, and the rest of the data; what an appliance sends of ZRLE:
    raw, one colour, or a packed palette."""
    n, data = data[0], data[1:]
    if n == 0:
        return [colour(data[3 * i:]) for i in range(w * h)], data[3 * w * h:]
    if n > 16:
        raise ConnectionError("tiles of kind %d are not known here" % n)
    palette = [colour(data[3 * i:]) for i in range(n)]
    data = data[3 * n:]
    if n == 1:
        return palette * (w * h), data
    bits = 1 if n == 2 else 2 if n <= 4 else 4
    line, pixels = (w * bits + 7) // 8, []
    for y in range(h):
        packed = int.from_bytes(data[y * line:(y + 1) * line], "big")
        pixels += [palette[packed >> (line * 8 - bits * (x + 1)) &
                           (1 << bits) - 1] for x in range(w)]
    return pixels, data[line * h:]


def terminus():
    """The font of screens that the appliance draws: rows to character."""
    path = os.path.join(os.path.dirname(__file__),
                        "../../build/sysroot/include/font_terminus.h")
    with open(path) as f:
        found = re.findall(r"\{ 0x(\w+), \{ (.*?) \} \}", f.read())
    return {tuple(int(row, 16) for row in rows.split(", ")): chr(int(code, 16))
            for code, rows in reversed(found)}


def vga():
    """The font that a PC's graphics card has at first, by its BIOS."""
    path = os.path.join(os.path.dirname(__file__), "../../build/hypervisor",
                        "pkg/usr/share/seabios/vgabios-stdvga.bin")
    with open(path, "rb") as f:
        rom = f.read()
    letter = bytes.fromhex("000010386cc6c6fec6c6c6c600000000")
    start = rom.index(letter) - ord("A") * len(letter)
    return {tuple(rom[start + 16 * c:start + 16 * (c + 1)]): chr(c)
            for c in range(0x7e, 0x20, -1)}


def text(picture, font, h=16):
    """The characters on it, cell by cell; in each, what is not its first
    colour is ink, or the other way round.  A graphics card's cells have a
    ninth column without ink."""
    lines, w = [], 9 if picture.width == 9 * 80 else 8
    for top in range(0, picture.height - h + 1, h):
        line = ""
        for left in range(0, picture.width - w + 1, w):
            cell = [picture.rows[top + y][left:left + 8] for y in range(h)]
            ground = cell[h - 1][0]
            line += glyph(cell, ground, font)
        lines.append(line.rstrip())
    return "\n".join(lines)


def glyph(cell, ground, font):
    rows = tuple(int("".join("01"[p != ground] for p in row), 2)
                 for row in cell)
    return " " if not any(rows) else font.get(rows, "?")
