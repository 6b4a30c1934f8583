#include "dp_config.h"

#include "module/core/fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define RANGES_MAX 512u
#define CLAIMED ((uintptr_t)1) /* begin: a thread fills the rest */

static struct range {
	_Atomic uintptr_t begin; /* 0: free */
	_Atomic uintptr_t end;
	_Atomic uintptr_t cut; /* from here on it is not the file's */
} ranges[RANGES_MAX];

static _Atomic unsigned catching;
static _Atomic uintptr_t page_b;
static _Atomic bool seen;
static struct sigaction before;

/* --- the handler: lock-free atomics, and system calls that are no more ------ */

/* acquire: pairs with the release in dp_fault_cover. */
static struct range *range_at(uintptr_t at)
{
	for (size_t i = 0; i < RANGES_MAX; i++) {
		uintptr_t begin = atomic_load_explicit(&ranges[i].begin,
		    memory_order_acquire);

		if (begin > CLAIMED && at >= begin && at < ranges[i].end)
			return &ranges[i];
	}
	return NULL;
}

/* All that is behind the page, too: one mapping, however much was cut off. Of
 * threads that come at once the first one makes it, the others try again. */
static bool replace(struct range *r, uintptr_t at)
{
	uintptr_t cut = atomic_load(&r->cut);

	do {
		if (at >= cut)
			return true;
	} while (!atomic_compare_exchange_weak(&r->cut, &cut, at));
	atomic_store(&seen, true);
	return mmap((void *)at, cut - at, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void on_bus(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr & ~(page_b - 1);
	struct range *r = info->si_code == BUS_ADRERR ? range_at(at) : NULL;

	(void)context;
	if (!r || !replace(r, at))
		(void)sigaction(number, &before, NULL); /* it comes again */
}

/* -------------------------------------------------------------------------- */

void dp_fault_catch(void)
{
	struct sigaction action = { .sa_sigaction = on_bus,
		.sa_flags = SA_SIGINFO };

	if (atomic_fetch_add(&catching, 1) > 0)
		return;
	page_b = (uintptr_t)sysconf(_SC_PAGESIZE);
	(void)sigaction(SIGBUS, &action, &before);
}

/* Not where somebody else took it over meanwhile. */
void dp_fault_release(void)
{
	struct sigaction now;

	if (atomic_fetch_sub(&catching, 1) == 1 &&
	    sigaction(SIGBUS, NULL, &now) == 0 &&
	    (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_bus)
		(void)sigaction(SIGBUS, &before, NULL);
}

void dp_fault_unblock(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void dp_fault_cover(const void *bytes, size_t size_b)
{
	for (size_t i = 0; bytes && i < RANGES_MAX; i++) {
		struct range *r = &ranges[i];
		uintptr_t none = 0;

		if (!atomic_compare_exchange_strong(&r->begin, &none, CLAIMED))
			continue;
		r->end = (uintptr_t)bytes + size_b;
		r->cut = r->end;
		atomic_store_explicit(&r->begin, (uintptr_t)bytes,
		    memory_order_release);
		return;
	}
}

static struct range *range_of(const void *bytes)
{
	for (size_t i = 0; bytes && i < RANGES_MAX; i++)
		if (ranges[i].begin == (uintptr_t)bytes)
			return &ranges[i];
	return NULL;
}

void dp_fault_uncover(const void *bytes)
{
	struct range *r = range_of(bytes);

	if (r)
		r->begin = 0;
}

bool dp_fault_is_cut(const void *bytes)
{
	const struct range *r = range_of(bytes);

	return r && r->cut < r->end;
}

bool dp_fault_seen(void)
{
	return atomic_load(&seen);
}

void dp_fault_forget(void)
{
	atomic_store(&seen, false);
}
