# musl: libc of the control domain.  From source, because Debian's package
# deletes crypt().  With the kernel's headers.
musl_SOURCE := musl
musl_LICENCE := MIT
musl_DEBS := linux-libc-dev
define musl_BUILD
CC=gcc CFLAGS=-O2 ./configure --prefix=/MUSLROOT --disable-shared \
	--enable-wrapper=gcc
make $J
make DESTDIR="$P" install
mv "$P"/MUSLROOT/* "$P/"
rmdir "$P/MUSLROOT"
rm -r "$P/bin"
for d in $DEBS; do dpkg -x "$d" ../kernel; done
# asm is a tree of symlinks; xen/ is left to Xen's own headers
cp -aL ../kernel/usr/include/linux ../kernel/usr/include/asm-generic \
	../kernel/usr/include/mtd \
	../kernel/usr/include/x86_64-linux-gnu/asm "$P/include/"
endef
