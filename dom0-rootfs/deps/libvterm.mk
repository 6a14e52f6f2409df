# libvterm: what a terminal shows, for the image and for the host; with it the
# font in which it is drawn, Terminus
libvterm_SOURCE := -o libvterm
libvterm_LICENCE := MIT AND OFL-1.1
libvterm_NEEDS := musl
libvterm_DEBS := console-setup-linux
libvterm_FILES := dom0-rootfs/deps/font.py
define libvterm_BUILD
build()
{
	mkdir -p "o/$1" "$3"
	for f in src/*.c; do
		"$2" -std=c99 $OPT -Iinclude -c "$f" \
			-o "o/$1/$(basename "$f" .c).o"
	done
	ar cqs "$3/libvterm.a" "o/$1"/*.o
}
build image "$MCC" "$P/lib"
build host gcc "$P/lib/host"
mkdir -p "$P/include" ../font
cp include/vterm.h include/vterm_keycodes.h "$P/include/"
dpkg -x $DEBS ../font
python3 $FILES ../font/usr/share/consolefonts/Uni2-Terminus16.psf.gz \
	>"$P/include/font_terminus.h"
endef
