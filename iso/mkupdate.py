#!/usr/bin/env python3
"""The signed update image of a slot's image; xapi-c/update/head.h has its form.

usage: mkupdate.py SLOT OUT --key PEM [--version V] [--built SECONDS]
                   [--product P] [--machine M]

The key is an Ed25519 private key (make keys); OpenSSL signs.
"""

import argparse
import hashlib
import os
import struct
import subprocess
import tempfile

CHUNK = 1 << 20


def public_key(pem):
    """The 32 bytes that end the key's DER form."""
    return subprocess.run(
        ["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"],
        check=True, stdout=subprocess.PIPE).stdout[-32:]


def sign(pem, data):
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        return subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem,
             "-in", f.name], check=True, stdout=subprocess.PIPE).stdout


def header(slot, a):
    hashes = b""
    size = 0
    with open(slot, "rb") as f:
        while chunk := f.read(CHUNK):
            hashes += hashlib.sha256(chunk).digest()
            size += len(chunk)
    head = struct.pack("<16sI32s16s16s32sQQ", b"BEDPLATE UPDATE\n", 1,
                       public_key(a.key), a.product.encode(),
                       a.machine.encode(), a.version.encode(), a.built, size)
    return head + hashes


def main():
    p = argparse.ArgumentParser()
    p.add_argument("slot")
    p.add_argument("out")
    p.add_argument("--key", required=True)
    p.add_argument("--version", default="0")
    p.add_argument("--built", type=int,
                   default=int(os.environ.get("SOURCE_DATE_EPOCH", "0")))
    p.add_argument("--product", default="bedplate")
    p.add_argument("--machine", default="x86_64")
    a = p.parse_args()
    head = header(a.slot, a)
    with open(a.slot, "rb") as f, open(a.out, "wb") as out:
        out.write(head + sign(a.key, head))
        while chunk := f.read(CHUNK):
            out.write(chunk)


if __name__ == "__main__":
    main()
