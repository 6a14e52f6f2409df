# The QEMU of tests that boot guests by UEFI: Debian's, 7.2 to 10.0, ends itself
# when a guest's guest writes CR8 with an interrupt pending.  No part of the
# image: it lies in the cache, and $(LAB_QEMU) names it.
lab-qemu_SOURCE := -o qemu
lab-qemu_LICENCE := GPL-2.0-only
lab-qemu_DEBS := meson python3-pycotap
define lab-qemu_BUILD
for d in $DEBS; do
	dpkg -x "$d" "$PWD/../meson"
done
export PYTHONPATH="$PWD/../meson/usr/lib/python3/dist-packages"
export PATH="$PWD/../meson/usr/bin:$PATH"
unset PKG_CONFIG_LIBDIR
sed -i 's/^if unpack_edk2_blobs/if false/' pc-bios/meson.build
# what CR8 does to the virtual interrupt is under the big lock
f=target/i386/tcg/system/misc_helper.c
sed -i -e '/^            cpu_interrupt(cs, CPU_INTERRUPT_VIRQ);/{
i\            bql_lock();
a\            bql_unlock();
}' -e '/^            cpu_reset_interrupt(cs, CPU_INTERRUPT_VIRQ);/{
i\            bql_lock();
a\            bql_unlock();
}' $f
[ "$(grep -c 'bql_unlock' $f)" -ge 3 ]
mkdir b
cd b
../configure --disable-download --target-list=x86_64-softmmu \
	--without-default-features --enable-tcg --enable-slirp --enable-pixman \
	--disable-kvm --disable-install-blobs --disable-werror --disable-docs \
	--disable-tools --disable-guest-agent --audio-drv-list=
ninja -j$(nproc) qemu-system-x86_64
mkdir -p "$P/lab"
strip -o "$P/lab/qemu-system-x86_64" qemu-system-x86_64
endef
