# The simulator by hand, and scenarios: xapi and the simulator as they are
# shipped, and a client that knows nothing of either.

.PHONY: sim check-scenario check-protocol check-access check-sweep check-walk check-objects check-xe check-database check-network check-first-boot
sim: $(B)/host/xapi $(B)/host/xenopsd-sim
	@HTTP_PORT='$(HTTP_PORT)' HTTPS_PORT='$(HTTPS_PORT)' \
	    PASSWORD='$(PASSWORD)' SIM_HOSTS='$(SIM_HOSTS)' \
	    tests/scenario/sim.sh $(B)

CHECK_TARGETS += check-scenario
## check-scenario: xapi over the simulator; NAME=... runs only those
check-scenario: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/scenarios.py $(NAME)

CHECK_TARGETS += check-protocol
## check-protocol: bytes on the wire, slow and rude clients; NAME=... as above
check-protocol: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/protocol.py $(NAME)

CHECK_TARGETS += check-screens
.PHONY: check-screens
## check-screens: screens of VMs, by the remote framebuffer protocol
check-screens: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/screens.py $(NAME)

CHECK_TARGETS += check-metrics
.PHONY: check-metrics
## check-metrics: samples, archives, and who may see them; NAME=... as above
check-metrics: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/metrics.py $(NAME)

CHECK_TARGETS += check-storage
.PHONY: check-storage
## check-storage: ISO libraries and network storage; NAME=... as above
check-storage: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/storage.py $(NAME)

CHECK_TARGETS += check-images
.PHONY: check-images
## check-images: disk images in and out, judged by qemu-img; NAME=... as above
check-images: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/images.py $(NAME)

CHECK_TARGETS += check-shape
.PHONY: check-shape
## check-shape: what VMs have of their host, live; NAME=... as above
check-shape: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/shape.py $(NAME)

CHECK_TARGETS += check-access
## check-access: users with roles, and pages of other sites; NAME=... as above
check-access: $(B)/host/xapi $(B)/host/xenopsd-sim $(B)/host/xe
	@python3 tests/scenario/access.py $(NAME)

CHECK_TARGETS += check-sweep
## check-sweep: every message with odd arguments
check-sweep: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/sweep.py

CHECK_TARGETS += check-walk
## check-walk: every message and field as the model says it is
check-walk: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/walk.py $(NAME)

CHECK_TARGETS += check-objects
## check-objects: records that clients keep, appliances; NAME=... as above
check-objects: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/objects.py $(NAME)

CHECK_TARGETS += check-hardware
.PHONY: check-hardware
## check-hardware: records of devices and of crashes; NAME=... as above
check-hardware: $(B)/host/xapi $(B)/host/xenopsd-sim
	@python3 tests/scenario/hardware.py $(NAME)

CHECK_TARGETS += check-packs
.PHONY: check-packs
## check-packs: extension packs and their plugins; NAME=... as above
check-packs: $(B)/host/xapi $(B)/host/xenopsd-sim $(B)/host/xe
	@python3 tests/scenario/packs.py $(NAME)

CHECK_TARGETS += check-templates
.PHONY: check-templates
## check-templates: the default ones, and VMs made from them; NAME=... as above
check-templates: $(B)/host/xapi $(B)/host/xenopsd-sim $(B)/host/xe
	@python3 tests/scenario/templates.py $(NAME)

CHECK_TARGETS += check-xe
## check-xe: commands of xe, by our program and by the protocol; NAME=... as above
check-xe: $(B)/host/xapi $(B)/host/xenopsd-sim $(B)/host/xe
	@python3 tests/scenario/xe.py $(NAME)

CHECK_TARGETS += check-database
## check-database: xapi's state: full disk, damage, kill -9; NAME=... as above
check-database: $(B)/host/xapi $(B)/host/xenopsd-sim $(B)/host/xe
	@python3 tests/scenario/database.py $(NAME)

CHECK_TARGETS += check-backup
.PHONY: check-backup
## check-backup: the host's configuration as a file, and back; NAME=... as above
check-backup: $(B)/host/xapi $(B)/host/xenopsd-sim $(B)/host/xe
	@python3 tests/scenario/backup.py $(NAME)

CHECK_TARGETS += check-network
## check-network: dom0 on real bridges in name spaces; NAME=... as above
check-network: $(B)/host/xapi $(B)/host/xenopsd-sim \
    $(B)/tests/unit/helper_bridge $(call dep,busybox)
	@python3 tests/scenario/network.py $(NAME)

CHECK_TARGETS += check-first-boot
## check-first-boot: state that comes late, answers from afar; NAME=... as above
check-first-boot: $(B)/host/xapi $(B)/musl/bedplate-answers \
		$(call dep,busybox)
	@python3 tests/scenario/first_boot.py $(NAME)

# Many clients at once, against the two programs with sanitizers.
$(B)/tests/storm: tests/scenario/storm.c
	@mkdir -p $(@D)
	$(call say,LD)$(HOST_CC) $(HOST_CFLAGS) -o $@.$T $<
	@mv $@.$T $@

CHECK_TARGETS += check-concurrent check-concurrent-tsan
CHECK_LONG_TARGETS += check-concurrent-long
.PHONY: check-concurrent check-concurrent-tsan check-concurrent-long
## check-concurrent: random messages of many clients, under ASan; SEED=n, ROUND_S=60
check-concurrent: $(B)/tests/storm $(addprefix $(B)/host/asan/bin/,xapi \
    xenopsd-sim) $(B)/host/xapi
	@python3 tests/scenario/concurrent.py asan --seconds $(or $(ROUND_S),60) \
	    $(if $(SEED),--seed $(SEED))

## check-concurrent-tsan: the same under TSan
check-concurrent-tsan: $(B)/tests/storm $(addprefix $(B)/host/tsan/bin/,xapi \
    xenopsd-sim) $(B)/host/xapi
	@python3 tests/scenario/concurrent.py tsan --seconds $(or $(ROUND_S),60) \
	    $(if $(SEED),--seed $(SEED))

check-concurrent-long: $(B)/tests/storm $(addprefix $(B)/host/asan/bin/,xapi \
    xenopsd-sim) $(B)/host/xapi
	@python3 tests/scenario/concurrent.py asan --calls 1000000 \
	    $(if $(SEED),--seed $(SEED))
