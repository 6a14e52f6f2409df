# glib's lowest layer for QEMU: no GObject and no GIO, so no libffi either.
# Meson is Debian trixie's: the build host's is too old for QEMU.
glib_SOURCE := -o glib2.0
glib_LICENCE := LGPL-2.1-or-later
glib_NEEDS := musl zlib pcre2
glib_DEBS := meson
glib_FILES := dom0-rootfs/deps/meson-cross.sh
define glib_BUILD
dpkg -x $DEBS "$PWD/../meson"
export PYTHONPATH="$PWD/../meson/usr/lib/python3/dist-packages"
sh $FILES >../cross
for d in gobject gthread gio girepository fuzzing docs/reference; do
	sed -i "s,^subdir('$d'),," meson.build
done
sed -i "s,^libffi_dep = .*,libffi_dep = []," meson.build
python3 "$PWD/../meson/usr/bin/meson" setup --cross-file ../cross \
	--prefix="$P" --libdir=lib --buildtype=plain --wrap-mode=nodownload \
	-Dtests=false -Dlibmount=disabled -Dselinux=disabled -Dxattr=false \
	-Dnls=disabled -Dlibelf=disabled -Dman-pages=disabled \
	-Dglib_debug=disabled -Dintrospection=disabled -Dsysprof=disabled \
	-Ddocumentation=false b
ninja -C b -j$(nproc) install
rm -rf "$P/bin" "$P/share" "$P/libexec"
endef
