#!/usr/bin/env python3
"""A signed extension pack of a folder; xapi-c/update/pack_files.h has its form.

usage: mkpack.py FOLDER OUT --key PEM --version V [--built SECONDS]
                 [--machine any|x86_64]

FOLDER has the file "about" with lines KEY=VALUE (name, vendor; description,
limit, uuid), and folders plugins, extensions and lib of plain files.  The uuid
follows from vendor, name and version unless it is given.  built, the time of now
unless given, orders versions.  The key is an Ed25519 private key.
"""

import argparse
import io
import os
import pathlib
import struct
import sys
import time
import uuid

import signed

FOLDERS = "plugins", "extensions", "lib"


def about(folder, version):
    text = (folder / "about").read_text()
    keys = dict(line.split("=", 1) for line in text.splitlines())
    if "uuid" not in keys:
        own = ":".join((keys["vendor"], keys["name"], version))
        text += "uuid=%s\n" % uuid.uuid5(uuid.NAMESPACE_URL,
                                         "bedplate-pack:" + own)
    return text.encode()


def files(folder, version):
    yield "about", about(folder, version)
    for path in folder.glob("*/*"):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] not in FOLDERS or not path.is_file():
            sys.exit("mkpack.py: '%s' cannot be in a pack" % name)
        yield name, path.read_bytes()


def payload(folder, version):
    out = io.BytesIO()
    for name, data in sorted(files(folder, version)):
        out.write(struct.pack("<64sQ", name.encode(), len(data)) + data)
    out.seek(0)
    return out


def main():
    p = signed.options(argparse.ArgumentParser())
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("out")
    p.add_argument("--built", type=int, default=int(os.environ.get(
        "SOURCE_DATE_EPOCH", time.time())))
    p.set_defaults(machine="any")
    a = p.parse_args()
    data = payload(a.folder, a.version)
    with open(a.out, "wb") as out:
        signed.write(out, b"BEDPLATE PACK  \n", data, a)


if __name__ == "__main__":
    main()
