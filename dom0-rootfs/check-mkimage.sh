#!/bin/sh
# check-mkimage.sh: what mkimage.py promises to refuse, and that it packs what
# is in order.
set -eu

top=$(dirname "$0")
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
bad=0

# pack [LINE...]: an image of a passwd, a group and these
pack()
{
	{
		echo 'd /etc 0755 root root -'
		echo 'f /etc/passwd 0644 root root in:'
		echo 'f /etc/group 0644 root root in:'
		for line; do
			echo "$line"
		done
	} >"$d/list"
	"$top/mkimage.py" --epoch 1 --root "in=$d/in" --whole in \
	    --tar "$d/tar" --listing "$d/listing" "$d/list" >"$d/out" 2>&1
}

# refuses WHY [LINE...]: the build stops and says why
refuses()
{
	why=$1
	shift
	if ! pack "$@" && grep -q "$why" "$d/out"; then
		echo "PASS mkimage: $why"
	else
		echo "FAIL mkimage: $why: $(cat "$d/out")"
		bad=1
	fi
}

mkdir -p "$d/in/etc"
echo root:x:0:0::/: >"$d/in/etc/passwd"
echo root:x:0: >"$d/in/etc/group"
if pack 'l /etc/name 0777 root root passwd'; then
	echo "PASS mkimage: packs what is in order"
else
	echo "FAIL mkimage: $(cat "$d/out")"
	bad=1
fi
refuses 'no file' 'f /etc/absent 0644 root root in:'
refuses 'listed twice' 'f /etc/passwd 0600 root root in:'
refuses 'folder is not listed' 'l /bin/sh 0777 root root /etc/passwd'
refuses 'points to nothing' 'l /etc/sh 0777 root root busybox'
refuses 'cannot read' 'f /etc/passwd 0644 root'
echo more >"$d/in/etc/more"
refuses 'is in no list'
# the build host's own shell wants a loader
cp "$(readlink -f /bin/sh)" "$d/in/etc/more"
refuses 'is not static' 'f /etc/more 0755 root root in:'
exit $bad
