/*
 * Outliving mapped files that somebody cuts short, or that a full disk has no
 * block for: instead of SIGBUS ending the process, the file's mapping is memory
 * of the process from there on, which reads as zeros, and what is written to it
 * goes nowhere. file.c covers what it maps.
 *
 * One state for the whole process; for any number of threads, but catch and
 * release are for one at a time.
 */
#ifndef DP_FAULT_H
#define DP_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Catch SIGBUS from here on, until as many releases: then it is caught as it was
 * before. A fault that is at no covered place is left to who caught it before,
 * and ends the process where nobody did. */
void dp_fault_catch(void);
void dp_fault_release(void);

/* For a thread that blocks all signals: this one must get through to it. */
void dp_fault_unblock(void);

/* The range, whole pages, until it is uncovered. Where too many are covered
 * already it is not. NULL is no range. */
void dp_fault_cover(const void *bytes, size_t size_b);
void dp_fault_uncover(const void *bytes);

/* Did the range that begins here turn out to be cut? */
bool dp_fault_is_cut(const void *bytes);

/* Did any, since the last call of forget? */
bool dp_fault_seen(void);
void dp_fault_forget(void);

#endif
