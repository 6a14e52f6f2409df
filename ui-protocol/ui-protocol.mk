# The interface definition and its scanner.  `gen` holds what all C needs:
# depend on $(GEN_HEADERS) before compiling, add $(GEN_SOURCES) to link.

IDL := $(sort $(wildcard ui-protocol/xenapi/*.xml)) ui-protocol/xenops.xml
GEN := $(B)/gen
GEN_HEADERS := $(addprefix $(GEN)/,types.h store.h errors.h methods.h \
	xenops.h ops_stubs.h)
GEN_SOURCES := $(addprefix $(GEN)/,types.c methods.c xenops.c)
SCANNER := $(B)/host/scanner
SCANNER_SRC := $(wildcard ui-protocol/scanner/*.c)
SCANNER_WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Werror

$(SCANNER): $(SCANNER_SRC) $(wildcard ui-protocol/scanner/*.h)
	@mkdir -p $(@D)
	@echo "  CC $@"
	@$(or $(HOST_CC),gcc) -std=gnu11 -D_GNU_SOURCE $(SCANNER_WARN) -O1 -g \
	    $$(pkg-config --cflags libxml-2.0) -o $@.tmp $(SCANNER_SRC) \
	    $$(pkg-config --libs libxml-2.0)
	@mv $@.tmp $@

# The scanner leaves files alone that would not change.
$(GEN)/.stamp: $(SCANNER) $(IDL)
	@mkdir -p $(@D)
	@echo "  GEN $(@D)"
	@$(SCANNER) -o $(@D) $(IDL)
	@touch $@

$(GEN_HEADERS) $(GEN_SOURCES) $(GEN)/wire.lock: $(GEN)/.stamp ;

# What xapi serves to browsers: the console and the reference.
SITE := $(B)/site
SITE_XE := xapi-c/xe/xe.1 xapi-c/xe/completion.bash
include ui-protocol/console/console.mk

$(SITE)/.stamp: $(GEN)/.stamp $(CONSOLE)/site/.stamp $(SITE_XE)
	@rm -rf $(@D)
	@cp -r $(CONSOLE)/site $(@D)
	@cp -r $(GEN)/api $(@D)
	@mkdir $(@D)/xe
	@cp $(SITE_XE) $(@D)/xe
	@touch $@

.PHONY: gen
## gen: C, wire.lock and the reference from the interface definition
gen: $(GEN)/.stamp

.PHONY: check-idl wire-lock
## check-idl: schema, wire.lock, scanner against golden and malformed input
check-idl: $(GEN)/.stamp
	@ui-protocol/test.sh $(SCANNER) ui-protocol/schema.rng \
	    ui-protocol/wire.lock $(GEN) $(IDL)
CHECK_TARGETS += check-idl

## wire-lock: accept the present wire as ui-protocol/wire.lock
wire-lock: $(GEN)/.stamp
	cp $(GEN)/wire.lock ui-protocol/wire.lock
