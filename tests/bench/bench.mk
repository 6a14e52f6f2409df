# Measurements: each figure against a peer or a limit in the same run.

$(B)/bench-setup.mk: setup.sh tests/bench/packages.txt | $(B)
	./setup.sh tests/bench/packages.txt
	@echo '# packages of tests/bench/packages.txt are installed' >$@

$(B)/tests/bench/load: tests/bench/load.c
	@mkdir -p $(@D)
	$(call say,LD)$(HOST_CC) $(HOST_CFLAGS) -o $@.$T $< -lssl -lcrypto
	@mv $@.$T $@

$(B)/tests/bench/load_libvirt: tests/bench/load_libvirt.c $(B)/bench-setup.mk
	@mkdir -p $(@D)
	$(call say,LD)$(HOST_CC) $(HOST_CFLAGS) -o $@.$T $< -lvirt
	@mv $@.$T $@

BENCH_TARGETS += bench-api
.PHONY: bench-api
## bench-api: the API's speed on the simulator against files, libvirt, itself
bench-api: $(addprefix $(B)/tests/bench/,load load_libvirt bench_db) \
		$(B)/host/xapi $(B)/host/xenopsd-sim $(B)/musl/xapi
	@python3 tests/bench/bench_api.py $(B)/tests/bench
