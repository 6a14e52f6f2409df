# Bedplate: one entry point.  Each folder brings its own <folder>.mk; there is
# no recursion, all output goes to build/, local overrides to config.mak.
#
# A folder's file adds to these, and needs to know nothing of its neighbours:
#   ALL_TARGETS         what `make all` builds besides the ISO
#   CHECK_TARGETS       run by `make check`, one after the other; they print
#                       lines `PASS name`, `FAIL name: why`, `SKIP name: why`
#   CHECK_MACHINE_TARGETS  the same, beside those: what boots the appliance
#   CHECK_MACHINE_NEEDS    what these need, built before: they build nothing
#   CHECK_LONG_TARGETS  run by `make check-long`
#   BENCH_TARGETS       run by `make bench`
#   FETCH_TARGETS       downloads
# iso, run and sim are defined by iso/, iso/ and tests/ or xapi-c/.

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

-include config.mak

SHELL := /bin/sh
NPROC := $(shell nproc 2>/dev/null || echo 2)
B := build
BEDPLATE_CACHE ?= $(HOME)/.cache/bedplate
# the Debian mirror, when it is not to be the build host's own
export BEDPLATE_CACHE DEBIAN_MIRROR DEBIAN_SECURITY_MIRROR

ALL_TARGETS :=
CHECK_TARGETS :=
CHECK_MACHINE_TARGETS :=
CHECK_MACHINE_NEEDS :=
CHECK_LONG_TARGETS :=
BENCH_TARGETS :=
FETCH_TARGETS :=

# The Debian packages the build needs.  GNU make remakes a file that is to be
# included before anything else, so every goal but these finds them installed.
NO_SETUP_GOALS := help clean distclean
ifneq ($(filter-out $(NO_SETUP_GOALS),$(or $(MAKECMDGOALS),all)),)
include $(B)/setup.mk
endif

$(B)/setup.mk: setup.sh packages.txt | $(B)
	./setup.sh packages.txt
	@echo '# packages of packages.txt are installed' >$@.tmp
	@mv $@.tmp $@

$(B):
	mkdir -p $@

# deps.mk first: the rules of the others name its results
FOLDERS := dom0-rootfs/deps.mk hypervisor/hypervisor.mk \
	dom0-rootfs/rootfs.mk installer/installer.mk iso/iso.mk \
	ui-protocol/ui-protocol.mk xapi-c/xapi-c.mk tests/tests.mk
include $(FOLDERS)

.PHONY: all iso run sim check check-long bench fetch clean distclean help

## all: everything that is shipped (the ISO and what goes into it)
all: iso $(ALL_TARGETS)

## iso: build/bedplate.iso, boots from CD and USB, BIOS and UEFI
iso:

## run: boot the ISO in QEMU as a bare server, API on 127.0.0.1:8443
run:

## sim: the API on this machine with a simulated host, until Ctrl-C
sim:

## check: all tests that fit an hour; last line: N passed, N failed, N skipped
check:
	+@$(MAKE) -j$(NPROC) --no-print-directory $(CHECK_MACHINE_NEEDS)
	@./check.sh $(B)/check $(CHECK_TARGETS) -- $(CHECK_MACHINE_TARGETS)

## check-long: the matrices and soaks that do not
check-long:
	@./check.sh $(B)/check $(CHECK_LONG_TARGETS)

## bench: performance tables, each figure against a peer in the same run
bench:
	@$(MAKE) -k --no-print-directory $(BENCH_TARGETS)

## fetch: download all that the build needs, compile nothing
fetch: $(FETCH_TARGETS)

## clean: remove build/ (the cache of third-party builds stays)
clean:
	rm -rf $(B)

## distclean: clean, and remove the cache of downloads and builds
distclean: clean
	rm -rf $(BEDPLATE_CACHE)

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | \
	    awk -F '\t' '{ printf "  %-16s %s\n", $$1, $$2 }'
	@echo 'settings go into config.mak, e.g. BEDPLATE_CACHE (now $(BEDPLATE_CACHE))'
