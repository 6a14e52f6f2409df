"""Builds the disk of a small Linux guest: an ext4 file system with GRUB's
configuration, the kernel that the image is made of, and an initramfs of
BusyBox; an HVM guest's is one that a BIOS boots.  Its console takes commands,
one a line; it says "I am up" once it has asked for an address.
"""

import gzip
import lzma
import os
import shutil
import stat
import struct
import subprocess
import tempfile

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
HYPERVISOR = os.path.join(ROOT, "build", "hypervisor")
BUSYBOX = os.path.join(ROOT, "build", "sysroot", "bin", "busybox")
# in the order in which they are loaded
MODULES = ("drivers/block/xen-blkfront.ko.xz", "drivers/net/xen-netfront.ko.xz")
# for the drive, in which an HVM guest sees what a PV driver would not show
DRIVE_MODULES = MODULES + (
    "drivers/cdrom/cdrom.ko.xz", "drivers/scsi/scsi_common.ko.xz",
    "drivers/scsi/scsi_mod.ko.xz", "drivers/scsi/sr_mod.ko.xz",
    "drivers/ata/libata.ko.xz", "drivers/ata/ata_piix.ko.xz")

INIT = """#!/bin/busybox sh
for a in $(/bin/busybox --list); do
	[ "$a" = busybox ] || /bin/busybox ln -s busybox "/bin/$a"
done
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for m in /*.ko; do insmod $m; done
ip link set lo up
if [ -d /sys/class/net/eth0 ]; then
	ip link set eth0 up
	udhcpc -i eth0 -q -n -f -t 10 -T 2 -A 1 -s /dhcp
fi
echo "boot count $(cat /proc/sys/kernel/random/boot_id)"
echo "I am up"
while read -r line; do
	# one that came mutilated over a serial port is an error of its own
	(eval "$line")
done </dev/console
exec sh
"""

DHCP = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/24" dev "$interface"
echo "guest address $ip"
"""

# The kernel calls this when it is asked to shut down.
POWEROFF = """#!/bin/busybox sh
exec /bin/busybox poweroff -f
"""

# GRUB for PV loads a kernel unpacked by itself, and knows no zstd.
GRUB_CFG = """set timeout=0
menuentry guest {
	if [ "$grub_platform" = xen ]; then set kernel=/boot/vmlinux.gz
	else set kernel=/boot/vmlinuz
	fi
	linux $kernel console=hvc0 panic=5 quiet
	initrd /boot/initrd
}
"""


# An HVM guest's GRUB is started by its BIOS, and reads the disk through it.
BIOS_GRUB_CFG = """set timeout=0
serial --unit=0 --speed=115200
terminal_output serial console
menuentry guest {
	linux /boot/vmlinuz console=ttyS0 panic=5 quiet
	initrd /boot/initrd
}
"""


# A UEFI loads it from the removable path; a PVH guest's has no serial port.
UEFI_GRUB_CFG = """set timeout=0
menuentry guest {
	linux /boot/vmlinuz console=%s panic=5 quiet
	initrd /boot/initrd
}
"""
UEFI_GRUB_MODULES = ("fat", "normal", "linux", "configfile")


def _entry(out, name, mode, data=b"", rdev=(0, 0)):
    """One file of a cpio archive in newc format."""
    name = name.encode() + b"\0"
    fields = (_entry.ino, mode, 0, 0, 1, 0, len(data), 0, 0) + rdev + (
        len(name), 0)
    _entry.ino += 1
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name
    out.write(head + b"\0" * (-len(head) % 4))
    out.write(data + b"\0" * (-len(data) % 4))


_entry.ino = 1


def _module(path):
    base = os.path.join(HYPERVISOR, "pkg", "usr", "lib", "modules")
    version = os.listdir(base)[0]
    with lzma.open(os.path.join(base, version, "kernel", path)) as f:
        return f.read()


def initramfs(path, modules=MODULES):
    with open(BUSYBOX, "rb") as f:
        busybox = f.read()
    with open(path, "wb") as out:
        for folder in ("bin", "sbin", "proc", "sys", "dev"):
            _entry(out, folder, stat.S_IFDIR | 0o755)
        _entry(out, "dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))
        for name, text in (("init", INIT), ("dhcp", DHCP),
                           ("sbin/poweroff", POWEROFF)):
            _entry(out, name, stat.S_IFREG | 0o755, text.encode())
        _entry(out, "bin/busybox", stat.S_IFREG | 0o755, busybox)
        for i, m in enumerate(modules):
            _entry(out, "%d-%s" % (i, os.path.basename(m)[:-3]),
                   stat.S_IFREG | 0o644, _module(m))
        _entry(out, "TRAILER!!!", 0)


def unpacked_kernel(path):
    """The ELF file inside of the kernel, in a packing that GRUB knows."""
    with open(os.path.join(HYPERVISOR, "vmlinuz"), "rb") as f:
        image = f.read()
    # boot protocol: sectors of set-up code, place and length of the payload
    start = (image[0x1F1] + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[start + offset:start + offset + length - 4]
    kernel = subprocess.run(["zstd", "-dc"], input=payload, check=True,
                            stdout=subprocess.PIPE).stdout
    with gzip.GzipFile(path, "wb", 6, mtime=0) as f:
        f.write(kernel)


def _boot_folder(root, grub_cfg, modules=MODULES):
    """What GRUB starts a guest by, below root."""
    boot = os.path.join(root, "boot")
    os.makedirs(os.path.join(boot, "grub"))
    shutil.copy(os.path.join(HYPERVISOR, "vmlinuz"),
                os.path.join(boot, "vmlinuz"))
    initramfs(os.path.join(boot, "initrd"), modules)
    with open(os.path.join(boot, "grub", "grub.cfg"), "w") as f:
        f.write(grub_cfg)


def disk(path, mib=48):
    """The guest's disk, a file system without partitions."""
    with tempfile.TemporaryDirectory() as d:
        _boot_folder(d, GRUB_CFG)
        unpacked_kernel(os.path.join(d, "boot", "vmlinux.gz"))
        with open(path, "wb") as f:
            f.truncate(mib << 20)
        subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-O",
                        "^metadata_csum_seed,^orphan_file,^has_journal",
                        "-d", d, path], check=True)
    return path


def bios_disk(path, mib=64):
    """A disk that a BIOS boots, without partitions of ours."""
    with tempfile.TemporaryDirectory() as d:
        _boot_folder(d, BIOS_GRUB_CFG, DRIVE_MODULES)
        subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc",
                        "--fonts=", "--locales=", "--themes=", "-o", path, d],
                       check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    os.truncate(path, mib << 20)
    return path


def uefi_disk(path, console, mib=64):
    """A disk that a UEFI boots, a FAT without partitions."""
    env = dict(os.environ, MTOOLS_SKIP_CHECK="1")
    with tempfile.TemporaryDirectory() as d:
        _boot_folder(d, UEFI_GRUB_CFG % console)
        os.makedirs(os.path.join(d, "EFI", "BOOT"))
        subprocess.run(["grub-mkimage", "-O", "x86_64-efi", "-p", "/boot/grub",
                        "-o", os.path.join(d, "EFI", "BOOT", "BOOTX64.EFI"),
                        *UEFI_GRUB_MODULES], check=True)
        with open(path, "wb") as f:
            f.truncate(mib << 20)
        subprocess.run(["mformat", "-i", path, "::"], check=True, env=env)
        subprocess.run(["mcopy", "-s", "-i", path, os.path.join(d, "EFI"),
                        os.path.join(d, "boot"), "::"], check=True, env=env)
    return path
