# libfdisk and what it stands on, for the installer: partition tables, and what
# lies on a disk.  From util-linux's source, but apart from util-linux.mk, which
# much else is built against.
libfdisk_SOURCE := util-linux
libfdisk_LICENCE := BSD-3-Clause AND LGPL-2.1-or-later
libfdisk_NEEDS := musl
define libfdisk_BUILD
CC=$MCC CFLAGS="$OPT" LDFLAGS=-static ./configure --host=x86_64-linux-musl \
	--localstatedir=/var --disable-all-programs --enable-libuuid \
	--enable-libblkid --enable-libfdisk --disable-shared --disable-nls \
	--without-python --without-systemd --without-udev --without-tinfo \
	--without-ncurses --without-ncursesw --disable-bash-completion
make $J $NA libuuid.la libblkid.la libfdisk.la
mkdir -p "$P/lib" "$P/include/libfdisk"
cp .libs/libfdisk.a "$P/lib/"
cp libfdisk/src/libfdisk.h "$P/include/libfdisk/"
endef
