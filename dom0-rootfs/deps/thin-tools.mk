# Thin-pool metadata tools, static against the host's glibc: Debian has no C++
# for musl, and from 1.x on they are Rust, so Debian 12's 0.9 it is.  One
# program, pdata_tools: `pdata_tools thin_check DEV`, or by a link's name.
thin-tools_SOURCE := thin-provisioning-tools 0.9.*
thin-tools_LICENCE := GPL-3.0-or-later
thin-tools_HOST := libc6-dev libaio-dev libexpat1-dev libboost-dev
define thin-tools_BUILD
sed 's/@THIN_PROVISIONING_TOOLS_VERSION@/"0.9.0"/' version.h.in >version.h
# the list SOURCE of their makefile, without running configure
sed -n '/^SOURCE=/,/[^\\]$/p' Makefile.in | tr -d '\\' | grep -o '[a-z][^ 	]*\.cc' \
	>sources
cat >>sources <<'EOF'
thin-provisioning/static_library_emitter.cc
contrib/tmakatos_emitter.cc
EOF
sort -u sources | sed 's/\.cc$/.o/' >objects
cat >static.mk <<'EOF'
OBJ := $(shell cat objects)
CXXFLAGS := -O2 -std=c++11 -fno-strict-aliasing -ffunction-sections \
	-fdata-sections -DSTRERROR_R_CHAR_P -D_FILE_OFFSET_BITS=64 -I. \
	-Ithin-provisioning -w
pdata_tools: $(OBJ)
	g++ -static -Wl,--gc-sections -o $@ $(OBJ) -l:libaio.a -l:libexpat.a -lpthread
%.o: %.cc
	g++ $(CXXFLAGS) -c -o $@ $<
EOF
make $J -f static.mk pdata_tools
mkdir -p "$P/bin"
cp pdata_tools "$P/bin/"
endef
