# yajl: libxl's JSON
yajl_SOURCE := -o yajl
yajl_LICENCE := ISC
yajl_NEEDS := musl
define yajl_BUILD
cmake -S . -B b -DCMAKE_C_COMPILER="$MCC" -DCMAKE_C_FLAGS="$OPT" \
	-DBUILD_SHARED_LIBS=OFF -DCMAKE_EXE_LINKER_FLAGS=-static \
	-DCMAKE_POLICY_VERSION_MINIMUM=3.5
make -C b $J yajl_s
mkdir -p "$P/lib/pkgconfig" "$P/include/yajl"
cp "$(find b -name libyajl_s.a)" "$P/lib/libyajl.a"
cp b/yajl-*/include/yajl/*.h "$P/include/yajl/"
cat >"$P/lib/pkgconfig/yajl.pc" <<'EOF'
prefix=
Name: yajl
Description: JSON parser
Version: 2.1.0
Libs: -L${prefix}/lib -lyajl
Cflags: -I${prefix}/include
EOF
endef
