# mkfs.fat: the EFI system partition of an installed host
dosfstools_SOURCE := -o dosfstools
dosfstools_LICENCE := GPL-3.0-or-later
dosfstools_NEEDS := musl
define dosfstools_BUILD
CC=$MCC CFLAGS="$OPT" LDFLAGS="-static -Wl,--gc-sections" ./configure \
	--host=x86_64-linux-musl --without-udev --without-iconv \
	--disable-compat-symlinks
make $J $NA
mkdir -p "$P/bin"
cp src/mkfs.fat "$P/bin/"
endef
