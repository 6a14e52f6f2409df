# The programs of xapi-c/, in four flavours of objects:
#   build/host/obj    glibc: the simulator, xapi on a developer's machine
#   build/host/asan   glibc, ASan + UBSan: unit tests, check-concurrent
#   build/host/tsan   glibc, TSan: check-concurrent-tsan
#   build/musl/obj    static musl: what the appliance runs
# Every folder is a layer and becomes an archive NAME.a per flavour; a new .c
# file in it or in one of its rooms (xapi-c/LAYER/ROOM/) is picked up by itself.

LAYERS := base wire net db pool ops metrics api rpc cli http update backup
GEN_SOURCES ?= $(addprefix $(B)/gen/,types.c methods.c xenops.c)
GEN_HEADERS ?= $(addprefix $(B)/gen/,types.h store.h errors.h methods.h \
	xenops.h ops_stubs.h)

layer_files = $(wildcard xapi-c/$1/*.c xapi-c/$1/*/*.c)

# xenopsd: files that know libxl (by whatever header) are for musl only, the
# room sim/ for the host only; hotplug.c and box.c are programs of their own.
XENOPSD_ALL := $(call layer_files,xenopsd)
XENOPSD_SIM := $(wildcard xapi-c/xenopsd/sim/*.c)
XENOPSD_HOTPLUG := $(wildcard xapi-c/xenopsd/domains/hotplug*.c)
XENOPSD_BOX := $(addprefix xapi-c/xenopsd/domains/,box.c lend.c)
XENOPSD_XEN := $(addprefix xapi-c/xenopsd/,domains/config.c domains/hv_xl.c \
	domains/model.c domains/xen_log.c domains/xl.c \
	machine/cstate_xen.c machine/hostinfo_xen.c \
	machine/sample_xen.c)
XENOPSD_MAIN := xapi-c/xenopsd/main.c xapi-c/xenopsd/sim/main.c
XENOPSD_HOST := $(filter-out $(XENOPSD_XEN) $(XENOPSD_HOTPLUG) \
	$(XENOPSD_BOX) $(XENOPSD_MAIN),$(XENOPSD_ALL))
XENOPSD_MUSL := $(filter-out $(XENOPSD_SIM) $(XENOPSD_HOTPLUG) \
	$(XENOPSD_BOX),$(XENOPSD_ALL))

# A program of its own over base/, with a terminal's library and a font.
RFB_MAIN := xapi-c/rfb/main.c
RFB_SOURCES := $(filter-out $(RFB_MAIN),$(wildcard xapi-c/rfb/*.c))
RFB_HOST_LIBS := $(B)/sysroot/lib/host/libvterm.a

# Another over base/ alone.
IMAGE_MAIN := xapi-c/image/main.c
IMAGE_SOURCES := $(filter-out $(IMAGE_MAIN),$(wildcard xapi-c/image/*.c))

# A program of its own over net/ and base/, with raft.
POOLD_MAIN := xapi-c/poold/main.c
POOLD_SOURCES := $(filter-out $(POOLD_MAIN),$(wildcard xapi-c/poold/*.c))
RAFT_HOST_LIBS := $(addprefix $(B)/sysroot/lib/host/,libraft.a libuv.a liblz4.a)

layer_sources = $(if $(filter gen,$1),$(GEN_SOURCES),$(if \
	$(filter xenopsd,$1),$(XENOPSD_HOST),$(if \
	$(filter rfb,$1),$(RFB_SOURCES),$(if \
	$(filter image,$1),$(IMAGE_SOURCES),$(if \
	$(filter poold,$1),$(POOLD_SOURCES),$(call layer_files,$1))))))
# $1 flavour directory, $2 sources
objects = $(patsubst xapi-c/%.c,$1/%.o,$(patsubst $(B)/gen/%.c,$1/gen/%.o,$2))

C_WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Werror
C_COMMON := -std=gnu11 -D_GNU_SOURCE -pthread $(C_WARN) -Ixapi-c -I$(B) -I$(B)/gen
HOST_CC ?= gcc
HOST_PKGS := libxml-2.0 sqlite3 openssl
HOST_PKG_CFLAGS := $(shell pkg-config --cflags $(HOST_PKGS) 2>/dev/null)
HOST_LIBS := $(shell pkg-config --libs $(HOST_PKGS) 2>/dev/null) -lcrypt -lm
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
SANITIZE_THREADS := -fsanitize=thread -fno-omit-frame-pointer
HOST_CFLAGS = $(C_COMMON) -O2 -g $(HOST_PKG_CFLAGS)
ASAN_CFLAGS = $(C_COMMON) -O1 -g $(SANITIZE) $(HOST_PKG_CFLAGS)
TSAN_CFLAGS = $(C_COMMON) -O1 -g $(SANITIZE_THREADS) $(HOST_PKG_CFLAGS)
# of all programs of ours in the image, the installer's too; check-rootfs looks
HARDENING := -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -ftrivial-auto-var-init=zero
MUSL_CFLAGS = $(C_COMMON) -O2 -g0 -fPIE -ffunction-sections -fdata-sections \
	$(HARDENING) -I$(B)/sysroot/include/libxml2
# musl takes the stack of threads from the program; its own default is 128 KiB
MUSL_LDFLAGS := -static-pie -pthread -Wl,--gc-sections -Wl,-z,relro,-z,now \
	-Wl,-z,stack-size=524288 -s
MUSL_LIBS := -lxml2 -lsqlite3 -lssl -lcrypto -lz -lcrypt -lm
# temporary names of this make alone: two may run in one tree
T := $(shell echo $$PPID).tmp
V ?= 0
say = $(if $(filter 0,$V),@echo '  $1 $@' &&)
MUSL_CC ?= $(B)/tools/musl-cc
dep ?= $(B)/tools/musl-cc

# $1 flavour directory, $2 compiler, $3 name of the flags variable, $4 needs
define flavour
$1/.flags: FORCE
	@mkdir -p $$(@D)
	@echo '$2 $$($3)' | cmp -s - $$@ || echo '$2 $$($3)' >$$@

$1/%.o: xapi-c/%.c $1/.flags | $$(GEN_HEADERS) $4
	@mkdir -p $$(@D)
	$$(call say,CC)$2 $$($3) -MMD -MP -MF $$(@:.o=.d) -MT $$@ \
	    -c $$< -o $$@.$$T
	@mv $$@.$$T $$@

$1/gen/%.o: $(B)/gen/%.c $1/.flags | $$(GEN_HEADERS) $4
	@mkdir -p $$(@D)
	$$(call say,CC)$2 $$($3) -MMD -MP -MF $$(@:.o=.d) -MT $$@ \
	    -c $$< -o $$@.$$T
	@mv $$@.$$T $$@

$$(foreach l,$$(LAYERS) gen xenopsd poold rfb image,$$(eval $1/$$l.a: \
	$$(call objects,$1,$$(call layer_sources,$$l))))
# two rooms may have a file of the same name: "r" would keep one of them
$1/%.a:
	@mkdir -p $$(@D)
	@rm -f $$@.$$T
	$$(call say,AR)ar qcs $$@.$$T $$^
	@mv $$@.$$T $$@

-include $$(wildcard $1/*/*.d $1/*/*/*.d)
endef

$(eval $(call flavour,$(B)/host/obj,$(HOST_CC),HOST_CFLAGS,))
$(eval $(call flavour,$(B)/host/asan,$(HOST_CC),ASAN_CFLAGS,))
$(eval $(call flavour,$(B)/host/tsan,$(HOST_CC),TSAN_CFLAGS,))
$(eval $(call flavour,$(B)/musl/obj,$$(MUSL_CC),MUSL_CFLAGS,$$(call \
	dep,musl openssl libxml2 sqlite xen libvterm)))

RFB_OBJECTS = $(call objects,$1,$(RFB_SOURCES) $(RFB_MAIN))
# headers of the image's, after all of the machine's own
RFB_CFLAGS := -idirafter $(B)/sysroot/include
$(foreach f,host/obj host/asan host/tsan host/fuzz,$(call \
	RFB_OBJECTS,$(B)/$f)): | $(call dep,musl libvterm)
$(call RFB_OBJECTS,$(B)/host/obj): private HOST_CFLAGS += $(RFB_CFLAGS)
$(call RFB_OBJECTS,$(B)/host/asan): private ASAN_CFLAGS += $(RFB_CFLAGS)
$(call RFB_OBJECTS,$(B)/host/tsan): private TSAN_CFLAGS += $(RFB_CFLAGS)
$(call RFB_OBJECTS,$(B)/host/fuzz): private FUZZ_CFLAGS += $(RFB_CFLAGS)

# $1 flavour directory, $2 layers
archives = $(2:%=$1/%.a)
group = -Wl,--start-group $1 -Wl,--end-group

XE_PARTS := $(filter-out %/main.c,$(wildcard xapi-c/xe/*.c))
XAPI_OBJ = $(call objects,$1,$(wildcard xapi-c/xapi/*.c) $(XE_PARTS)) \
	$(call archives,$1,$(LAYERS) gen)
XE_OBJ = $(call objects,$1,$(wildcard xapi-c/xe/*.c)) \
	$(call archives,$1,net wire base)
SIM_OBJ = $(call objects,$1,$(filter %/sim/main.c,$(XENOPSD_SIM))) \
	$(call archives,$1,xenopsd gen base)
XENOPSD_OBJ = $(call objects,$1,$(XENOPSD_MUSL)) \
	$(call archives,$1,gen base)

# $1 flavour directory, $2 where the programs go, $3 flags of linking
define host_programs
$2/xapi: $(call XAPI_OBJ,$1) | $(SITE)/.stamp
$2/xenopsd-sim: $(call SIM_OBJ,$1)
$2/xe: $(call XE_OBJ,$1)
$2/xapi $2/xenopsd-sim $2/xe:
	@mkdir -p $$(@D)
	$$(call say,LD)$(HOST_CC) -pthread $3 -o $$@.$$T \
	    $$(call group,$$^) $(HOST_LIBS)
	@mv $$@.$$T $$@
endef

$(eval $(call host_programs,$(B)/host/obj,$(B)/host,))
$(eval $(call host_programs,$(B)/host/asan,$(B)/host/asan/bin,$(SANITIZE)))
$(eval $(call host_programs,$(B)/host/tsan,$(B)/host/tsan/bin,\
	$(SANITIZE_THREADS)))

# the simulator's screens and images, whoever asks for the simulator
$(B)/host/xenopsd-sim: | $(B)/host/bedplate-rfb $(B)/host/bedplate-image
$(B)/host/bedplate-image: $(call objects,$(B)/host/obj,$(IMAGE_MAIN)) \
		$(call archives,$(B)/host/obj,image base)
	$(call say,LD)$(HOST_CC) -pthread -o $@.$T $(call group,$^)
	@mv $@.$T $@

$(B)/host/bedplate-rfb: $(call objects,$(B)/host/obj,$(RFB_MAIN)) \
		$(call archives,$(B)/host/obj,rfb base)
	$(call say,LD)$(HOST_CC) -pthread -o $@.$T $(call group,$^) \
	    $(RFB_HOST_LIBS) -lz
	@mv $@.$T $@

# what a host has only in a pool
$(B)/host/poold: $(call objects,$(B)/host/obj,$(POOLD_MAIN)) \
		$(call archives,$(B)/host/obj,poold net base)
	$(call say,LD)$(HOST_CC) -pthread -o $@.$T $(call group,$^) \
	    $(RAFT_HOST_LIBS) $(HOST_LIBS) -ldl
	@mv $@.$T $@

# Our objects first become one whose only global name is main: in a static
# program our names would otherwise meet those inside the libraries.
%.whole.o:
	@mkdir -p $(@D)
	$(call say,LD)ld -r -o $@.$T --start-group $(filter %.o %.a,$^) \
	    --end-group
	@objcopy --keep-global-symbol=main $@.$T
	@mv $@.$T $@

define musl_program
# this file has the list
$(B)/musl/obj/$1.whole.o: $2 xapi-c/xapi-c.mk
$(B)/musl/$1: $(B)/musl/obj/$1.whole.o xapi-c/xapi-c.mk
	$$(call say,LD)$$(MUSL_CC) $$(MUSL_LDFLAGS) -o $$@.$$T $$< $3
	@printf '%s\n' '$$(MUSL_LDFLAGS)' '$(strip $3)' >$$@.link
	@mv $$@.$$T $$@
endef

$(eval $(call musl_program,xapi,$(call XAPI_OBJ,$(B)/musl/obj),$$(MUSL_LIBS)))
$(eval $(call musl_program,xe,$(call XE_OBJ,$(B)/musl/obj),\
	-lxml2 -lssl -lcrypto -lz -lm))
$(eval $(call musl_program,xenopsd,$(call XENOPSD_OBJ,$(B)/musl/obj),\
	$$(XEN_LIBS) -lcrypt -lm))
$(eval $(call musl_program,bedplate-hotplug,$(call objects,$(B)/musl/obj,\
	$(XENOPSD_HOTPLUG) xapi-c/xenopsd/machine/netdev.c \
	xapi-c/xenopsd/machine/netlink.c xapi-c/xenopsd/network/lock.c \
	xapi-c/xenopsd/network/nft.c),\
	-lxenstore -lxentoolcore))
$(eval $(call musl_program,bedplate-box,$(call objects,$(B)/musl/obj,\
	$(XENOPSD_BOX) xapi-c/xenopsd/core/tree.c xapi-c/xenopsd/core/cgroup.c \
	xapi-c/xenopsd/domains/group.c) $(call archives,$(B)/musl/obj,base),))

$(eval $(call musl_program,poold,$(call objects,$(B)/musl/obj,\
	$(POOLD_MAIN)) $(call archives,$(B)/musl/obj,poold net base),\
	-lraft -luv -llz4 -lssl -lcrypto -lz -lm))

$(eval $(call musl_program,bedplate-rfb,$(call objects,$(B)/musl/obj,\
	$(RFB_MAIN)) $(call archives,$(B)/musl/obj,rfb base),-lvterm -lz))

$(eval $(call musl_program,bedplate-image,$(call objects,$(B)/musl/obj,\
	$(IMAGE_MAIN)) $(call archives,$(B)/musl/obj,image base),))

.PHONY: xapi-c xe FORCE
FORCE:

## xapi-c: the programs for this machine: xapi, the simulator with its own, and xe
xapi-c: $(B)/host/xapi $(B)/host/xenopsd-sim $(B)/host/bedplate-rfb \
	$(B)/host/bedplate-image $(B)/host/xe

## xe: build/musl/xe, the command line for any 64-bit Linux
xe: $(B)/musl/xe
