# LVM2 with thin pools, dmsetup.  Two things musl lacks: mallinfo(), and
# assignable stdin/stdout/stderr.
lvm2_SOURCE := lvm2
lvm2_LICENCE := GPL-2.0-only AND LGPL-2.1-only
lvm2_NEEDS := musl libaio util-linux
define lvm2_BUILD
cat >mallinfo-shim.h <<'EOF'
struct mallinfo {
	int hblks;
};
static inline struct mallinfo
mallinfo(void)
{
	return (struct mallinfo){ 0 };
}
EOF
sed -i 's/!(\(std[a-z]*\) = fopen(_PATH_DEVNULL, \("[rw]"\)))/!freopen(_PATH_DEVNULL, \2, \1)/' \
	tools/lvmcmdline.c
grep -q 'freopen(_PATH_DEVNULL' tools/lvmcmdline.c
CC=$MCC CFLAGS="$OPT -include $PWD/mallinfo-shim.h -I$OUT/include" \
LDFLAGS="-L$OUT/lib" CLDFLAGS="-L$OUT/lib" ./configure \
	--host=x86_64-linux-musl --enable-static_link --disable-readline \
	--disable-editline --disable-udev_sync --disable-udev_rules \
	--disable-selinux --disable-blkid_wiping --disable-dmeventd \
	--disable-lvmpolld --disable-use-lvmlockd --disable-nls \
	--disable-dbus-service --disable-notify-dbus --disable-cmdlib \
	--disable-applib --disable-lvmdbusd --without-systemd-run \
	--with-thin=internal --with-cache=internal --with-vdo=none \
	--with-writecache=none --with-integrity=none \
	--with-default-pid-dir=/run --with-default-run-dir=/run/lvm \
	--with-default-locking-dir=/run/lock/lvm \
	ac_cv_func_malloc_0_nonnull=yes ac_cv_func_realloc_0_nonnull=yes \
	ac_cv_path_MODPROBE_CMD=/sbin/modprobe \
	ac_cv_path_THIN_CHECK_CMD=/usr/sbin/thin_check \
	ac_cv_path_THIN_DUMP_CMD=/usr/sbin/thin_dump \
	ac_cv_path_THIN_REPAIR_CMD=/usr/sbin/thin_repair
make $J $NA tools
make $J $NA -C libdm
make $J $NA -C libdm/dm-tools dmsetup.static
mkdir -p "$P/bin"
cp tools/lvm.static "$P/bin/lvm"
cp libdm/dm-tools/dmsetup.static "$P/bin/dmsetup"
endef
