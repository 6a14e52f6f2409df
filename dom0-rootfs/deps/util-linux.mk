# libuuid for libxl, libblkid
util-linux_SOURCE := util-linux
util-linux_LICENCE := BSD-3-Clause AND LGPL-2.1-or-later
util-linux_NEEDS := musl
define util-linux_BUILD
CC=$MCC CFLAGS="$OPT" LDFLAGS=-static ./configure --host=x86_64-linux-musl \
	--localstatedir=/var --disable-all-programs --enable-libuuid \
	--enable-libblkid --disable-shared --disable-nls --without-python \
	--without-systemd --without-udev --without-tinfo --without-ncurses \
	--without-ncursesw --disable-bash-completion
make $J $NA libuuid.la libblkid.la
mkdir -p "$P/lib/pkgconfig" "$P/include/uuid" "$P/include/blkid"
cp .libs/libuuid.a .libs/libblkid.a "$P/lib/"
cp libuuid/src/uuid.h "$P/include/uuid/"
cp libblkid/src/blkid.h "$P/include/blkid/"
for n in uuid blkid; do
	{
		echo prefix=
		echo "Name: $n"
		echo "Description: $n"
		echo "Version: $(sed -n "s/^PACKAGE_VERSION = //p" Makefile)"
		echo "Libs: -L\${prefix}/lib -l$n"
		echo "Cflags: -I\${prefix}/include -I\${prefix}/include/$n"
	} >"$P/lib/pkgconfig/$n.pc"
done
endef
