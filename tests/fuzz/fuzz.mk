# Fuzzers, by clang's libFuzzer under ASan and UBSan: every fuzz_<target>.c is
# one program.  `make check` runs each for a few seconds from the kept corpus
# (tests/fuzz/corpus/), `make check-long` for ten minutes.

$(B)/fuzz-setup.mk: setup.sh tests/fuzz/packages.txt | $(B)
	./setup.sh tests/fuzz/packages.txt
	@echo '# packages of tests/fuzz/packages.txt are installed' >$@

FUZZ_CLANG ?= clang
FUZZ_OBJ := $(B)/host/fuzz
FUZZ_CFLAGS = $(C_COMMON) -w -O1 -g $(SANITIZE) \
	-fsanitize=fuzzer-no-link $(HOST_PKG_CFLAGS)
$(eval $(call flavour,$(FUZZ_OBJ),$$(FUZZ_CLANG),FUZZ_CFLAGS,$$(B)/fuzz-setup.mk))
$(eval $(call installer_rules,$(FUZZ_OBJ),$$(FUZZ_CLANG),FUZZ_CFLAGS,\
	$$(B)/fuzz-setup.mk,/usr/include))

# What each is linked with: layers, or single files of one that needs all.
FUZZ_parsers := http/head.o http/rrd_query.o http/ws.o cli/args.o rpc/where.o net.a wire.a gen.a base.a
FUZZ_rfb := rfb.a base.a
FUZZ_LIBS_rfb := $(RFB_HOST_LIBS) -lz
$(B)/fuzz/rfb: private FUZZ_CFLAGS += $(RFB_CFLAGS)
FUZZ_vhd := image.a base.a
FUZZ_qcow2 := image.a base.a
FUZZ_update := update.a net.a base.a
FUZZ_pack := update.a net.a base.a
FUZZ_plugin := wire.a gen.a base.a
FUZZ_backup := backup.a net.a base.a
FUZZ_disks_xml := wire.a gen.a base.a
FUZZ_db := db.a wire.a base.a
FUZZ_answers := installer.a base.a
FUZZ_request := xenopsd.a gen.a base.a
FUZZ_channel := $(FUZZ_request)
FUZZ_lvm_tags := $(FUZZ_request)
FUZZ_lvm_list := $(FUZZ_request)
FUZZ_canary :=
FUZZ_TARGETS := $(filter-out canary,$(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard \
	tests/fuzz/fuzz_*.c)))

define fuzz_program
$(B)/fuzz/$1: tests/fuzz/fuzz_$1.c tests/fuzz/fuzz.h $(wildcard tests/unit/*.h) \
    $(FUZZ_$1:%=$(FUZZ_OBJ)/%) | $$(GEN_HEADERS) $(B)/fuzz-setup.mk
	@mkdir -p $$(@D)
	$$(call say,LD)$$(FUZZ_CLANG) $$(FUZZ_CFLAGS) \
	    -fsanitize=fuzzer -Itests/unit -I. -o $$@.$$T $$< \
	    $$(call group,$$(filter %.o %.a,$$^)) $(FUZZ_LIBS_$1) $$(HOST_LIBS)
	@mv $$@.$$T $$@
endef
$(foreach t,canary $(FUZZ_TARGETS),$(eval $(call fuzz_program,$t)))

FUZZ_S ?= 5
# $1 seconds
fuzz_run = @python3 tests/fuzz/run.py $(B)/fuzz $1 \
	$(or $(FUZZ),$(FUZZ_TARGETS))

CHECK_TARGETS += check-fuzz
CHECK_LONG_TARGETS += check-fuzz-long

.PHONY: check-fuzz check-fuzz-long fuzz-corpus
## check-fuzz: each fuzzer for FUZZ_S=5 seconds; FUZZ=channel: that one
check-fuzz: $(addprefix $(B)/fuzz/,canary $(or $(FUZZ),$(FUZZ_TARGETS)))
	$(call fuzz_run,$(FUZZ_S))

## check-fuzz-long: ten minutes each
check-fuzz-long: $(addprefix $(B)/fuzz/,canary $(FUZZ_TARGETS))
	$(call fuzz_run,600)

## fuzz-corpus: writes the kept corpus from its seeds
fuzz-corpus: $(B)/fuzz/db
	python3 tests/fuzz/seeds.py tests/fuzz/corpus
	mkdir -p tests/fuzz/corpus/db
	cd $(B)/fuzz && ./db -seeds=$(CURDIR)/tests/fuzz/corpus/db
	rm tests/fuzz/corpus/db/file	# 45 KB, made for each run
