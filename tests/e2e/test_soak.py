"""A thousand changes of the map a second, for DNSPIN_SOAK_S seconds: the
memory of agent and resolver stays flat, no element is left over, and a flush
by hand is repaired meanwhile.
"""
import os
import shutil
import sys
import time

from agents import SyncAgent
from checks import skip_all
from crowd import POLICY, Dnsperf, questions, zone
from daemon import LabError, eventually
from kernel import END_S, Truth, held, nft
from lab import Lab

QUICK = os.environ.get("DNSPIN_QUICK")
SOAK_S = int(os.environ.get("DNSPIN_SOAK_S", 30 if QUICK else 120))
RATE = 1000  # questions a second, each a miss and so a change of the map
LIFE_S = 8  # of a binding: as many end as begin
NAMES = 2 * LIFE_S * RATE  # when a name is asked again, it has ended
WARM_S = max(SOAK_S // 4, 1.5 * NAMES / RATE)  # until caches are full
LOOKS = max(6, SOAK_S // 60)  # at memory and kernel, evenly after that
FLUSHES = (0, LOOKS // 2)  # before which of them the table is flushed
# Of what a process has for itself; what it maps of files does not count.
# Between the halves lie 45,000 changes or more: 64 octets left behind by each
# would be 2.7 MiB. Unbound's caches are full, but churn in them still grows
# malloc's arenas for a quarter of an hour (by 1.1 MiB), then they are level.
SLACK_KIB = {"dnspin sync": 256, "unbound": 2048}


def own_kib(process):
    if not process.alive():
        raise LabError(f"it ended\n{process.log_tail()}")
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("RssAnon"))
                   .split()[1])


def told_by_kernel(resolver):
    """Errors, of which a flush may cause some."""
    return resolver.status()["agent"]["errors"]


def flushed(lab, truth):
    nft("flush", "table", "inet", "dnspin")
    lab.check(f"a flush by hand is repaired within {END_S:.0f} s",
              eventually(truth.equal, END_S), truth)


def looks(lab, load, truth, resolver, agent):
    """[{process: KiB}], once everything in use is in use."""
    processes = {"dnspin sync": agent, "unbound": resolver}
    found, begin = [], time.monotonic()
    errors = 0
    for number in range(LOOKS):
        due = begin + WARM_S + number * (SOAK_S - WARM_S) / LOOKS
        time.sleep(max(0, due - time.monotonic()))
        if number in FLUSHES:
            flushed(lab, truth)
            errors = told_by_kernel(resolver)
        lab.check(f"look {number}: the kernel holds what lives and no more",
                  eventually(truth.equal, END_S) and load.runs()
                  and truth.count > LIFE_S * RATE // 2, truth)
        lab.check(f"look {number}: the kernel took all that came since",
                  told_by_kernel(resolver) == errors, resolver.status())
        found.append({what: own_kib(p) for what, p in processes.items()})
        print(f"        {time.monotonic() - begin:.0f} s: "
              + ", ".join(f"{what} {kib} KiB"
                          for what, kib in found[-1].items()), flush=True)
    return found


def flat(lab, found):
    """No more at any time of the second half than in the first."""
    for what, slack in SLACK_KIB.items():
        kib = [look[what] for look in found]
        early, late = max(kib[:LOOKS // 2]), max(kib[LOOKS // 2:])
        lab.check(f"{what}: memory stays flat", late <= early + slack, kib)


def soak(lab, resolver, agent):
    truth = Truth(resolver, agent.stopped)
    asked = questions(lab, range(NAMES))
    before = resolver.status()["map"]["recorded"]
    begin = time.monotonic()
    with Dnsperf(resolver, asked, RATE, "-l", str(10 * SOAK_S)) as load:
        found = looks(lab, load, truth, resolver, agent)
        seconds = time.monotonic() - begin
    changes = resolver.status()["map"]["recorded"] - before
    print(f"        {changes / seconds:.0f} changes a second for "
          f"{seconds:.0f} s", flush=True)
    lab.check("the map changed as often as this machine lets it",
              changes > seconds * RATE / 2, (changes, seconds))
    flat(lab, found)
    lab.check("when all have ended, nothing is left", eventually(
        lambda: not held(), LIFE_S + END_S), len(held()))


if not shutil.which("nft"):
    sys.exit(skip_all("soak", "nft is not installed"))
with Lab("soak", extra=zone(NAMES, lambda i: LIFE_S)) as the_lab:
    if the_lab.own_network:
        the_resolver = the_lab.resolver(
            zones=POLICY, mode="strict", grace=0, min_lifetime=LIFE_S,
            map_capacity=4 * NAMES)
        the_agent = SyncAgent(the_lab, the_resolver).start()
        soak(the_lab, the_resolver, the_agent)
        the_lab.check("the agent ends in good order", the_agent.stop() == 0)
    else:
        the_lab.skip("kernel and map", "it would be the machine's own rules")
sys.exit(the_lab.finish())
