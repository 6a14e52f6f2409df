#!/usr/bin/env python3
"""The bill of materials has whatever the medium's manifest says files are from.

usage: check-sbom.py SBOM MANIFEST
"""

import json
import sys

sbom, manifest = sys.argv[1:]
with open(sbom) as f:
    doc = json.load(f)
components = doc["components"]
known = {c["name"] + " " + c["version"] for c in components}
refs = {c["bom-ref"] for c in components} | {
    doc["metadata"]["component"]["bom-ref"]}
bad = []

if len(refs) != len(components) + 1:
    bad.append("a component is there twice")
for c in components:
    if not all(c.get(k) for k in ("name", "version", "purl", "licenses")):
        bad.append("%s says too little" % c["bom-ref"])
for d in doc["dependencies"]:
    bad += ["%s needs %s, which is not there" % (d["ref"], r)
            for r in d["dependsOn"] + [d["ref"]] if r not in refs]
seen = set()
with open(manifest) as f:
    for line in f:
        if "\t" in line:
            seen.update(line.rstrip("\n").split("\t")[1].split(","))
seen.discard("bedplate")
bad += ["files of '%s', which is not in it" % s for s in sorted(seen - known)]
if len(seen) < 10:
    bad.append("only %d origins in %s" % (len(seen), manifest))

for why in bad:
    print("FAIL sbom: %s" % why)
if bad:
    sys.exit(1)
print("PASS sbom has all %d origins of files, %d components" % (
    len(seen), len(components)))
