# BusyBox: default configuration with the changes in busybox.config
busybox_SOURCE := busybox
busybox_LICENCE := GPL-2.0-only
busybox_NEEDS := musl
busybox_FILES := dom0-rootfs/busybox.config
define busybox_BUILD
make defconfig CC="$MCC" HOSTCC=gcc </dev/null
grep '^CONFIG_' "$FILES" >changes
while IFS='=' read -r k _; do
	sed -i "/^$k=/d; /^# $k is not set/d" .config
done <changes
sed 's/^\(CONFIG_[A-Z0-9_]*\)=n$/# \1 is not set/' changes >>.config
yes '' | make oldconfig CC="$MCC" HOSTCC=gcc >/dev/null
# oldconfig drops what it does not know or what cannot be
while read -r line; do
	case $line in
	*=n) ! grep -q "^${line%n}y" .config ;;
	*) grep -qxF "$line" .config ;;
	esac || { echo "busybox.config: not taken: $line"; exit 1; }
done <changes
make $J CC="$MCC" HOSTCC=gcc busybox
mkdir -p "$P/bin"
cp busybox "$P/bin/"
endef
