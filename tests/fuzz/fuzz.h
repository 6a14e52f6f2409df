/*
 * The frame of a fuzzer: one fuzz_<target>.c is one libFuzzer program, linked
 * with the layers that fuzz.mk names for it.  Besides surviving, whatever is
 * taken keeps what its header promises: assert() is on.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#undef NDEBUG
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
