#!/usr/bin/env python3
"""ids.py pci|usb LIST: the names of a bus' devices by their numbers, for a search
by halves: lines "KEY NAME" in the order of their bytes, with the keys

	pci_class:0300  pci:8086  pci:8086:1572  pci:8086:1572:8086:0001
	usb:0627  usb:0627:0001

of lower-case hexadecimal digits."""

import re
import sys

HEX = "[0-9a-f]{%d}"


def entries(path):
    """Depth by tabs, then numbers and name, of each line that has them."""
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.fullmatch(r"(\t*)(C )?([0-9a-f ]+?)  (.*\S)\s*", line)
            if m:
                yield len(m[1]), bool(m[2]), m[3].split(), m[4]
            elif line[:1] not in "#\t\n":
                yield 0, False, None, None      # another kind of list


def names(path, bus):
    above = [None, None]
    classes = False
    for depth, is_class, numbers, name in entries(path):
        if depth == 0:
            classes = is_class
            above = [numbers, None]
        if numbers is None or above[0] is None:
            continue
        if depth == 1:
            above[1] = numbers
        if classes:
            if bus == "pci" and depth == 1:
                yield "pci_class:%s%s" % (above[0][0], numbers[0]), name
        elif depth < 2 or above[1]:
            parts = [n[0] for n in above[:depth] if n] + numbers
            if all(re.fullmatch(HEX % 4, n) for n in parts):
                yield "%s:%s" % (bus, ":".join(parts)), name


def main():
    bus, path = sys.argv[1:]
    found = dict(names(path, bus))
    out = sys.stdout.buffer
    for line in sorted(b"%s %s\n" % (k.encode(), v.encode())
                       for k, v in found.items()):
        out.write(line)


if __name__ == "__main__":
    main()
