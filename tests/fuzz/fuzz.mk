# Fuzzers, by clang's libFuzzer; `make check` has the mutation loops of the unit
# tests instead.

$(B)/fuzz-setup.mk: setup.sh tests/fuzz/packages.txt | $(B)
	./setup.sh tests/fuzz/packages.txt
	@echo '# packages of tests/fuzz/packages.txt are installed' >$@

FUZZ_S ?= 60
FUZZ_CLANG ?= clang
FUZZ_SOURCES := tests/fuzz/fuzz_parsers.c xapi-c/http/head.c xapi-c/http/ws.c \
	xapi-c/rpc/where.c xapi-c/net/tls.c $(wildcard xapi-c/wire/*.c) \
	$(wildcard xapi-c/base/*.c) $(B)/gen/types.c

$(B)/fuzz/parsers: $(FUZZ_SOURCES) $(B)/fuzz-setup.mk | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CLANG) $(C_COMMON) -Wno-error -O1 -g \
	    -fsanitize=fuzzer,address,undefined $(HOST_PKG_CFLAGS) -o $@.tmp \
	    $(FUZZ_SOURCES) $(HOST_LIBS)
	@mv $@.tmp $@

FUZZ_DB_SOURCES := tests/fuzz/fuzz_db.c $(wildcard xapi-c/db/*.c) \
	$(wildcard xapi-c/wire/*.c) $(wildcard xapi-c/base/*.c)

$(B)/fuzz/db: $(FUZZ_DB_SOURCES) $(wildcard tests/unit/*.h) \
    $(B)/fuzz-setup.mk | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CLANG) $(C_COMMON) -Wno-error -Wno-unused-function -O1 -g \
	    -Itests/unit -fsanitize=fuzzer,address,undefined \
	    $(HOST_PKG_CFLAGS) -o $@.tmp $(FUZZ_DB_SOURCES) $(HOST_LIBS)
	@mv $@.tmp $@

.PHONY: fuzz fuzz-parsers fuzz-db
## fuzz: FUZZ_S seconds each of the parsers and the database
fuzz: fuzz-parsers fuzz-db

CHECK_LONG_TARGETS += check-fuzz
.PHONY: check-fuzz
check-fuzz: FUZZ_S = 600
check-fuzz: fuzz
	@echo 'PASS fuzz: parsers and database, $(FUZZ_S) s each'

## fuzz-parsers: fuzzing of what reads clients' bytes
fuzz-parsers: $(B)/fuzz/parsers
	python3 tests/fuzz/seeds.py $(B)/fuzz/corpus
	cd $(B)/fuzz && ./parsers -max_total_time=$(FUZZ_S) -max_len=20000 \
	    -timeout=10 -rss_limit_mb=1024 corpus

## fuzz-db: fuzzing of commit records, log entries, database files and dumps
fuzz-db: $(B)/fuzz/db
	mkdir -p $(B)/fuzz/corpus-db
	cd $(B)/fuzz && ./db -seeds=corpus-db && ./db -close_fd_mask=2 \
	    -max_total_time=$(FUZZ_S) -max_len=100000 -timeout=10 \
	    -rss_limit_mb=1024 corpus-db
