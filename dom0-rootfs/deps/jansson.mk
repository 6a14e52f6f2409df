jansson_SOURCE := jansson
jansson_LICENCE := MIT
jansson_NEEDS := musl
define jansson_BUILD
cmake -S . -B b -DCMAKE_C_COMPILER="$MCC" -DCMAKE_C_FLAGS="$OPT" \
	-DBUILD_SHARED_LIBS=OFF -DJANSSON_BUILD_SHARED_LIBS=OFF \
	-DCMAKE_EXE_LINKER_FLAGS=-static -DJANSSON_EXAMPLES=OFF \
	-DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON \
	-DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DCMAKE_INSTALL_PREFIX="$P" \
	-DCMAKE_INSTALL_LIBDIR=lib
make -C b $J install
rm -rf "$P/lib/cmake"
sed -i 's,^\([a-z]*dir\)=.*/\(lib\|include\)$,\1=${prefix}/\2,' \
	"$P/lib/pkgconfig/jansson.pc"
endef
