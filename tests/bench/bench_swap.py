"""How long does the server fall silent when the policy changes?

	tests/bench/bench_swap.py [MSG-CACHE-SIZE-MB...]

The message cache is filled first, since a change clears it. Then 50,000
questions a second come, and the longest time without an answer is taken in a
time with a change and in one of the same length without. Who else uses the
machine shows in both; less where priorities may be raised (root).
"""
import os
import statistics
import sys
import time

from daemon import wait_until
from lab import Lab
from load import POLICIES, ZONE, Load, taken

RATE = 50000
NAMES = 2000     # of each kind, asked all the time
ROUNDS = 5
ENTRY_B = 250    # of memory that a cached answer takes, at least
THREADS = 1      # the other processor is for the questions
WINDOW_S = 1.0


def hurry(pid):
    """All threads of it go before those of others."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            os.setpriority(os.PRIO_PROCESS, int(thread), -15)
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
    with Load(lab, resolver, RATE, NAMES) as load:
        hurry(load.pid)
        load.policy(old)
        load.judged(NAMES)
        load.policy(old)
        time.sleep(WINDOW_S)
        quiet = load.policy(old + new)
        end = time.monotonic() + WINDOW_S
        resolver.compile(POLICIES[new], mode="strict")
        wait_until(lambda: taken(resolver), f"policy {new} in force")
        time.sleep(max(0.0, end - time.monotonic()))
        changed = load.policy(new)
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
    hurry(resolver.pid)
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
          f"second, {THREADS} threads, of {ROUNDS}")
    print("msg-cache     names   without a change: median,"
          " least, most   with one")
    for row in rows:
        print("   ".join(row))
sys.exit(the_lab.finish())
