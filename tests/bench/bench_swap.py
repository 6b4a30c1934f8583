"""How long does the server fall silent when the policy changes?

	tests/bench/bench_swap.py [MSG-CACHE-SIZE-MB...]

The message cache is filled first, since a change empties it. Then 50,000
questions a second come, of which none needs another server, and the longest
time without an answer is taken in a time with a change and in one of the same
length without. Root's server and questions do not wait for who else uses the
machine; for others, that shows in both.
"""
import os
import statistics
import sys
import time

from daemon import wait_until
from lab import Lab
from load import POLICIES, ZONE, Load, taken

RATE = 50000
NAMES = 4000     # of each kind, asked all the time
ROUNDS = 5
ENTRY_B = 250    # of memory that a cached answer takes, at least
THREADS = 1      # the other processor is for the questions
WINDOW_S = 1.0


def real_time(pid, on):
    """Let all threads of it go before those of others, or no more."""
    how = (os.SCHED_RR, 10) if on else (os.SCHED_OTHER, 0)
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            os.sched_setscheduler(int(thread), how[0],
                                  os.sched_param(how[1]))
        except PermissionError:
            pass


def admitted(resolver):
    return resolver.status()["resolver"]["counters"]["admitted"]


def fill(lab, resolver, letter, entries):
    """Ask for more than the cache holds."""
    target = admitted(resolver) + entries
    with Load(lab, resolver, 400000, entries, kinds=["both"]) as load:
        load.policy(letter)
        wait_until(lambda: admitted(resolver) >= target, "a full cache", 600)


def round_of(lab, resolver, old, new, entries):
    """The longest silence, in ms, without a change and with one."""
    fill(lab, resolver, old, entries)
    with Load(lab, resolver, RATE, NAMES, kinds=["both", "none"]) as load:
        load.policy(old)
        load.judged(NAMES)
        real_time(resolver.pid, True)
        real_time(load.pid, True)
        load.policy(old)
        time.sleep(WINDOW_S)
        quiet = load.policy(old + new)
        end = time.monotonic() + WINDOW_S
        resolver.compile(POLICIES[new], mode="strict")
        wait_until(lambda: taken(resolver), f"policy {new} in force")
        time.sleep(max(0.0, end - time.monotonic()))
        changed = load.policy(new)
        real_time(resolver.pid, False)
        sums = load.finish()
    lab.check(f"{entries} names, {old} to {new}: no wrong verdict",
              sums["wrong"] == 0 and sums["failed"] == 0, sums)
    return quiet["silence_us"] / 1000, changed["silence_us"] / 1000


def measure(lab, size_mb):
    entries = size_mb * (1 << 20) // ENTRY_B
    resolver = lab.resolver(
        f"cache-{size_mb}m", zones=POLICIES["A"], threads=THREADS,
        map_capacity=1 << 20, server_conf=[
            "so-rcvbuf: 4m", f"msg-cache-size: {size_mb}m",
            f"rrset-cache-size: {2 * size_mb}m"])
    quiet, changed = [], []
    for number in range(ROUNDS):
        old, new = "AB" if number % 2 == 0 else "BA"
        for times, ms in zip((quiet, changed), round_of(
                lab, resolver, old, new, entries)):
            times.append(ms)
    resolver.stop()
    return [f"{size_mb:>6} MB {entries:>9}"] + [
        f"{statistics.median(t):>9.1f} {min(t):>7.1f} {max(t):>7.1f}"
        for t in (quiet, changed)]


with Lab("bench-swap", extra=ZONE) as the_lab:
    rows = [measure(the_lab, int(size)) for size in sys.argv[1:] or (4, 64)]
    print(f"longest silence (ms) in {WINDOW_S:.0f} s at {RATE} questions a "
          f"second, one thread, of {ROUNDS} times")
    print("msg-cache     names   without a change: median,"
          " least, most   with one")
    for row in rows:
        print("   ".join(row))
sys.exit(the_lab.finish())
