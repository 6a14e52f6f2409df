#!/usr/bin/env python3
"""Writes the bill of materials of the image: CycloneDX 1.5, JSON.

usage: sbom.py [options] >FILE

	--version V, --epoch S	of the image
	--origins DIR		of what is built from source: share/origin
	--needs DIR		build/deps: what each is linked with
	--leave-out NAME	built, but in no image
	--package NAME=VERSION	a Debian binary whose files are taken as they are
	--licences FILE		of Debian binaries
	--npm FILE		bundled in the console: name, version, licence
"""

import argparse
import fnmatch
import json
import os
import sys
import time
import urllib.parse
import uuid


class Bad(Exception):
    pass


def purl(name, version, arch):
    return "pkg:deb/debian/%s@%s?arch=%s" % (
        name, urllib.parse.quote(version, safe=""), arch)


def licences(path):
    """[(pattern, expression)] of a table."""
    out = []
    with open(path) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                out.append(line.rstrip("\n").split("\t"))
    return out


def binary(name, version, table):
    for pattern, licence in table:
        if fnmatch.fnmatchcase(name, pattern):
            return component(name, version, licence, "amd64")
    raise Bad("no licence of package '%s'" % name)


def component(name, version, licence, arch):
    ref = purl(name, version, arch)
    return {"type": "library", "bom-ref": ref, "name": name,
            "version": version, "purl": ref,
            "licenses": [{"expression": licence}]}


def bundled(path):
    """[component] of npm's packages."""
    out = []
    with open(path) as f:
        for line in f:
            name, version, licence = line.split(maxsplit=2)
            ref = "pkg:npm/%s@%s" % (name.replace("@", "%40"), version)
            out.append({"type": "library", "bom-ref": ref, "name": name,
                        "version": version, "purl": ref,
                        "licenses": [{"expression": licence.strip()}]})
    return out


def origin(path):
    """{key: [values]} of an ORIGIN file."""
    out = {}
    with open(path) as f:
        for line in f:
            key, value = line.rstrip("\n").split(": ", 1)
            out.setdefault(key, []).append(value)
    return out


def source_built(facts):
    """A component, and its build's Debian binaries [(name, version)]."""
    name, version = facts["source"][0].split(" ")
    c = component(name, version, facts["licence"][0], "source")
    # two components may be of one source, with other options
    if facts["name"][0] != name:
        c["bom-ref"] += "#" + facts["name"][0]
        c["description"] = facts["name"][0]
    c["properties"] = [
        {"name": "bedplate:source:" + line.split("  ")[1],
         "value": "sha256:" + line.split("  ")[0]}
        for line in facts["sha256"]]
    return c, [tuple(h.split(" ")) for h in facts.get("host", ())]


def needs(path):
    with open(path) as f:
        return [line.split()[1] for line in f if line.startswith("need ")]


def materials(args):
    """({bom-ref: component}, {bom-ref: [bom-refs]})."""
    table, built, all_, links = licences(args.licences), {}, {}, {}
    for name in sorted(os.listdir(args.origins)):
        if name in args.leave_out:
            continue
        built[name], host = source_built(
            origin(os.path.join(args.origins, name)))
        linked = [binary(*h, table) for h in host]
        for c in [built[name]] + linked:
            all_[c["bom-ref"]] = c
        links[built[name]["bom-ref"]] = [c["bom-ref"] for c in linked]
    for name, c in built.items():
        links[c["bom-ref"]] += [
            built[n]["bom-ref"]
            for n in needs(os.path.join(args.needs, name + ".in"))]
    for package in args.package:
        c = binary(*package.split("=", 1), table)
        all_[c["bom-ref"]] = c
    all_.update((c["bom-ref"], c) for c in bundled(args.npm))
    return all_, links


def bill(args):
    all_, links = materials(args)
    own = {"type": "operating-system", "bom-ref": "bedplate",
           "name": "Bedplate", "version": args.version,
           "licenses": [{"expression": "Apache-2.0"}]}
    refs = sorted(all_)
    depends = dict(links, bedplate=refs)
    doc = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                       time.gmtime(args.epoch)),
            "component": own},
        "components": [all_[r] for r in refs],
        "dependencies": [{"ref": r, "dependsOn": sorted(depends[r])}
                         for r in sorted(depends)]}
    text = json.dumps(doc, sort_keys=True)
    doc["serialNumber"] = "urn:uuid:%s" % uuid.uuid5(uuid.NAMESPACE_OID, text)
    return doc


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--version", required=True)
    p.add_argument("--epoch", required=True, type=int)
    p.add_argument("--origins", required=True)
    p.add_argument("--needs", required=True)
    p.add_argument("--licences", required=True)
    p.add_argument("--npm", required=True)
    p.add_argument("--leave-out", action="append", default=[])
    p.add_argument("--package", action="append", default=[])
    try:
        json.dump(bill(p.parse_args()), sys.stdout, indent=1, sort_keys=True)
    except Bad as e:
        sys.exit("sbom.py: %s" % e)
    print()


if __name__ == "__main__":
    main()
