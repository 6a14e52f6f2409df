# Third-party components, each built from Debian's source, static against musl
# (thin-tools: glibc, it is C++).  A recipe deps/NAME.mk sets
#   NAME_SOURCE   arguments of `apt.sh source`: [-o] package [version pattern]...
#   NAME_LICENCE  SPDX expression, goes into the SBOM
#   NAME_NEEDS    components it is built against; musl is always one of them
#   NAME_DEBS     binary packages it takes files from
#   NAME_FILES    our files that it reads
#   NAME_HOST     packages of the build host that end up in the result
#   NAME_BUILD    shell, run in the unpacked source; deps/build.sh says in which world
# Results: build/sysroot/{bin,include,lib,share/origin}, compiler
# build/tools/musl-cc (compiles against build/sysroot by itself).
# What others depend on: $(SYSROOT), or $(call dep,zlib openssl) for some of it.

# in this order on a cold build: what others wait for comes first
DEPS := musl openssl zlib libxml2 sqlite yajl util-linux xz zstd xen \
	busybox libaio lvm2 e2fsprogs check thin-tools lz4 mdadm libuv \
	raft libfdisk dosfstools dropbear ncurses pcre2 glib pixman fdt qemu \
	libvterm edk2

DEPS_SH := dom0-rootfs/deps/build.sh dom0-rootfs/deps/compiler.sh
SYSROOT := $(B)/sysroot/.complete
MUSL_CC := $(B)/tools/musl-cc
dep = $(1:%=$(B)/deps/%.done)

include $(DEPS:%=dom0-rootfs/deps/%.mk) dom0-rootfs/deps/lab-qemu.mk

# programs that use libxl link with: $(XEN_LIBS).  The loaders of libxenguest
# register themselves in constructors, so it goes in whole.
XEN_LIBS := -Wl,--start-group -lxlutil -lxenlight \
	-Wl,--whole-archive -lxenguest -Wl,--no-whole-archive \
	-lxenctrl -lxenstore -lxenhypfs -lxendevicemodel -lxenforeignmemory \
	-lxengnttab -lxenevtchn -lxencall -lxentoolcore -lxentoollog \
	-lyajl -luuid -lz -llzma -lzstd -Wl,--end-group

$(B)/deps:
	mkdir -p $@

define dep_rules
$$(B)/deps/$1.src: dom0-rootfs/deps/$1.mk | $$(B)/deps
	@echo '$1: fetching'
	@dom0-rootfs/apt.sh source $$(foreach w,$$($1_SOURCE),'$$w') >$$@.$$T
	$$(if $$($1_DEBS),@dom0-rootfs/apt.sh deb $$($1_DEBS) >$$@.debs.$$T && \
	    sed 's/^/deb /' $$@.debs.$$T >>$$@.$$T && rm $$@.debs.$$T)
	@mv $$@.$$T $$@

$$(B)/deps/$1.done: dom0-rootfs/deps/$1.mk $(DEPS_SH) $$($1_FILES) \
    $$(B)/deps/$1.src $$(call dep,$$($1_NEEDS))
	$$(file >$$(B)/deps/$1.sh,$$(value $1_BUILD))
	$$(file >$$(B)/deps/$1.in,licence $$($1_LICENCE))
	$$(foreach n,$$($1_NEEDS),$$(file >>$$(B)/deps/$1.in,need $$n))
	$$(foreach h,$$($1_HOST),$$(file >>$$(B)/deps/$1.in,host $$h))
	$$(foreach f,$$($1_FILES),$$(file >>$$(B)/deps/$1.in,file $$f))
	+@nice -n 5 dom0-rootfs/deps/build.sh $1
endef
$(foreach d,$(DEPS) lab-qemu,$(eval $(call dep_rules,$d)))

# the QEMU of tests with UEFI guests: no part of the sysroot
LAB_QEMU := $(B)/lab/qemu-system-x86_64

$(LAB_QEMU): $(call dep,lab-qemu)
	@mkdir -p $(@D)
	@ln -sf "$$(cat $<)/lab/qemu-system-x86_64" $@

# alone on the command line make has no job server yet: two components at once
$(SYSROOT): $(DEPS:%=dom0-rootfs/deps/%.mk) $(DEPS_SH) \
		$(foreach d,$(DEPS),$($d_FILES))
	+@$(MAKE) -s --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(NPROC)) $(call dep,$(DEPS))
	@touch $@

.PHONY: deps sysroot fetch-deps check-deps lab-qemu
## lab-qemu: for tests that boot guests by UEFI (cached)
lab-qemu: $(LAB_QEMU)

## deps: third-party components into build/sysroot (cached by input hash)
deps sysroot: $(SYSROOT)

fetch-deps: $(DEPS:%=$(B)/deps/%.src)
FETCH_TARGETS += fetch-deps
CHECK_TARGETS += check-deps

## check-deps: what must hold for the static builds
check-deps: $(SYSROOT)
	@dom0-rootfs/deps/check.sh $(B)/sysroot $(MUSL_CC) '$(XEN_LIBS)'
