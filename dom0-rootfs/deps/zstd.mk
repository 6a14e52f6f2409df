# libzstd, decoder only: Xen's loader reads compressed kernels
zstd_SOURCE := libzstd
zstd_LICENCE := BSD-3-Clause
zstd_NEEDS := musl
define zstd_BUILD
make -C lib $J CC="$MCC" CFLAGS="$OPT" ZSTD_LIB_COMPRESSION=0 \
	ZSTD_LIB_DICTBUILDER=0 ZSTD_LIB_DEPRECATED=0 ZSTD_NO_ASM=1 libzstd.a
mkdir -p "$P/lib/pkgconfig" "$P/include"
cp lib/libzstd.a "$P/lib/"
cp lib/zstd.h lib/zstd_errors.h "$P/include/"
cat >"$P/lib/pkgconfig/libzstd.pc" <<'EOF'
prefix=
Name: libzstd
Description: zstd decoder
Version: 1.5.7
Libs: -L${prefix}/lib -lzstd
Cflags: -I${prefix}/include
EOF
endef
