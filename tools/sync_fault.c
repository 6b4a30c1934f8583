#include "dp_config.h"

#include "tools/sync_fault.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Written while no signal can come from the range; read by the handler. */
static volatile uintptr_t begin, size;
static volatile uintptr_t page_b;
static volatile sig_atomic_t seen;

/* All that is behind the page, too: one mapping, however much was cut off.
 * mmap(2) is a system call and nothing else. */
static void on_bus(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr & ~(page_b - 1);
	uintptr_t off = at - begin;
	size_t left_b = size == SIZE_MAX ? page_b : size - off;

	(void)context;
	if (info->si_code == BUS_ADRERR && off < size &&
	    mmap((void *)at, left_b, PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
		seen = 1;
	else
		(void)signal(number, SIG_DFL); /* it comes again */
}

void dp_fault_catch(void)
{
	struct sigaction action = { .sa_sigaction = on_bus,
		.sa_flags = SA_SIGINFO };

	page_b = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigaction(SIGBUS, &action, NULL);
}

void dp_fault_cover(const void *bytes, size_t size_b)
{
	size = 0;
	begin = (uintptr_t)bytes;
	size = size_b;
	seen = 0;
}

bool dp_fault_seen(void)
{
	return seen;
}
