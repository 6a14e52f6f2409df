#!/usr/bin/env python3
"""Do Xen, Xen's tools and the kernel belong together?

usage: check-versions.py PKGROOT SYSROOT ORIGIN

PKGROOT holds the unpacked hypervisor and kernel, SYSROOT the tools built from
source (include/xen), ORIGIN names the source they came from.  The hypervisor
binary keeps no interface version that could be read without running it: what
is compared is the release (4.20) of both, the interface versions of the tools
with those known for that release, and that the kernel can be dom0.  That the
running hypervisor takes the tools' calls is tested by the appliance's boot.
"""

import glob
import gzip
import os
import re
import sys

# XEN_{DOMCTL,SYSCTL}_INTERFACE_VERSION of a release never change after it
INTERFACES = {"4.20": {"domctl": 0x17, "sysctl": 0x15}}
KERNEL_OPTIONS = ("CONFIG_XEN_DOM0=y", "CONFIG_XEN_PV=y", "CONFIG_RD_XZ=y",
                  "CONFIG_SQUASHFS_XZ=y", "CONFIG_TLS=m",
                  "CONFIG_XEN_BLKDEV_BACKEND=m", "CONFIG_XEN_NETDEV_BACKEND=m")

failures = []


def expect(ok, text):
    if not ok:
        failures.append(text)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def hypervisor_release(pkg):
    """(4.20, 4.20.4+63-...) from the binary's own banner."""
    path, = glob.glob(os.path.join(pkg, "boot/xen-*-amd64.gz"))
    with gzip.open(path) as f:
        data = f.read()
    full = re.search(rb"\0(4\.\d+\.\d+[-+.\w]*)\0", data)
    if not full:
        sys.exit("FAIL versions: no version in '%s'" % path)
    full = full.group(1).decode()
    return ".".join(full.split(".")[:2]), full


def interface(sysroot, which):
    text = read(os.path.join(sysroot, "include/xen", which + ".h"))
    m = re.search(r"#define XEN_%s_INTERFACE_VERSION\s+0x(\w+)"
                  % which.upper(), text)
    return int(m.group(1), 16) if m else None


def tools_release(origin):
    m = re.search(r"^source: xen (\S+)", read(origin), re.M)
    if not m:
        sys.exit("FAIL versions: no source in '%s'" % origin)
    return ".".join(re.split(r"[.+]", m.group(1))[:2]), m.group(1)


def main():
    pkg, sysroot, origin = sys.argv[1:]
    xen, xen_full = hypervisor_release(pkg)
    tools, tools_full = tools_release(origin)
    expect(xen == tools, "Xen is %s, its tools %s" % (xen_full, tools_full))
    for which, want in INTERFACES.get(tools, {}).items():
        got = interface(sysroot, which)
        expect(got == want, "%s interface of the tools is %s, of Xen %s: %#x"
               % (which, got and hex(got), xen, want))
    expect(tools in INTERFACES, "interface versions of %s unknown" % tools)

    config, = glob.glob(os.path.join(pkg, "boot/config-*"))
    kernel = os.path.basename(config)[len("config-"):]
    options = read(config).splitlines()
    for option in KERNEL_OPTIONS:
        expect(option in options, "kernel %s lacks %s" % (kernel, option))
    modules = os.listdir(os.path.join(pkg, "usr/lib/modules"))
    expect(modules == [kernel], "kernel %s, modules %s" % (kernel, modules))
    expect(os.path.exists(os.path.join(pkg, "boot/vmlinuz-" + kernel)),
           "no vmlinuz of " + kernel)

    for text in failures:
        print("FAIL versions: " + text)
    if not failures:
        print("PASS versions: Xen %s, tools %s, kernel %s"
              % (xen_full, tools_full, kernel))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
