# pcre2: glib's regular expressions; nothing else uses it
pcre2_SOURCE := -o pcre2
pcre2_LICENCE := BSD-3-Clause
pcre2_NEEDS := musl
define pcre2_BUILD
cmake -S . -B b -DCMAKE_C_COMPILER="$MCC" -DCMAKE_C_FLAGS="$OPT" \
	-DBUILD_SHARED_LIBS=OFF -DPCRE2_BUILD_TESTS=OFF \
	-DPCRE2_BUILD_PCRE2GREP=OFF -DPCRE2_SUPPORT_JIT=OFF \
	-DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DCMAKE_INSTALL_PREFIX="$P" \
	-DCMAKE_INSTALL_LIBDIR=lib
make -C b $J install
rm -rf "$P/bin" "$P/lib/cmake" "$P/share" "$P"/lib/libpcre2-posix.a \
	"$P/cmake" "$P/man"
endef
