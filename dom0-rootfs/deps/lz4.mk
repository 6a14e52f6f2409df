# lz4: for the pool's log.  Like libuv and raft built twice: for the image, and
# in lib/host, include/host for tests on the build host.
lz4_SOURCE := lz4
lz4_LICENCE := BSD-2-Clause
lz4_NEEDS := musl
define lz4_BUILD
make -C lib $J liblz4.a CC="$MCC" CFLAGS="$OPT"
mkdir -p "$P/lib/pkgconfig" "$P/include"
cp lib/liblz4.a "$P/lib/"
cp lib/lz4.h lib/lz4hc.h lib/lz4frame.h "$P/include/"
make -C lib clean
make -C lib $J liblz4.a CC=gcc CFLAGS="$OPT"
mkdir -p "$P/lib/host" "$P/include/host"
cp lib/liblz4.a "$P/lib/host/"
cp "$P"/include/lz4*.h "$P/include/host/"
cat >"$P/lib/pkgconfig/liblz4.pc" <<'EOF'
prefix=
Name: liblz4
Description: lz4
Version: 1.10.0
Libs: -L${prefix}/lib -llz4
Cflags: -I${prefix}/include
EOF
endef
