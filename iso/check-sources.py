#!/usr/bin/env python3
"""What `make sources` laid down: nothing is missing, and it can be linked.

usage: check-sources.py BUILD SBOM
"""

import filecmp
import json
import os
import subprocess
import sys

build, sbom = sys.argv[1:]
sources = os.path.join(build, "sources")
failures = 0


def told(ok, what, why):
    global failures
    failures += not ok
    print("PASS sources: %s" % what if ok else "FAIL sources: %s: %s" % (
        what, why))


def laid_down():
    """{file: sha256} of all that is there, as its list says."""
    with open(os.path.join(sources, "SHA256SUMS")) as f:
        pairs = [line.rstrip("\n").split("  ", 1) for line in f]
    return {os.path.basename(path): sum_ for sum_, path in pairs}


def every_source_is_there():
    there = laid_down()
    with open(sbom) as f:
        wanted = {
            p["name"].rsplit(":", 1)[1]: p["value"].split(":")[1]
            for c in json.load(f)["components"]
            for p in c.get("properties", ())}
    wrong = sorted(n for n, s in wanted.items() if there.get(n) != s)
    told(wanted and not wrong, "%d files of components" % len(wanted),
         ", ".join(wrong))
    missing = os.path.join(sources, "MISSING")
    if os.path.exists(missing):
        with open(missing) as f:
            print("SKIP sources: the archive has no %s" % ", ".join(
                line.strip() for line in f))
    else:
        told(any(n.startswith("linux_") for n in there), "the kernel's", there)
    sums = subprocess.run(["sha256sum", "--status", "-c", "SHA256SUMS"],
                          cwd=sources)
    told(sums.returncode == 0, "their sums", "wrong")


def programs_can_be_linked():
    out = os.path.join(build, "relinked")
    run = subprocess.run(
        [os.path.join(sources, "relink/relink.sh"),
         os.path.join(build, "tools/musl-cc"), out],
        stdout=subprocess.PIPE, text=True)
    names = sorted(os.listdir(out))
    told(run.returncode == 0 and "xenopsd" in names, "linked anew", names)
    for name in names:
        told(filecmp.cmp(os.path.join(out, name),
                         os.path.join(build, "musl", name), shallow=False),
             name + " is the same again", "it differs")


every_source_is_there()
programs_can_be_linked()
sys.exit(1 if failures else 0)
