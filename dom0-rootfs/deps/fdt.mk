# libfdt: QEMU's board for device trees wants it, whether it is built or not
fdt_SOURCE := -o device-tree-compiler
fdt_LICENCE := GPL-2.0-or-later OR BSD-2-Clause
fdt_NEEDS := musl
define fdt_BUILD
make $J CC="$MCC" CFLAGS="$OPT -I libfdt -I ." NO_PYTHON=1 NO_YAML=1 libfdt/libfdt.a
mkdir -p "$P/lib/pkgconfig" "$P/include"
cp libfdt/libfdt.a "$P/lib/"
cp libfdt/fdt.h libfdt/libfdt.h libfdt/libfdt_env.h "$P/include/"
{
	echo prefix=
	echo 'Name: libfdt'
	echo 'Description: flattened device trees'
	echo 'Version: 1.7.2'
	echo 'Libs: -L${prefix}/lib -lfdt'
	echo 'Cflags: -I${prefix}/include'
} >"$P/lib/pkgconfig/libfdt.pc"
endef
