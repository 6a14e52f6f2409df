#!/usr/bin/env python3
"""Do Xen, Xen's tools and the kernel belong together?

usage: check-versions.py PKGROOT SYSROOT ORIGIN

PKGROOT holds the unpacked hypervisor, its own headers (libxen-dev) and the
kernel, SYSROOT the tools built from source (include/xen), ORIGIN names the
source they came from.  That the running hypervisor takes the tools' calls is
tested by the appliance's boot.
"""

import glob
import gzip
import os
import re
import sys

# the headers with what only matching tools may call
INTERFACES = ("domctl", "sysctl")
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


def package_version(pkg, name):
    m = re.search(r"\t%s (\S+)$" % name, read(os.path.join(pkg, "ORIGIN")),
                  re.M)
    if not m:
        sys.exit("FAIL versions: no package '%s'" % name)
    return m.group(1)


def interface(folder, which):
    text = read(os.path.join(folder, "include/xen", which + ".h"))
    m = re.search(r"#define XEN_%s_INTERFACE_VERSION\s+0x(\w+)"
                  % which.upper(), text)
    if not m:
        sys.exit("FAIL versions: no version in '%s' of %s" % (which, folder))
    return int(m.group(1), 16)


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
    expect(package_version(pkg, "xen-hypervisor-4.20-amd64") ==
           package_version(pkg, "libxen-dev"), "Xen's headers are of another")
    for which in INTERFACES:
        ours = interface(sysroot, which)
        xens = interface(os.path.join(pkg, "usr"), which)
        expect(ours == xens, "%s interface of the tools is %#x, of Xen %#x"
               % (which, ours, xens))

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
