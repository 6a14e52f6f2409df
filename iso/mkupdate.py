#!/usr/bin/env python3
"""The signed update image of a slot's image; xapi-c/update/head.h has its form.

usage: mkupdate.py SLOT OUT --key PEM [--version V] [--built SECONDS]
                   [--product P] [--machine M]

The key is an Ed25519 private key (make keys); OpenSSL signs.
"""

import argparse
import os

import signed


def main():
    p = signed.options(argparse.ArgumentParser())
    p.add_argument("slot")
    p.add_argument("out")
    p.add_argument("--built", type=int,
                   default=int(os.environ.get("SOURCE_DATE_EPOCH", "0")))
    a = p.parse_args()
    with open(a.slot, "rb") as f, open(a.out, "wb") as out:
        signed.write(out, b"BEDPLATE UPDATE\n", f, a)


if __name__ == "__main__":
    main()
