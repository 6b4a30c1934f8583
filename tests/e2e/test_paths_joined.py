"""Queries that a client does not begin alone: those that Unbound asks for
itself at that moment, lookups for a zone transfer, and prefetches, whose
answers nobody waits for.
"""
import sys
import time

import attack
import joined
from daemon import wait_until
from lab import Lab
from volley import Volley

DATED = "dated.answers.example"
DATED_TTL_S = 10  # the last tenth of which is a whole second
EXTRA = {"answers.example.": f"dated {DATED_TTL_S} CNAME dated.off.example.\n",
         "off.example.": f"dated {DATED_TTL_S} A 20.54.1.10\n"}


def prefetches(resolver):
    return int(dict(line.split("=") for line in resolver.control(
        "stats_noreset").split())["total.num.prefetch"].split(".")[0])


def begin_prefetch(lab, resolver, asked):
    """asked: when the name was; the leaves are silent afterwards."""
    if time.monotonic() > asked + DATED_TTL_S - 2:  # a slow machine
        resolver.control("flush", DATED)
        asked = time.monotonic()
        resolver.ask(DATED)
    wait_until(lambda: time.monotonic() > asked + DATED_TTL_S - 1.5,
               "the end of a TTL")
    lab.authority.pause("leaf")
    wait_until(lambda: resolver.ask(DATED).addresses == ["20.54.1.10"]
               and prefetches(resolver) == 1, "a prefetch")
    lab.check("prefetch: has begun", resolver.waits_for(DATED + ".", "A"),
              resolver.control("dump_requestlist"))


def prefetching(lab, resolver, asked):
    """Also when the name leaves the list before its prefetch is done."""
    with open(attack.ZONE, encoding="ascii") as f:
        narrow = f.read() + f'{DATED} TXT "deny"\n'
    begin_prefetch(lab, resolver, asked)
    during = [(Volley(resolver, attack.OFF_LIST, way), way)
              for way in attack.WAYS]
    resolver.enforce(narrow)
    lab.authority.resume("leaf")
    found = []
    for volley, way in during:
        found += attack.leaks_in(volley.collect(), way)
    attack.check(lab, "prefetch: nothing leaks meanwhile", found)
    wait_until(lambda: not attack.busy(resolver), "the end of the prefetch")
    attack.check(lab, "prefetch: what left the list is refused",
                 attack.leaks(resolver, probes=[(DATED, "A"),
                                                ("dated.off.example", "A")]))
    counters = resolver.status()["resolver"]["counters"]
    lab.check("prefetch: nothing is counted as a leak",
              counters["leak"] == 0, counters)


with Lab("joined", extra=EXTRA) as the_lab:
    joined.joining(the_lab)
    the_resolver = attack.strict(the_lab, "prefetch",
                                 server_conf=["prefetch: yes"])
    begun = time.monotonic()
    the_resolver.ask(DATED)
    joined.transfers(the_lab)
    prefetching(the_lab, the_resolver, begun)
    the_resolver.stop()
sys.exit(the_lab.finish())
