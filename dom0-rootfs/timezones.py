#!/usr/bin/env python3
"""timezones.py FOLDER: every time zone of a zoneinfo folder with the rule that
holds from now on, as POSIX has it for TZ: lines "Europe/Berlin CET-1CEST,...".
dom0's libc needs no more, and no file of the zone itself."""

import pathlib
import re
import sys


def rule(path):
    data = path.read_bytes()
    if not data.startswith(b"TZif"):
        return None
    return data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")


def main():
    top = pathlib.Path(sys.argv[1])
    lines = []
    for path in top.rglob("*"):
        name = path.relative_to(top).as_posix()
        if (path.is_file() and not name.startswith(("posix/", "right/"))
                and re.fullmatch(r"[A-Za-z0-9_+/-]+", name)
                and name not in ("localtime", "posixrules")):
            text = rule(path)
            if text:
                lines.append("%s %s\n" % (name, text))
    sys.stdout.write("".join(sorted(lines)))


if __name__ == "__main__":
    main()
