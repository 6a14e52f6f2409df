# Unit tests: every tests/unit/test_*.c is one program on Check, linked with
# the layers whose headers it includes and what those need.

LAYER_NEEDS_base := base
LAYER_NEEDS_gen := gen base
LAYER_NEEDS_wire := wire gen base
LAYER_NEEDS_net := net base
LAYER_NEEDS_db := db wire gen base
LAYER_NEEDS_ops := ops gen base
LAYER_NEEDS_api := api ops db net wire gen base
LAYER_NEEDS_rpc := rpc $(LAYER_NEEDS_api)
LAYER_NEEDS_http := http $(LAYER_NEEDS_rpc)
LAYER_NEEDS_xenopsd := xenopsd gen base

UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(B)/tests/unit/%)
# programs that tests start, not tests themselves
UNIT_HELPERS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard \
	tests/unit/helper_*.c))
CHECK_LIBS = $(shell pkg-config --libs check)

# Our layers that a test source names in its includes.
unit_layers = $(filter $(LAYERS) gen xenopsd,$(sort $(shell \
	sed -n 's,^\#include "\([a-z]*\)/.*,\1,p' $1)))
unit_archives = $(addprefix $(B)/host/asan/,$(addsuffix .a,$(sort \
	$(foreach l,$(call unit_layers,$1),$(LAYER_NEEDS_$l)))))

define unit_rules
$(B)/tests/unit/$1: tests/unit/$1.c $(wildcard tests/unit/*.h) \
    $(call unit_archives,tests/unit/$1.c) | $$(GEN_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,LD)$$(HOST_CC) $$(ASAN_CFLAGS) -Itests/unit -o $$@.$$T $$< \
	    -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
	    $$(CHECK_LIBS) $$(HOST_LIBS)
	@mv $$@.$$T $$@
endef
$(foreach t,$(notdir $(UNIT_TESTS) $(UNIT_HELPERS)),$(eval \
	$(call unit_rules,$t)))

CHECK_TARGETS += check-unit check-style

.PHONY: check-unit check-style
## check-unit: unit tests under ASan and UBSan; UNIT=db runs those of that name
check-unit: $(if $(UNIT),$(filter $(B)/tests/unit/test_$(UNIT)% \
    $(B)/tests/unit/helper_$(UNIT)%,$(UNIT_TESTS) $(UNIT_HELPERS)),\
    $(UNIT_TESTS) $(UNIT_HELPERS))
	@tests/unit/run.sh $(B)/tests/log \
	    $(filter $(B)/tests/unit/test_%,$^)

## check-style: the hard stops of the style guide
check-style:
	@python3 tests/style.py

include tests/scenario/scenario.mk

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
