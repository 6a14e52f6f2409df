# e2fsprogs: state partition and ext SRs
e2fsprogs_SOURCE := e2fsprogs
e2fsprogs_LICENCE := GPL-2.0-only AND LGPL-2.0-only AND BSD-3-Clause
e2fsprogs_NEEDS := musl util-linux
define e2fsprogs_BUILD
CC=$MCC CFLAGS="$OPT" LDFLAGS="-static -Wl,--gc-sections" ./configure \
	--host=x86_64-linux-musl --disable-nls --disable-fsck --disable-uuidd \
	--disable-defrag --disable-elf-shlibs --disable-fuse2fs \
	--disable-backtrace --disable-debugfs --disable-rpath --with-pthread
make $J libs
make $J progs
mkdir -p "$P/bin"
cp misc/mke2fs misc/tune2fs misc/dumpe2fs e2fsck/e2fsck resize/resize2fs \
	"$P/bin/"
ln -s mke2fs "$P/bin/mkfs.ext4"
ln -s e2fsck "$P/bin/fsck.ext4"
endef
