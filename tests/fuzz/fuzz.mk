# Fuzzers, by clang's libFuzzer; a machine without clang has the mutation
# loops of the unit tests.

FUZZ_S ?= 60
FUZZ_CLANG ?= clang
FUZZ_SOURCES := tests/fuzz/fuzz_parsers.c xapi-c/http/head.c xapi-c/http/ws.c \
	xapi-c/rpc/where.c xapi-c/net/tls.c $(wildcard xapi-c/wire/*.c) \
	$(wildcard xapi-c/base/*.c) $(B)/gen/types.c

$(B)/fuzz/parsers: $(FUZZ_SOURCES) | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CLANG) $(C_COMMON) -Wno-error -O1 -g \
	    -fsanitize=fuzzer,address,undefined $(HOST_PKG_CFLAGS) -o $@.tmp \
	    $(FUZZ_SOURCES) $(HOST_LIBS)
	@mv $@.tmp $@

.PHONY: fuzz
## fuzz: FUZZ_S seconds of fuzzing the parsers of clients' bytes; needs clang
fuzz: $(B)/fuzz/parsers
	python3 tests/fuzz/seeds.py $(B)/fuzz/corpus
	cd $(B)/fuzz && ./parsers -max_total_time=$(FUZZ_S) -max_len=20000 \
	    -timeout=10 -rss_limit_mb=1024 corpus
