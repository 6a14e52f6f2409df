# pixman: QEMU's picture of a guest's screen
pixman_SOURCE := -o pixman
pixman_LICENCE := MIT
pixman_NEEDS := musl
pixman_DEBS := meson
pixman_FILES := dom0-rootfs/deps/meson-cross.sh
define pixman_BUILD
dpkg -x $DEBS "$PWD/../meson"
export PYTHONPATH="$PWD/../meson/usr/lib/python3/dist-packages"
sh $FILES >../cross
python3 "$PWD/../meson/usr/bin/meson" setup --cross-file ../cross \
	--prefix="$P" --libdir=lib --buildtype=plain --wrap-mode=nodownload \
	-Dopenmp=disabled -Dgtk=disabled -Dlibpng=disabled -Dtests=disabled \
	-Ddemos=disabled b
ninja -C b -j$(nproc) install
endef
