#!/bin/sh
# keymaps.sh LIST FOLDER: every keyboard of LIST (lines NAME TEXT), of Debian's
# console-data, as the kernel has them: what BusyBox' loadkmap reads.  Prints
# their lines of the image's manifest; FOLDER.origin says whence they are.
set -eu
export LC_ALL=C

from=$(dpkg-query -W -f '${Package} ${Version}' console-data)
rm -rf "$2"
mkdir -p "$2"
while read -r name _; do
	loadkeys -q -u -b "$name" >"$2/$name" </dev/null
	printf 'keymaps/%s\t%s\n' "$name" "$from" >&3
	echo "f /usr/share/bedplate/keymaps/$name 0644 root root gen:keymaps/$name"
done <"$1" 3>"$2.origin"
