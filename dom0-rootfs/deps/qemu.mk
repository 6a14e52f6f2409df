# QEMU as the device model of HVM guests: Xen alone runs them, so there is no
# emulation of a processor in it, and only the devices of the PC that a guest
# without drivers of its own needs.  10.0 of Debian's tarball; a few lines changed.
qemu_SOURCE := -o qemu
qemu_LICENCE := GPL-2.0-only
qemu_NEEDS := musl zlib yajl util-linux xz zstd xen pcre2 glib pixman fdt
qemu_DEBS := meson python3-pycotap
qemu_FILES := $(sort $(wildcard dom0-rootfs/deps/[0-9]*-qemu-*.patch))
define qemu_BUILD
for d in $DEBS; do
	dpkg -x "$d" "$PWD/../meson"
done
export PYTHONPATH="$PWD/../meson/usr/lib/python3/dist-packages"
export PATH="$PWD/../meson/usr/bin:$PATH" LIBRARY_PATH="$OUT/lib"

for f in $FILES; do
	patch -p1 <"$f"
done

# libxenctrl and the others have no .pc of their own without an installation
mkdir ../pc
export PKG_CONFIG_LIBDIR="$PWD/../pc:$OUT/lib/pkgconfig"
for l in control:ctrl store:store foreignmemory:foreignmemory \
    gnttab:gnttab evtchn:evtchn devicemodel:devicemodel toolcore:toolcore; do
	{
		echo "Name: xen${l%:*}"
		echo "Description: Xen"
		echo "Version: 4.20.0"
		echo "Libs: -L$OUT/lib -lxen${l#*:} -lxencall -lxentoollog -lxentoolcore"
		echo "Cflags: -I$OUT/include"
	} >"../pc/xen${l%:*}.pc"
done
# the tarball is without these firmwares
sed -i 's/^if unpack_edk2_blobs/if false/' pc-bios/meson.build
# The tables of its cache of guests' memory grow with this: 384 MiB each for
# grants, which dom0 (256 MiB) does not promise.  As on 32-bit machines: 24 MiB.
sed -i 's/^#  define MCACHE_MAX_SIZE     (1UL<<35).*/#  define MCACHE_MAX_SIZE (1UL<<31)/' \
	hw/xen/xen-mapcache.c
grep -q 'MCACHE_MAX_SIZE (1UL<<31)$' hw/xen/xen-mapcache.c
# Once restricted it reads nothing from xenstore, takes the paravirtual keyboard
# for gone and then for new again, and ends itself: USB's is enough.
sed -i '/xen_be_register("vkbd"/d' hw/display/xenfb.c
! grep -q '"vkbd"' hw/display/xenfb.c
# A drive's new medium comes as a descriptor of a block device.  The name by which
# it is opened then, /dev/fdset/N, is nowhere to be looked at, and would be taken
# for a file's.  Nobody is called /dev/cdrom here.
sed -i '/^static int hdev_probe_device/,/^}/s,"/dev/cdrom","/dev/fdset/",' \
	block/file-posix.c
grep -q 'strstart(filename, "/dev/fdset/"' block/file-posix.c
for d in I440FX VGA_PCI VGA_CIRRUS E1000_PCI RTL8139_PCI USB_UHCI \
    USB_HID; do
	echo "CONFIG_$d=y"
done >>configs/devices/i386-softmmu/default.mak
mkdir b
cd b
../configure --static --cc="$MCC" --host-cc=gcc --cross-prefix= \
	--prefix=/usr --extra-cflags="-O2 -g0 -I$OUT/include" \
	--extra-ldflags="-L$OUT/lib" --disable-download \
	--target-list=i386-softmmu --without-default-features \
	--without-default-devices --enable-xen --disable-tcg --disable-kvm \
	--enable-vnc --enable-fdt=system --enable-pixman \
	--disable-install-blobs --disable-werror --disable-docs \
	--disable-tools --disable-guest-agent --audio-drv-list=
ninja -j$(nproc) qemu-system-i386
mkdir -p "$P/bin" "$P/lib/qemu"
cp qemu-system-i386 "$P/bin/"
# without one it does not start, "-vnc none" or not
cp ../pc-bios/keymaps/en-us "$P/lib/qemu/"
endef
