# Measurements: each figure against a peer or a limit in the same run.

$(B)/bench-setup.mk: setup.sh tests/bench/packages.txt | $(B)
	./setup.sh tests/bench/packages.txt
	@echo '# packages of tests/bench/packages.txt are installed' >$@

$(B)/tests/bench/load: tests/bench/load.c
	@mkdir -p $(@D)
	$(call say,LD)$(HOST_CC) $(HOST_CFLAGS) -o $@.$T $< -lssl -lcrypto
	@mv $@.$T $@

$(B)/tests/bench/echo: tests/bench/echo.c
	@mkdir -p $(@D)
	$(call say,LD)$(HOST_CC) $(HOST_CFLAGS) -o $@.$T $<
	@mv $@.$T $@

$(B)/tests/bench/load_libvirt: tests/bench/load_libvirt.c $(B)/bench-setup.mk
	@mkdir -p $(@D)
	$(call say,LD)$(HOST_CC) $(HOST_CFLAGS) -o $@.$T $< -lvirt
	@mv $@.$T $@

BENCH_TARGETS += bench-api
.PHONY: bench-api
## bench-api: the API on the simulator against nginx, libvirt, itself; NAME=nginx
bench-api: $(addprefix $(B)/tests/bench/,load echo load_libvirt \
		bench_db) \
		$(B)/host/xapi $(B)/host/xenopsd-sim $(B)/musl/xapi
	@python3 tests/bench/bench_api.py $(B)/tests/bench $(NAME)

# The peer's hotplug scripts: Debian's, of the release our Xen is from.
APPLIANCE_PEER := $(B)/tests/bench/peer

$(APPLIANCE_PEER)/done: dom0-rootfs/apt.sh | $(B)
	@rm -rf $(@D) && mkdir -p $(@D)
	dom0-rootfs/apt.sh update
	debs=$$(dom0-rootfs/apt.sh deb xen-utils-common bash-static) && \
	    for d in $$debs; do dpkg-deb -x "$$d" $(@D) || exit 1; done
	@touch $@

BENCH_TARGETS += bench-appliance
.PHONY: bench-appliance
## bench-appliance: boot, dom0's memory, VM.start against xl, leaks; in QEMU
bench-appliance: $(B)/SHA256SUMS $(APPLIANCE_PEER)/done
	@python3 tests/bench/bench_appliance.py $(ISO) $(ISO_B)/grub.cfg \
	    $(APPLIANCE_PEER)
