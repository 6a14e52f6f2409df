mdadm_SOURCE := mdadm
mdadm_LICENCE := GPL-2.0-or-later
mdadm_NEEDS := musl
define mdadm_BUILD
# the default CWFLAGS carry -Werror
make $J CC="$MCC" CWFLAGS=-Wall LDFLAGS=-static UDEV_CFLAGS= LDLIBS= \
	CXFLAGS="-O2 -D_LARGEFILE64_SOURCE -DNO_COROSYNC -DNO_DLM -DNO_LIBUDEV" \
	mdadm
mkdir -p "$P/bin"
cp mdadm "$P/bin/"
endef
