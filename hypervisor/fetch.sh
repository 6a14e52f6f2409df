#!/bin/sh
# fetch.sh APT PKG...: downloads the packages with APT (dom0-rootfs/apt.sh) and
# prints their paths.  linux-image-amd64 stands for the kernel it depends on.
set -eu

apt=$1
shift
for pkg; do
	deb=$("$apt" deb "$pkg")
	if [ "$pkg" = linux-image-amd64 ]; then
		kernel=$(dpkg-deb -f "$deb" Depends |
		    sed -n 's/^\(linux-image-[^ ]*\) (= \(.*\))$/\1=\2/p')
		[ -n "$kernel" ] || {
			echo "fetch.sh: '$deb' names no kernel" >&2
			exit 1
		}
		deb=$("$apt" deb "$kernel")
	fi
	echo "$deb"
done
