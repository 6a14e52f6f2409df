#!/usr/bin/env python3
"""Makes docs/console.png: the console screen of a booted appliance.

usage: screenshot.py ISO PNG
"""

import os
import struct
import sys
import tempfile
import time
import zlib

import appliance
from api import Api


def read_ppm(path):
    """Width, height and rows of RGB bytes of QEMU's screendump."""
    with open(path, "rb") as f:
        magic, size, _ = (f.readline() for _ in range(3))
        if magic != b"P6\n":
            raise appliance.Failed("'%s' is no PPM" % path)
        width, height = map(int, size.split())
        data = f.read()
    return width, height, [data[i * width * 3:(i + 1) * width * 3]
                           for i in range(height)]


def crop(width, height, rows, margin=24):
    """Without the empty right and lower parts."""
    lines = [i for i, row in enumerate(rows) if row.strip(b"\0")]
    columns = max((len(rows[i].rstrip(b"\0")) + 2) // 3 for i in lines)
    width = min(width, columns + margin)
    height = min(height, lines[-1] + 1 + margin)
    return width, height, [row[:width * 3] for row in rows[:height]]


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def write_png(path, width, height, rows):
    """With a palette: a text screen has few colours."""
    pixels = [[row[i:i + 3] for i in range(0, len(row), 3)] for row in rows]
    colours = sorted({p for row in pixels for p in row})
    if len(colours) > 256:
        raise appliance.Failed("%d colours on a text screen" % len(colours))
    index = {c: i for i, c in enumerate(colours)}
    lines = b"".join(b"\0" + bytes(index[p] for p in row) for row in pixels)
    with open(path + ".tmp", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
            ">IIBBBBB", width, height, 8, 3, 0, 0, 0)))
        f.write(chunk(b"PLTE", b"".join(colours)))
        f.write(chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))
    os.rename(path + ".tmp", path)


def take(m, path):
    with tempfile.TemporaryDirectory() as d:
        ppm = os.path.join(d, "screen.ppm")
        m.screenshot(ppm)
        # QEMU answers before the last byte is written
        size, deadline = -1, time.monotonic() + 10
        while size != os.path.getsize(ppm) and time.monotonic() < deadline:
            size = os.path.getsize(ppm)
            time.sleep(0.2)
        write_png(path, *crop(*read_ppm(ppm)))


def main():
    iso, png = sys.argv[1:3]
    with appliance.Machine(iso) as m:
        m.boot()
        Api(m.port["https"]).until_up()
        m.set_password("a password")
        m.wait("o power off", 60)
        take(m, png)


if __name__ == "__main__":
    main()
