"""A console font (PSF 1, with Unicode table) as a C header.

usage: font.py FONT.psf.gz >font.h
"""

import gzip
import struct
import sys

LAST, SEQUENCE = 0xffff, 0xfffe


def glyphs(data):
    """(code, rows) for each character that the font has by itself."""
    magic, mode, height = struct.unpack_from("<HBB", data)
    if magic != 0x0436 or not mode & 2 or height != 16:
        sys.exit("font.py: no PSF 1 font of 16 rows with a Unicode table")
    n = 512 if mode & 1 else 256
    rows = [data[4 + i * height:4 + (i + 1) * height] for i in range(n)]
    table = data[4 + n * height:]
    glyph, single = 0, True
    for code, in struct.iter_unpack("<H", table):
        if code == LAST:
            glyph, single = glyph + 1, True
        elif code == SEQUENCE:
            single = False
        elif single:
            yield code, rows[glyph]


def main():
    with gzip.open(sys.argv[1]) as f:
        found = dict(glyphs(f.read()))
    print("static const struct glyph font[] = {")
    for code in sorted(found):
        print("\t{ 0x%04x, { %s } }," % (code, ", ".join(
            "0x%02x" % row for row in found[code])))
    print("};")


if __name__ == "__main__":
    main()
