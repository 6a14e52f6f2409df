#!/usr/bin/env python3
"""Packs an image from its manifest: every file one line, nothing else.

usage: mkimage.py [options] LIST...

Lines of a LIST:
	d PATH MODE OWNER GROUP -
	f PATH MODE OWNER GROUP ROOT:FILE	(ROOT: alone means ROOT:PATH)
	l PATH MODE OWNER GROUP TARGET
	omit ROOT:FILE REASON...		known, and left out on purpose

Options:
	--root NAME=DIR		where the files named NAME: are
	--origin NAME=FILE	whence those come: lines `file<TAB>package version`
	--whole NAME[/SUB]	each file below that root must be listed
	--epoch SECONDS		time of every file
	--tar FILE, --cpio FILE	the image
	--listing FILE		type mode owner group size sha256 path origin

A line without its file, a file of a --whole root without a line, a link to
nothing, a directory not listed, an executable that wants a loader: all stop
the build.  Owners are names of the image's own /etc/passwd and /etc/group.
"""

import argparse
import hashlib
import io
import os
import struct
import sys
import tarfile

# made at boot: links may point there
AT_BOOT = ("/run/", "/state/", "/proc/", "/sys/", "/dev/", "/var/", "/tmp/")


class Bad(Exception):
    pass


class Entry:
    def __init__(self, kind, path, mode, owner, group, source):
        self.kind, self.path, self.mode = kind, path, int(mode, 8)
        self.owner, self.group, self.source = owner, group, source
        self.data, self.origin = b"", "bedplate"


def read_lists(paths):
    """({path: Entry}, {omitted root:file}) of all lists."""
    entries, omitted = {}, set()
    for name in paths:
        with open(name) as f:
            for number, line in enumerate(f, 1):
                words = line.split()
                if not words or words[0].startswith("#"):
                    continue
                where = "%s:%d" % (name, number)
                if words[0] == "omit" and len(words) > 2:
                    omitted.add(words[1])
                    continue
                if len(words) != 6 or words[0] not in ("d", "f", "l"):
                    raise Bad("%s: cannot read '%s'" % (where, line.strip()))
                e = Entry(*words)
                old = entries.get(e.path)
                if old and not e.kind == old.kind == "d":
                    raise Bad("%s: '%s' is listed twice" % (where, e.path))
                entries[e.path] = e
    return entries, omitted


def names(data):
    """{name: id} of a passwd or group file."""
    out = {}
    for line in data.decode().splitlines():
        fields = line.split(":")
        out[fields[0]] = int(fields[2])
    return out


def origins(files):
    """{root:file: 'package version'} from {root: file of such lines}."""
    out = {}
    for name, path in files.items():
        with open(path) as f:
            for line in f:
                file, _, origin = line.rstrip("\n").partition("\t")
                out[name + ":" + file] = origin
    return out


def wants_loader(data):
    """An ELF64 file with a PT_INTERP program header."""
    if data[:5] != b"\x7fELF\x02":
        return False
    phoff, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return any(struct.unpack_from("<I", data, phoff + i * size)[0] == 3
               for i in range(count))


def load(entries, roots, origin_of, used):
    for e in entries.values():
        if e.kind != "f":
            continue
        root, _, file = e.source.partition(":")
        file = file or e.path.lstrip("/")
        if root not in roots:
            raise Bad("'%s': unknown source '%s'" % (e.path, e.source))
        path = os.path.join(roots[root], file)
        if not os.path.isfile(path):
            raise Bad("'%s': no file '%s'" % (e.path, path))
        used.add("%s:%s" % (root, file))
        with open(path, "rb") as f:
            e.data = f.read()
        e.origin = origin_of.get("%s:%s" % (root, file), "bedplate")
        if root in ("sysroot", "deb") and e.origin == "bedplate":
            raise Bad("'%s': nobody knows its origin" % e.path)
        if wants_loader(e.data) and not e.path.endswith(".ko"):
            raise Bad("'%s' is not static" % e.path)


def check_whole(wholes, roots, used, omitted):
    for whole in wholes:
        root, _, sub = whole.partition("/")
        top = os.path.join(roots[root], sub)
        for folder, _, files in os.walk(top):
            for file in files:
                path = os.path.relpath(os.path.join(folder, file), roots[root])
                key = "%s:%s" % (root, path)
                if key not in used and key not in omitted:
                    raise Bad("'%s' is in no list" % key)


def check_tree(entries):
    for e in entries.values():
        parent = os.path.dirname(e.path)
        if parent != "/" and (parent not in entries or
                              entries[parent].kind != "d"):
            raise Bad("'%s': its folder is not listed" % e.path)
        if e.kind == "l":
            target = os.path.normpath(os.path.join(parent, e.source))
            if target not in entries and not target.startswith(AT_BOOT):
                raise Bad("'%s' points to nothing" % e.path)


def write_tar(path, entries, ids, epoch):
    kinds = {"d": tarfile.DIRTYPE, "f": tarfile.REGTYPE, "l": tarfile.SYMTYPE}
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for e in entries:
            info = tarfile.TarInfo(e.path.lstrip("/"))
            info.type, info.mode, info.mtime = kinds[e.kind], e.mode, epoch
            info.uid, info.gid = ids(e)
            info.size = len(e.data)
            if e.kind == "l":
                info.linkname = e.source
            tar.addfile(info, io.BytesIO(e.data))


def write_cpio(path, entries, ids, epoch):
    kinds = {"d": 0o40000, "f": 0o100000, "l": 0o120000}
    with open(path, "wb") as out:
        def member(inode, name, mode, uid, gid, data):
            head = "070701" + "".join("%08x" % v for v in (
                inode, mode, uid, gid, 1, epoch, len(data),
                0, 0, 0, 0, len(name) + 1, 0))
            body = head.encode() + name.encode() + b"\0"
            body += bytes(-len(body) % 4) + data
            out.write(body + bytes(-len(body) % 4))

        for inode, e in enumerate(entries, 1):
            data = e.source.encode() if e.kind == "l" else e.data
            member(inode, e.path.lstrip("/"), kinds[e.kind] | e.mode,
                   *ids(e), data)
        member(0, "TRAILER!!!", 0, 0, 0, b"")


def write_listing(path, entries):
    with open(path, "w") as f:
        for e in entries:
            digest = "-"
            if e.kind == "f":
                digest = hashlib.sha256(e.data).hexdigest()
            target = " -> " + e.source if e.kind == "l" else ""
            f.write("%s %04o %s %s %d %s %s%s\t%s\n" % (
                e.kind, e.mode, e.owner, e.group, len(e.data), digest,
                e.path, target, e.origin))


def pack(args):
    roots = dict(r.split("=", 1) for r in args.root)
    origin_of = origins(dict(o.split("=", 1) for o in args.origin))
    entries, omitted = read_lists(args.lists)
    used = set()
    load(entries, roots, origin_of, used)
    check_whole(args.whole, roots, used, omitted)
    check_tree(entries)
    users, groups = {"root": 0}, {"root": 0}
    if "/etc/passwd" in entries:
        users = names(entries["/etc/passwd"].data)
        groups = names(entries["/etc/group"].data)

    def ids(e):
        try:
            return users[e.owner], groups[e.group]
        except KeyError as key:
            raise Bad("'%s': unknown owner %s" % (e.path, key)) from None

    ordered = [entries[p] for p in sorted(entries)]
    if args.tar:
        write_tar(args.tar, ordered, ids, args.epoch)
    if args.cpio:
        write_cpio(args.cpio, ordered, ids, args.epoch)
    if args.listing:
        write_listing(args.listing, ordered)


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    for option in ("root", "origin", "whole"):
        p.add_argument("--" + option, action="append", default=[])
    for option in ("tar", "cpio", "listing"):
        p.add_argument("--" + option)
    p.add_argument("--epoch", type=int, default=0)
    p.add_argument("lists", nargs="+")
    try:
        pack(p.parse_args())
    except Bad as bad:
        sys.exit("mkimage.py: %s" % bad)


if __name__ == "__main__":
    main()
