# libxml2: requests and the answer file.  No network, no files by URL.
libxml2_SOURCE := libxml2
libxml2_LICENCE := MIT
libxml2_NEEDS := musl
define libxml2_BUILD
CC=$MCC CFLAGS="$OPT" LDFLAGS=-static ./configure --host=x86_64-linux-musl \
	--prefix="$P" --enable-static --disable-shared --with-minimum \
	--with-sax1 --with-reader --with-writer --with-tree --with-output \
	--with-push --with-pattern --with-threads --without-python \
	--without-lzma --without-zlib --without-iconv --without-icu \
	--without-http --without-ftp
make $J $NA libxml2.la
make $NA -C include install
mkdir -p "$P/lib/pkgconfig"
cp .libs/libxml2.a "$P/lib/"
cp libxml-2.0.pc "$P/lib/pkgconfig/"
endef
