#!/usr/bin/env python3
"""check-paths.py SQUASHFS LISTING ALLOWED

Paths that are compiled into the image's programs, against the files of the
image: a program that looks for its helper where nobody put it fails only when
an operator needs it.  Every path must be in the image or below a line of
ALLOWED, `PATH PROGRAM[,PROGRAM] reason`; PROGRAM * is any.  A line that nothing
needs any more is an error too.  Prints PASS or FAIL lines.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile

PATH = re.compile(rb"(?<![A-Za-z0-9_./%-])/(?:usr|etc|var|run|lib|opt|state|"
                  rb"boot|sbin|bin)(?:/[A-Za-z0-9_.%+-]+)+")


def in_image(listing):
    known = set()
    with open(listing) as f:
        for line in f:
            path = line.split("\t")[0].split(" -> ")[0].split(" ", 6)[6]
            while path != "/":
                known.add(path)
                path = os.path.dirname(path)
    return known


def programs(squashfs, folder):
    """Every ELF file of the image: its path there and its bytes."""
    subprocess.run(["unsquashfs", "-q", "-n", "-no-xattrs", "-d", folder,
                    squashfs, "bin", "sbin", "usr"], check=True,
                   stdout=subprocess.DEVNULL)
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if os.path.islink(path) or name.endswith(".ko"):
                continue
            with open(path, "rb") as f:
                data = f.read()
            if data.startswith(b"\x7fELF"):
                yield "/" + os.path.relpath(path, folder), data


def constants(data):
    """What the program loads but does not run: bytes of code look like paths,
    too."""
    table, = struct.unpack_from("<Q", data, 32)
    size, n = struct.unpack_from("<HH", data, 54)
    for i in range(n):
        kind, flags, start, _, _, length = struct.unpack_from(
            "<IIQQQQ", data, table + i * size)
        if kind == 1 and not flags & 1:
            yield data[start:start + length]


def compiled_in(data):
    """What is completed at run time counts as far as it is certain."""
    for m in PATH.finditer(b"\0".join(constants(data))):
        path = m.group().decode()
        if "%" in path:
            path = os.path.dirname(path[:path.index("%")] + "x")
        path = os.path.normpath(path.rstrip("."))
        if path.count("/") > 1:
            yield path


def allowed_lines(path):
    with open(path) as f:
        for n, line in enumerate(f, 1):
            if line.strip() and not line.startswith("#"):
                words = line.split(None, 2)
                if len(words) < 3:
                    sys.exit("%s:%d: no reason given" % (path, n))
                yield words[0], words[1].split(","), n


def main():
    squashfs, listing, allowed_path = sys.argv[1:]
    known = in_image(listing)
    allowed = list(allowed_lines(allowed_path))
    needed, seen, bad = set(), 0, {}
    with tempfile.TemporaryDirectory() as d:
        for program, data in programs(squashfs, os.path.join(d, "tree")):
            name = os.path.basename(program)
            seen += 1
            for path in compiled_in(data):
                if path in known:
                    continue
                lines = [n for top, who, n in allowed
                         if (path + "/").startswith(top.rstrip("/") + "/")
                         and ("*" in who or name in who)]
                needed.update(lines)
                if not lines:
                    bad.setdefault(path, set()).add(name)
    for path, who in sorted(bad.items()):
        print("FAIL paths: %s, compiled into %s, is not in the image" % (
            path, ", ".join(sorted(who))))
    for top, _, n in allowed:
        if n not in needed:
            print("FAIL paths: %s:%d: nothing needs %s" % (
                allowed_path, n, top))
            bad[top] = True
    if seen < 10:
        sys.exit("FAIL paths: only %d programs in the image" % seen)
    if bad:
        sys.exit(1)
    print("PASS paths")


if __name__ == "__main__":
    main()
