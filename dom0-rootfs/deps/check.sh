#!/bin/sh
# check.sh SYSROOT MUSL-CC 'XEN LINK LINE': what must hold for the static
# builds.  One line PASS or FAIL each.
# shellcheck disable=SC2317 # t calls the functions
set -eu

here=$(dirname "$0")
root=$1
cc=$2
xen_libs=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# t NAME COMMAND...
t()
{
	n=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		echo "PASS deps: $n"
	else
		tail -n 20 "$tmp/out"
		echo "FAIL deps: $n"
		failed=1
	fi
}

no_interpreter()
{
	for f in "$root"/bin/*; do
		if readelf -lW "$f" | grep -E 'INTERP|NEEDED'; then
			echo "$f wants a loader"
			return 1
		fi
	done
}

# every program of the list is there, starts and knows its name
programs_start()
{
	"$root/bin/busybox" true || return 1
	for p in 'busybox --help' 'xenstored --help' 'xenconsoled --help' \
	    'lvm version --help' 'dmsetup --help' 'mke2fs -V' 'e2fsck -V' \
	    'pdata_tools thin_check -V' 'mdadm --version' 'xl help'; do
		# shellcheck disable=SC2086 # a command line
		"$root/bin/"$p >"$tmp/start" 2>&1 || :
		if ! [ -s "$tmp/start" ] || grep -qi 'segmentation\|not found' \
		    "$tmp/start"; then
			echo "does not start: $p"
			return 1
		fi
	done
}

applets()
{
	"$root/bin/busybox" --list >"$tmp/applets"
	for a in init runsvdir runsv sv svlogd chpst udhcpc ntpd getty login brctl ip modprobe \
	    mdev mount umount losetup blkid findfs wget vi less cryptpw \
	    switch_root ash awk sed tar tc vconfig poweroff reboot watchdog; do
		grep -qx "$a" "$tmp/applets" || { echo "no applet $a"; return 1; }
	done
	for a in httpd telnetd ftpd inetd; do
		! grep -qx "$a" "$tmp/applets" || { echo "applet $a"; return 1; }
	done
}

# without threads watches never wake a poll loop
xenstore_threads()
{
	nm "$root/lib/libxenstore.a" | grep -w 'U pthread_create'
}

# the loaders register in constructors; nothing refers to them by name
whole_xenguest()
{
	# shellcheck disable=SC2086 # words
	"$cc" -static-pie -fPIE -o "$tmp/xl" "$here/test-libxl.c" $xen_libs || return 1
	! readelf -lW "$tmp/xl" | grep INTERP || return 1
	for s in register_loader elf_loader bzimage_loader hvm_loader; do
		nm "$tmp/xl" | grep -q "$s" || { echo "no $s"; return 1; }
	done
	"$tmp/xl" | grep .
}

# all the libraries of the daemons in one program; crypt() and KTLS are there
one_daemon()
{
	# shellcheck disable=SC2046 # words
	"$cc" -static-pie -fPIE -o "$tmp/d" "$here/test-daemon.c" \
	    $(PKG_CONFIG_LIBDIR="$root/lib/pkgconfig" pkg-config --static \
	    --cflags --libs libssl sqlite3 libxml-2.0) || return 1
	"$tmp/d"
}

origins()
{
	for f in "$root"/share/origin/*; do
		for k in name source licence sha256; do
			grep -q "^$k: ." "$f" || { echo "$f: no $k"; return 1; }
		done
	done
}

t 'no program has an interpreter' no_interpreter
t 'every program starts' programs_start
t 'BusyBox has the applets the appliance uses' applets
t 'libxenstore has threads' xenstore_threads
t 'a libxl program links and has all loaders' whole_xenguest
t 'a daemon with every library links and runs' one_daemon
t 'every component has its origin recorded' origins
exit "$failed"
