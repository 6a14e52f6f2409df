#!/usr/bin/env python3
"""Packs CPU microcode into the archive that Xen's ucode=scan reads.

usage: ucode.py PKGROOT OUT

One file per vendor, each the concatenation of the distinct blobs that Debian
ships.  An uncompressed newc cpio with fixed times.
"""

import hashlib
import os
import sys


def blobs(folder, want):
    """The distinct contents of a folder, in the order of names."""
    seen, out = set(), []
    for name in sorted(os.listdir(folder)):
        if not want(name):
            continue
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        digest = hashlib.sha256(data).digest()
        if digest not in seen:
            seen.add(digest)
            out.append(data)
    if not out:
        sys.exit("ucode.py: nothing in '%s'" % folder)
    return b"".join(out)


def entry(name, mode, data, inode):
    head = "070701" + "".join("%08x" % v for v in (
        inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0))
    out = head.encode() + name.encode() + b"\0"
    out += bytes(-len(out) % 4) + data
    return out + bytes(-len(data) % 4)


def main():
    root, out = sys.argv[1:]
    fw = os.path.join(root, "usr/lib/firmware")
    intel = blobs(os.path.join(fw, "intel-ucode"), lambda n: True)
    amd = blobs(os.path.join(fw, "amd-ucode"), lambda n: n.endswith(".bin"))
    base = "kernel/x86/microcode"
    with open(out, "wb") as f:
        inode = 1
        for d in ("kernel", "kernel/x86", base):
            f.write(entry(d, 0o40755, b"", inode))
            inode += 1
        f.write(entry(base + "/AuthenticAMD.bin", 0o100644, amd, inode))
        f.write(entry(base + "/GenuineIntel.bin", 0o100644, intel, inode + 1))
        f.write(entry("TRAILER!!!", 0, b"", 0))


if __name__ == "__main__":
    main()
