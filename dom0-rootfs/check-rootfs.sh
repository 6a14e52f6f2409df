#!/bin/sh
# check-rootfs.sh BUILD: the image against its lists; started at the top.
set -eu

b=$1
top=$(dirname "$0")
bad=0

fail()
{
	echo "FAIL $1"
	bad=1
}

# each applet link is an applet
"$b/sysroot/bin/busybox" --list >"$b/dom0/applets"
sed -n 's;^l .*/\([^/ ]*\) 0777 root root \(/bin/\)\{0,1\}busybox$;\1;p' \
    "$top"/lists/*.list "$top"/initramfs/*.list | sort -u |
    while read -r name; do
	grep -qxF -- "$name" "$b/dom0/applets" || echo "$name"
done >"$b/dom0/applets.missing"
if [ -s "$b/dom0/applets.missing" ]; then
	fail "busybox has no $(tr '\n' ' ' <"$b/dom0/applets.missing")"
fi

# What the file system holds is what was listed: kind, mode, owner, path with a
# link's target.  unsquashfs speaks as ls does, with numbers for owners.
unsquashfs -lln "$b/rootfs.squashfs" | awk '$6 != "squashfs-root" {
	path = $6 ($7 == "->" ? " -> " $8 : "")
	sub(/^squashfs-root/, "", path)
	print $1, $2, path }' | LC_ALL=C sort >"$b/dom0/seen"
awk -F '[\t ]' -v skel="$top/skel/etc/" '
function ids(file, id,    line, a) {
	while ((getline line <(skel file)) > 0) {
		split(line, a, ":")
		id[a[1]] = a[3]
	}
}
function rwx(digit) {
	return (digit >= 4 ? "r" : "-") (digit % 4 >= 2 ? "w" : "-") \
	    (digit % 2 ? "x" : "-")
}
function kind_and_mode(kind, mode,    m) {
	m = rwx(substr(mode, 2, 1)) rwx(substr(mode, 3, 1)) \
	    rwx(substr(mode, 4, 1))
	if (substr(mode, 1, 1) == "1")
		sub(/x$/, "t", m)
	return (kind == "f" ? "-" : kind) m
}
BEGIN { ids("passwd", user); ids("group", group) }
{
	path = $7 ($1 == "l" ? " -> " $9 : "")
	print kind_and_mode($1, $2), user[$3] "/" group[$4], path
}' "$b/dom0/rootfs.listing" | LC_ALL=C sort >"$b/dom0/listed"
diff "$b/dom0/listed" "$b/dom0/seen" || fail "file system and listing differ"

# Our programs have the landing pads of -fcf-protection and the probes of
# -fstack-clash-protection, which none of the libraries in them has.
count()
{
	LC_ALL=C grep -oaP "$2" "$b/musl/$1" | wc -l
}
for program in xapi:50 xenopsd:50 bedplate-answers:4 bedplate-screen:4; do
	name=${program%:*}
	[ "$(count "$name" '\xf3\x0f\x1e\xfa')" -ge "${program#*:}" ] ||
	    fail "$name has no landing pads"
done
for name in xapi xenopsd; do
	[ "$(count "$name" '\x48\x83\x0c\x24\x00')" -ge 10 ] ||
	    fail "$name has no stack probes"
done

# all shell, in dom0 and of the build
find . -name .git -prune -o -path "./$b" -prune -o -name node_modules -prune \
    -o -type f -exec grep -lIZ '^#!/bin/sh' {} + |
    xargs -0 shellcheck -x -s sh || fail "shellcheck"

[ $bad -eq 0 ] && echo "PASS rootfs"
