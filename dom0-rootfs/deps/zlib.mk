zlib_SOURCE := zlib
zlib_LICENCE := Zlib
zlib_NEEDS := musl
define zlib_BUILD
CC=$MCC CFLAGS="$OPT" ./configure --static --prefix="$P"
make $J libz.a
mkdir -p "$P/lib/pkgconfig" "$P/include"
cp libz.a "$P/lib/"
cp zlib.h zconf.h "$P/include/"
cp zlib.pc "$P/lib/pkgconfig/"
endef
