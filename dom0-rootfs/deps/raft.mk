# raft: consensus of the pool's log; for the image and for the host.  There is
# no configure in the tarball and none is needed.
raft_SOURCE := raft
raft_LICENCE := LGPL-3.0-only WITH LGPL-3.0-linking-exception
raft_NEEDS := musl libuv lz4
raft_FILES := $(sort $(wildcard dom0-rootfs/deps/[0-9]*-raft-*.patch))
define raft_BUILD
for f in $FILES; do
	patch -p1 <"$f"
done
sed 's/@enable_v0@/yes/' include/raft.h.in >include/raft.h
# what Makefile.am names as sources of the library: not the test fixture
sources=$(sed -n '/^libraft_la_SOURCES/,/[^\\]$/p' Makefile.am |
	grep -o 'src/[a-z_0-9]*\.c' | grep -v fixture | sort -u)
# -Isrc is not there: src/assert.h would hide <assert.h>
build()
{
	mkdir "$1"
	for s in $sources; do
		"$2" $OPT -std=c11 -fno-omit-frame-pointer -D_GNU_SOURCE \
			-DHAVE_LINUX_IO_URING_H=1 -DHAVE_LINUX_AIO_ABI_H=1 \
			-DHAVE_DECL_RWF_NOWAIT=1 -DLZ4_AVAILABLE -DLZ4_ENABLED \
			-DV0_ENABLED -DHAVE_STDLIB_H=1 -DHAVE_STRING_H=1 \
			-DHAVE_ASSERT_H=1 -DHAVE_STDIO_H=1 -DHAVE_UNISTD_H=1 \
			-Iinclude -I"$3" -c "$s" -o "$1/$(basename "$s" .c).o"
	done
	ar rcsD "$1/libraft.a" "$1"/*.o
}
build image "$MCC" "$OUT/include"
build host gcc "$OUT/include/host"
mkdir -p "$P/lib/pkgconfig" "$P/lib/host"
for d in include include/host; do
	mkdir -p "$P/$d/raft"
	cp include/raft.h "$P/$d/"
	cp include/raft/uv.h "$P/$d/raft/"
done
cp image/libraft.a "$P/lib/"
cp host/libraft.a "$P/lib/host/"
cat >"$P/lib/pkgconfig/raft.pc" <<'EOF'
prefix=
Name: raft
Description: consensus
Version: 0.22.1
Libs: -L${prefix}/lib -lraft -luv -llz4 -pthread
Cflags: -I${prefix}/include
EOF
endef
