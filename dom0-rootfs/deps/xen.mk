# Xen's tools and libraries, the newest 4.20 source.  No patch.  The plain
# orig tarball: Debian's patches delete configure and rename libraries.  Where
# the mirror lacks the file of the newest source, the one before it.
xen_SOURCE := -o xen 4.20.* \
	4.20.3+127-gc42374a105-0+deb13u1@pool/main/x/xen/xen_4.20.3+127-gc42374a105.orig.tar.xz@df0831854a55a8f31cb3cb85036f2edc928e2ef098d77f815f5714bfafac68f3
xen_LICENCE := GPL-2.0-only AND LGPL-2.1-only
xen_NEEDS := musl zlib yajl util-linux xz zstd
define xen_BUILD
# argp is in a part that is not built; ncurses is xentop's, not built either
export ac_cv_header_argp_h=yes ac_cv_header_ncurses_h=yes \
	ac_cv_lib_ncurses_clear=yes
./configure --host=x86_64-linux-musl --build=x86_64-pc-linux-gnu --prefix=/usr \
	--libdir=/usr/lib --sysconfdir=/etc --localstatedir=/var \
	--with-rundir=/run --enable-tools --disable-xen --disable-docs \
	--disable-stubdom --disable-ocamltools --disable-golang \
	--disable-xsmpolicy --disable-monitors --disable-ipxe \
	--disable-rombios --disable-seabios --disable-ovmf --disable-pvshim \
	--with-system-qemu=/usr/lib/xen/bin/qemu-system-i386 \
	--with-system-seabios=/usr/lib/xen/boot/seabios.bin \
	--with-xenstored=xenstored CC="$MCC" PREPEND_INCLUDES="$OUT/include" \
	PREPEND_LIB="$OUT/lib" LDFLAGS=-static
# their generated scanners are in the tarball
touch tools/libs/util/libxlu_*_[yl].[ch]
xmake()
{
	make $J CC="$MCC" HOSTCC=gcc nosharedlibs=y LDFLAGS=-static-pie \
		EXTRA_CFLAGS_XEN_TOOLS=-fstack-protector-strong "$@"
}
L=$PWD/tools/libs
xmake -C tools/include
# threads: without them watches never wake a poll loop
for l in toolcore toollog call evtchn gnttab foreignmemory devicemodel hypfs \
    ctrl guest store; do
	xmake -C "$L/$l" "libxen$l.a" CFLAGS_xs.o=-DUSE_PTHREAD
done
xmake -C "$L/light" libxenlight.a
xmake -C "$L/util" libxlutil.a

base="$L/ctrl/libxenctrl.a $L/store/libxenstore.a $L/hypfs/libxenhypfs.a
$L/devicemodel/libxendevicemodel.a $L/foreignmemory/libxenforeignmemory.a
$L/gnttab/libxengnttab.a $L/evtchn/libxenevtchn.a $L/call/libxencall.a
$L/toolcore/libxentoolcore.a $L/toollog/libxentoollog.a"
base=$(echo $base)
other="-L$OUT/lib -lyajl -luuid -lz -llzma -lzstd"
few="-Wl,--start-group $base -Wl,--end-group"
# loaders register in constructors of libxenguest: the whole of it
all="-Wl,--start-group $L/util/libxlutil.a $L/light/libxenlight.a \
-Wl,--whole-archive $L/guest/libxenguest.a -Wl,--no-whole-archive \
$base $other -Wl,--end-group"
some="-Wl,--start-group $L/guest/libxenguest.a $base $other -Wl,--end-group"
xmake -C tools/xl APPEND_LDFLAGS="$all" xl
xmake -C tools/helpers APPEND_LDFLAGS="$all" xen-init-dom0
xmake -C tools/xenstored APPEND_LDFLAGS="$few" xenstored
xmake -C tools/xs-clients APPEND_LDFLAGS="$some" xenstore xenstore-control
xmake -C tools/console/daemon APPEND_LDFLAGS="$few" xenconsoled
xmake -C tools/console/client APPEND_LDFLAGS="$few" xenconsole
xmake -C "$L/light" libxl_save_helper.o _libxl_save_msgs_helper.o
(cd "$L/light" && "$MCC" -static-pie -o libxl-save-helper libxl_save_helper.o \
	_libxl_save_msgs_helper.o $all)

mkdir -p "$P/bin" "$P/lib" "$P/include"
cp tools/xl/xl tools/helpers/xen-init-dom0 tools/xenstored/xenstored \
	tools/xs-clients/xenstore tools/xs-clients/xenstore-control \
	tools/console/daemon/xenconsoled tools/console/client/xenconsole \
	"$L/light/libxl-save-helper" "$P/bin/"
for l in toolcore toollog call evtchn gnttab foreignmemory devicemodel hypfs \
    ctrl guest store; do
	cp "$L/$l/libxen$l.a" "$P/lib/"
done
cp "$L/light/libxenlight.a" "$L/util/libxlutil.a" "$P/lib/"
cp tools/include/*.h "$P/include/"
cp -aL tools/include/xen "$P/include/"
# the hypervisor's own, and they name this machine's folders
rm -r "$P/include/xen/lib" "$P/include/xen/asm"
endef
