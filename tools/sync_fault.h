/*
 * Outliving a mapped file that its owner cuts short: where it ends too early it
 * reads as zeros from there on, instead of SIGBUS ending the process. One range
 * at a time; for a process with one thread.
 */
#ifndef DP_SYNC_FAULT_H
#define DP_SYNC_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Catch SIGBUS from here on. Outside the range it ends the process as ever. */
void dp_fault_catch(void);

/* The range, whole pages, until the next call; what was seen is forgotten.
 * size_b 0: none. NULL and SIZE_MAX: anywhere, for as long as it takes to open
 * the file. */
void dp_fault_cover(const void *bytes, size_t size_b);

/* Was something replaced by zeros? Then what was read may be half the file. */
bool dp_fault_seen(void);

#endif
