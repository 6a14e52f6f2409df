# liblzma, decoder only: Xen's loader reads compressed kernels
xz_SOURCE := xz-utils
xz_LICENCE := 0BSD
xz_NEEDS := musl
define xz_BUILD
CC=$MCC CFLAGS="$OPT" LDFLAGS=-static ./configure --host=x86_64-linux-musl \
	--prefix="$P" --disable-shared --disable-xz --disable-xzdec \
	--disable-lzmadec --disable-lzmainfo --disable-lzma-links \
	--disable-scripts --disable-doc --disable-nls --disable-encoders \
	--disable-threads
make $J $NA -C src/liblzma
make $NA -C src/liblzma install
rm -f "$P"/lib/*.la
endef
