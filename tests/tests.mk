# Unit tests: every tests/unit/test_*.c is one program on Check, linked with
# the layers whose headers it includes and what those need.

LAYER_NEEDS_base := base
LAYER_NEEDS_gen := gen base
LAYER_NEEDS_wire := wire gen base
LAYER_NEEDS_net := net base
LAYER_NEEDS_db := db wire gen base
LAYER_NEEDS_ops := ops gen base
LAYER_NEEDS_pool := pool db wire gen base
LAYER_NEEDS_metrics := metrics base
LAYER_NEEDS_api := api metrics ops db net wire gen base
LAYER_NEEDS_rpc := rpc $(LAYER_NEEDS_api)
LAYER_NEEDS_cli := cli $(LAYER_NEEDS_rpc)
LAYER_NEEDS_http := http $(LAYER_NEEDS_cli)
LAYER_NEEDS_xenopsd := xenopsd gen base
LAYER_NEEDS_update := update net base
LAYER_NEEDS_backup := backup db net wire gen base
LAYER_NEEDS_installer := installer base
LAYER_NEEDS_rfb := rfb base
LAYER_NEEDS_image := image base
LAYER_NEEDS_poold := poold db net wire gen base

UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(B)/tests/unit/%)
# programs that tests start, not tests themselves
UNIT_HELPERS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard \
	tests/unit/helper_*.c))
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

# Our layers that a test source names in its includes; words `source=layer`
# for all of them, by one program.
UNIT_INCLUDES := $(shell awk -F '["/]' '/^\#include "[a-z]*\// \
	{ print FILENAME "=" $$2 }' $(UNIT_SOURCES) \
	$(wildcard tests/unit/helper_*.c))
unit_layers = $(filter $(LAYERS) gen xenopsd installer rfb image poold,$(sort \
	$(patsubst $1=%,%,$(filter $1=%,$(UNIT_INCLUDES)))))
# $1 flavour directory, $2 source
unit_archives = $(addprefix $1/,$(addsuffix .a,$(sort \
	$(foreach l,$(call unit_layers,$2),$(LAYER_NEEDS_$l)))))

# What only some layers need.  $1 source, $2 libfdisk and libblkid, $3 libvterm,
# $4 raft
unit_libs = $(if $(filter installer,$(call unit_layers,$1)),$2) \
	$(if $(filter rfb,$(call unit_layers,$1)),$3 -lz) \
	$(if $(filter poold,$(call unit_layers,$1)),$4)
UNIT_CFLAGS_test_rfb := $(RFB_CFLAGS)

# What knows Xen's libraries is in no archive; its tests link it with libraries
# of their own, and take Xen's headers, on glibc too, from what the image is
# built of.
UNIT_OBJECTS_test_hv_xl := $(patsubst %,xenopsd/domains/%.o,config hv_xl model xl)
UNIT_OBJECTS_test_sample_xen := xenopsd/machine/sample_xen.o
UNIT_XEN := test_hv_xl test_sample_xen
UNIT_XEN_OBJECTS := $(foreach t,$(UNIT_XEN),$(UNIT_OBJECTS_$t:%=$(B)/host/asan/%))
UNIT_XEN_CFLAGS := -idirafter $(B)/sysroot/include
$(foreach t,$(UNIT_XEN),$(eval UNIT_CFLAGS_$t := $(UNIT_XEN_CFLAGS)))
$(UNIT_XEN_OBJECTS): private ASAN_CFLAGS += $(UNIT_XEN_CFLAGS)
$(UNIT_XEN_OBJECTS) $(UNIT_XEN:%=$(B)/tests/unit/%): | $(call dep,musl xen)

# What of installer/ is no program of its own.  $5 where libfdisk and libblkid
# are, as a prefix
define installer_rules
$1/installer/%.o: installer/%.c $1/.flags | $4
	@mkdir -p $$(@D)
	$$(call say,CC)$2 $$($3) -Iinstaller -I$5/libfdisk -I$5/blkid \
	    -MMD -MP -MF $$(@:.o=.d) -MT $$@ -c $$< -o $$@.$$T
	@mv $$@.$$T $$@

$1/installer.a: $(patsubst %.c,$1/%.o,$(INSTALLER_COMMON) installer/answers.c \
    $(wildcard installer/disk/*.c) \
    $(addprefix installer/install/,choose.c files.c first.c install.c \
    plan.c steps.c) $(addprefix installer/slot/,env.c slots.c) installer/setup/setup.c)
endef
$(eval $(call installer_rules,$(B)/host/asan,$(HOST_CC),ASAN_CFLAGS,,\
	/usr/include))
$(eval $(call installer_rules,$(B)/musl/obj,$$(MUSL_CC),MUSL_CFLAGS,$$(call \
	dep,musl libxml2 libfdisk util-linux),$(B)/sysroot/include))

define unit_rules
$(B)/tests/unit/$1: tests/unit/$1.c $(wildcard tests/unit/*.h) \
    $(UNIT_OBJECTS_$1:%=$(B)/host/asan/%) \
    $(call unit_archives,$(B)/host/asan,tests/unit/$1.c) | $$(GEN_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,LD)$$(HOST_CC) $$(ASAN_CFLAGS) -Itests/unit -I. \
	    -Iinstaller $$(UNIT_CFLAGS_$1) -o $$@.$$T $$< \
	    -Wl,--start-group $$(filter %.o %.a,$$^) -Wl,--end-group \
	    $$(CHECK_LIBS) $$(HOST_LIBS) \
	    $(call unit_libs,tests/unit/$1.c,-lfdisk -lblkid,$(RFB_HOST_LIBS),\
	    $$(RAFT_LIBS))
	@mv $$@.$$T $$@
endef
$(foreach t,$(notdir $(UNIT_TESTS) $(UNIT_HELPERS)),$(eval \
	$(call unit_rules,$t)))

# The same on musl, linked as the appliance's programs are.
define unit_musl_rules
$(B)/musl/obj/unit/$1.o: tests/unit/$1.c $(wildcard tests/unit/*.h) \
    $(B)/musl/obj/.flags | $$(GEN_HEADERS) $$(call dep,musl check openssl \
    libxml2 sqlite)
	@mkdir -p $$(@D)
	$$(call say,CC)$$(MUSL_CC) $$(MUSL_CFLAGS) -Itests/unit -I. -Iinstaller \
	    -MMD -MP -MF $$(@:.o=.d) -MT $$@ -c $$< -o $$@.$$T
	@mv $$@.$$T $$@

$(B)/musl/obj/unit/$1.whole.o: $(B)/musl/obj/unit/$1.o \
    $(UNIT_OBJECTS_$1:%=$(B)/musl/obj/%) \
    $(call unit_archives,$(B)/musl/obj,tests/unit/$1.c)

$(B)/tests/musl/$1: $(B)/musl/obj/unit/$1.whole.o
	@mkdir -p $$(@D)
	$$(call say,LD)$$(MUSL_CC) $$(MUSL_LDFLAGS) -o $$@.$$T $$< -lcheck \
	    $$(MUSL_LIBS) \
	    $(call unit_libs,tests/unit/$1.c,-lfdisk -lblkid -luuid,-lvterm,\
	    -lraft -luv -llz4)
	@mv $$@.$$T $$@
endef
$(foreach t,$(notdir $(UNIT_TESTS) $(UNIT_HELPERS)),$(eval \
	$(call unit_musl_rules,$t)))

CHECK_TARGETS += check-style check-unit check-unit-musl

.PHONY: check-unit check-unit-musl check-style
## check-unit: unit tests under ASan and UBSan; UNIT=db runs those of that name
check-unit: $(if $(UNIT),$(filter $(B)/tests/unit/test_$(UNIT)% \
    $(B)/tests/unit/helper_$(UNIT)%,$(UNIT_TESTS) $(UNIT_HELPERS)),\
    $(UNIT_TESTS) $(UNIT_HELPERS))
	@tests/unit/run.sh $(B)/tests/log \
	    $(filter $(B)/tests/unit/test_%,$^)

## check-unit-musl: unit tests on musl, without sanitizers
check-unit-musl: $(patsubst $(B)/tests/unit/%,$(B)/tests/musl/%,\
    $(if $(UNIT),$(filter $(B)/tests/unit/test_$(UNIT)% \
    $(B)/tests/unit/helper_$(UNIT)%,$(UNIT_TESTS) $(UNIT_HELPERS)),\
    $(UNIT_TESTS) $(UNIT_HELPERS)))
	@UNIT_LABEL='musl ' tests/unit/run.sh $(B)/tests/log/musl \
	    $(filter $(B)/tests/musl/test_%,$^)

CHECK_LONG_TARGETS += check-crash

.PHONY: check-crash
## check-crash: the database after power cuts (CRASH_POINTS=100000) and kills
check-crash: $(B)/tests/unit/test_db_crash $(B)/tests/unit/test_db_file \
    $(B)/host/xapi $(B)/host/xenopsd-sim
	@CRASH_POINTS=$(or $(CRASH_POINTS),100000) \
	    KILL_ROUNDS=$(or $(KILL_ROUNDS),400) CK_TIMEOUT_MULTIPLIER=60 \
	    UNIT_LABEL='long ' UNIT_TIMEOUT_S=7200 \
	    tests/unit/run.sh $(B)/tests/log/long $(filter $(B)/tests/%,$^)
	@KILLS=100 python3 tests/scenario/database.py \
	    kill_9_loses_nothing_acknowledged

## check-style: the hard stops of the style guide
check-style:
	@python3 tests/style.py

include tests/scenario/scenario.mk
include tests/clients/clients.mk
include tests/appliance/appliance.mk
include tests/bench/bench.mk
include tests/fuzz/fuzz.mk
include tests/raft/raft.mk

# Measurements of single layers, without sanitizers.
BENCH_TARGETS += bench-db

$(B)/tests/bench/bench_db: tests/bench/bench_db.c \
    $(LAYER_NEEDS_db:%=$(B)/host/obj/%.a) | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(call say,LD)$(HOST_CC) $(HOST_CFLAGS) -o $@.$T $(call group,$^) \
	    $(HOST_LIBS)
	@mv $@.$T $@

.PHONY: bench-db
## bench-db: memory and speed of the object store; VMS=1000
bench-db: $(B)/tests/bench/bench_db
	@rm -rf $(B)/tests/bench/db && mkdir -p $(B)/tests/bench/db
	@$< $(B)/tests/bench/db $(or $(VMS),1000)
