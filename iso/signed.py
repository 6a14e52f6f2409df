"""Signed images: their header (xapi-c/update/head.h), and OpenSSL's signature."""

import hashlib
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


def options(p):
    """Of a command that signs."""
    p.add_argument("--key", required=True)
    p.add_argument("--version", default="0")
    p.add_argument("--product", default="bedplate")
    p.add_argument("--machine", default="x86_64")
    return p


def write(out, magic, payload, a):
    """payload: a file that is read twice."""
    hashes = b""
    size = 0
    while chunk := payload.read(CHUNK):
        hashes += hashlib.sha256(chunk).digest()
        size += len(chunk)
    head = struct.pack("<16sI32s16s16s32sQQ", magic, 1, public_key(a.key),
                       a.product.encode(), a.machine.encode(),
                       a.version.encode(), a.built, size) + hashes
    out.write(head + sign(a.key, head))
    payload.seek(0)
    while chunk := payload.read(CHUNK):
        out.write(chunk)
