/*
 * A fuzz target: LLVMFuzzerTestOneInput of one source, for libFuzzer and AFL++
 * (`make fuzz`), or under drive.c, which needs no fuzzer and runs in
 * `make check`. A target ends the process (abort) on a broken promise.
 */
#ifndef DP_FUZZ_H
#define DP_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The folder of the target's seeds, from the top of the source. */
extern const char fuzz_seeds[];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
