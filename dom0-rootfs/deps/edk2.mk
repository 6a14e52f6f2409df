# The UEFI firmware of HVM and PVH guests: OvmfXen, which no Debian package has.
# Nothing of it is musl's.  Without network, shell and link-time optimization:
# guests start from their disks, and the build stays short.
edk2_SOURCE := -o edk2
edk2_LICENCE := BSD-2-Clause-Patent AND Apache-2.0 AND MIT
define edk2_BUILD
# what Debian mends, security first, is beside the tarball
tar -xf "$(sed -n 1p "${0%.sh}.src")"/*.debian.tar.xz
while read -r p; do
	patch -p1 <"debian/patches/$p"
done <debian/patches/series
# a newer compiler warns of more
sed -i 's/ -Werror / -Wno-error /' BaseTools/Conf/tools_def.template
export PYTHON_COMMAND=python3 WORKSPACE="$PWD" EDK_TOOLS_PATH="$PWD/BaseTools"
export PATH="$PWD/BaseTools/BinWrappers/PosixLike:$PATH"
make $J -C BaseTools ARCH=X64
bash -c ". ./edksetup.sh && build -n $(nproc) -a X64 -t GCCNOLTO -b RELEASE \
	-p OvmfPkg/OvmfXen.dsc -D BUILD_SHELL=FALSE -D NETWORK_ENABLE=FALSE"
mkdir -p "$P/lib/edk2"
cp Build/OvmfXen/RELEASE_GCCNOLTO/FV/OVMF.fd "$P/lib/edk2/"
endef
