# libaio: LVM's device reads
libaio_SOURCE := -o libaio
libaio_LICENCE := LGPL-2.1-or-later
libaio_NEEDS := musl
define libaio_BUILD
CFLAGS="$OPT" make -C src $J libaio.a CC="$MCC" ENABLE_SHARED=0
mkdir -p "$P/lib" "$P/include"
cp src/libaio.a "$P/lib/"
cp src/libaio.h "$P/include/"
endef
