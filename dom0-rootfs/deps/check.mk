# check: runs the unit tests once more on musl; not in the image
check_SOURCE := check
check_LICENCE := LGPL-2.1-or-later
check_NEEDS := musl
define check_BUILD
cmake -S . -B b -DCMAKE_C_COMPILER="$MCC" -DCMAKE_C_FLAGS="$OPT" \
	-DBUILD_SHARED_LIBS=OFF -DCMAKE_EXE_LINKER_FLAGS=-static \
	-DCHECK_ENABLE_TESTS=OFF -DCHECK_ENABLE_SUBUNIT=OFF \
	-DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DCMAKE_INSTALL_PREFIX="$P" \
	-DCMAKE_INSTALL_LIBDIR=lib
make -C b $J install
rm -rf "$P/lib/cmake" "$P/bin" "$P/share" "$P"/lib/*.so*
endef
