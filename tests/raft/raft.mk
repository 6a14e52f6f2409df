# The pool's log: three members in one process under seeded faults (sim), in
# three processes on loopback (member, cluster.py), and in three times two: poold
# and seat, which is what xapi is to it.

RAFT_LIBS := $(RAFT_HOST_LIBS)
RAFT_CFLAGS := -I$(B)/sysroot/include/host
RAFT_SIM := $(wildcard tests/raft/sim*.c)
RAFT_NEEDS := poold pool db net wire gen base
RAFT_SEEDS ?= 200
RAFT_FIRST ?= 1

# the library part of poold: the one that includes raft's headers
$(foreach f,host/obj host/asan,$(call objects,$(B)/$f,$(POOLD_SOURCES))): \
    | $(call dep,raft)
$(call objects,$(B)/musl/obj,$(POOLD_SOURCES)): | $(call dep,raft)
# private: .flags, a prerequisite of these as of all objects, stays what it is
$(call objects,$(B)/host/obj,$(POOLD_SOURCES)): private HOST_CFLAGS += \
    $(RAFT_CFLAGS)
$(call objects,$(B)/host/asan,$(POOLD_SOURCES)): private ASAN_CFLAGS += \
    $(RAFT_CFLAGS)

$(foreach t,test_wire test_link test_peers test_turns,$(eval UNIT_CFLAGS_$t := \
	$(RAFT_CFLAGS)))

CHECK_TARGETS += check-raft check-raft-cluster
CHECK_LONG_TARGETS += check-raft-long check-raft-cluster-long
BENCH_TARGETS += bench-raft

RAFT_HEADERS := $(wildcard tests/raft/*.h) tests/unit/model.h \
	tests/unit/model_tables.h

# $1 program, $2 flavour of objects, $3 its flags, $4 main sources
define raft_program
$(B)/tests/raft/$1: $4 tests/raft/workload.c $(RAFT_HEADERS) \
    $(call dep,raft) $(RAFT_NEEDS:%=$(B)/host/$2/%.a) | $$(GEN_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,LD)$$(HOST_CC) $$($3) $(RAFT_CFLAGS) -Itests/unit \
	    -Itests/raft -o $$@.$$T $$(filter %.c,$$^) $$(call group,$$(filter \
	    %.a,$$^) $(RAFT_LIBS)) $$(HOST_LIBS) -ldl
	@mv $$@.$$T $$@
endef
$(eval $(call raft_program,sim,asan,ASAN_CFLAGS,$(RAFT_SIM)))
$(eval $(call raft_program,sim-plain,obj,HOST_CFLAGS,$(RAFT_SIM)))
$(eval $(call raft_program,member,obj,HOST_CFLAGS,tests/raft/member.c \
	tests/raft/host.c))
$(eval $(call raft_program,seat,obj,HOST_CFLAGS,tests/raft/seat.c \
	tests/raft/host.c))

# the member once more, linked as the appliance's programs are
$(B)/musl/obj/raft/%.o: tests/raft/%.c $(RAFT_HEADERS) \
    $(B)/musl/obj/.flags | $(GEN_HEADERS) $(call dep,raft sqlite)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(MUSL_CFLAGS) -Itests/unit -c $< -o $@.$T
	@mv $@.$T $@

$(B)/musl/obj/raft/member.whole.o: $(addprefix $(B)/musl/obj/raft/,member.o \
	host.o workload.o) $(RAFT_NEEDS:%=$(B)/musl/obj/%.a)

$(B)/tests/raft/member-musl: $(B)/musl/obj/raft/member.whole.o
	@mkdir -p $(@D)
	$(call say,LD)$(MUSL_CC) $(MUSL_LDFLAGS) -o $@.$T $< -lraft -luv -llz4 \
	    $(MUSL_LIBS)
	@mv $@.$T $@

# states are in memory: the disk that is tested is the simulated one
define play
	@d=$$(mktemp -d $(if $(wildcard /dev/shm/.),/dev/shm,/tmp)/raft-XXXXXX) && \
	    { rc=0; $< "$$d" $1 || rc=$$?; \
	    rm -rf "$$d"; exit $$rc; }
endef

.PHONY: check-raft check-raft-long
## check-raft: the pool's log under seeded faults; SEED=n plays one, with trace
check-raft: $(B)/tests/raft/sim
	$(call play,$(RAFT_FIRST) $(RAFT_SEEDS))

check-raft-long: $(B)/tests/raft/sim-plain
	$(call play,1000 10000)

.PHONY: check-raft-cluster check-raft-cluster-long bench-raft
## check-raft-cluster: members as processes, killed, stopped, without room
check-raft-cluster: $(B)/tests/raft/member $(B)/tests/raft/member-musl \
		$(B)/tests/raft/seat | $(B)/host/poold
	@for p in $^; do \
	    unshare -rm python3 tests/raft/cluster.py $$p \
	    $(or $(SECONDS),10) $(SEED) || exit 1; done

check-raft-cluster-long: $(B)/tests/raft/member $(B)/tests/raft/seat | \
		$(B)/host/poold
	@for i in 1 2 3 4 5 6 7 8 9 10; do for p in $^; do \
	    unshare -rm python3 tests/raft/cluster.py $$p 60 || exit 1; \
	    done; done

## bench-raft: a commit of three processes on loopback against a local one
bench-raft: $(B)/tests/raft/member
	@python3 tests/bench/bench_raft.py $<
