# libuv: the event loop of the pool's log; for the image and for the host
libuv_SOURCE := libuv1
libuv_LICENCE := MIT
libuv_NEEDS := musl
define libuv_BUILD
build()
{
	cmake -S . -B "$1" -DCMAKE_C_COMPILER="$2" -DCMAKE_C_FLAGS="$OPT" \
		-DCMAKE_EXE_LINKER_FLAGS="$3" -DBUILD_TESTING=OFF \
		-DLIBUV_BUILD_TESTS=OFF -DLIBUV_BUILD_BENCH=OFF \
		-DLIBUV_BUILD_SHARED=OFF -DCMAKE_POLICY_VERSION_MINIMUM=3.5
	make -C "$1" $J uv_a
}
build image "$MCC" -static
build host gcc ''
mkdir -p "$P/lib/pkgconfig" "$P/lib/host" "$P/include/host"
cp image/libuv*.a "$P/lib/libuv.a"
cp host/libuv*.a "$P/lib/host/libuv.a"
cp -R include/uv.h include/uv "$P/include/"
cp -R include/uv.h include/uv "$P/include/host/"
cat >"$P/lib/pkgconfig/libuv.pc" <<'EOF'
prefix=
Name: libuv
Description: event loop
Version: 1.50.0
Libs: -L${prefix}/lib -luv -pthread
Cflags: -I${prefix}/include
EOF
endef
