"""From observe to strict while caches are full of what was answered before and
the questions of the whole matrix are under way: from the moment at which the
status shows the new policy nobody gets what is off the list.
"""
import sys

import attack
from daemon import wait_until
from lab import Lab
from volley import Volley

# Unbound ends a TCP connection on which more than 32 questions wait.
UDP = [attack.UDP, attack.CD]


def in_force(resolver, mode):
    return resolver.status()["resolver"]["mode"] == mode


def observe(lab, resolver, path):
    """Caches that hold everything, of clients and of recursion."""
    resolver.compile([*lab.zones(), attack.ZONE], mode="observe")
    wait_until(lambda: in_force(resolver, "observe"), "mode observe")
    for _ in range(2):
        answered = len(attack.leaks(resolver))
        attack.wrong(resolver)
    lab.check(f"{path}: observing, everything is answered",
              answered == len(attack.OFF_LIST) * len(attack.WAYS), answered)


def full_caches(lab, resolver, path):
    switch(lab, resolver)
    attack.check(lab, f"{path}: at that moment nothing leaks",
                 attack.leaks(resolver))


def under_way(lab, resolver, path):
    resolver.control("flush_zone", ".")
    lab.authority.pause("leaf")
    asked = [(Volley(resolver, attack.OFF_LIST, way), way) for way in UDP]
    allowed = Volley(resolver, attack.ON_LIST, attack.UDP)
    waiting = [volley.waiting() for volley, _ in asked]
    switch(lab, resolver)
    lab.authority.resume("leaf")
    lab.check(f"{path}: {len(waiting[0])} questions wait",
              all(len(w) > len(attack.OFF_LIST) / 2 for w in waiting), waiting)
    attack.check(lab, f"{path}: nothing leaks to who asked before", [
        leak for (volley, way), probes in zip(asked, waiting)
        for leak in attack.leaks_in(volley.collect(), way, probes=probes)])
    attack.check(lab, f"{path}: what is allowed is answered",
                 attack.wrong_in(allowed.collect(), attack.UDP))


def switch(lab, resolver):
    resolver.compile([*lab.zones(), attack.ZONE], mode="strict")
    wait_until(lambda: in_force(resolver, "strict"), "mode strict")


def afterwards(lab, resolver, path):
    for when in ("then", "and again"):
        attack.check(lab, f"{path}: {when} nothing leaks",
                     attack.leaks(resolver))
    attack.check(lab, f"{path}: what is allowed is answered afterwards",
                 attack.wrong(resolver))
    counters = resolver.status()["resolver"]["counters"]
    lab.check(f"{path}: nothing is counted as a leak",
              counters["leak"] == 0, counters)


MOMENTS = {"full caches": full_caches, "queries under way": under_way}

with Lab("switch") as the_lab:
    for threads in (1, 4):
        the_resolver = attack.strict(the_lab, f"threads-{threads}",
                                     threads=threads)
        for moment, attacked in MOMENTS.items():
            the_path = f"observe to strict, threads {threads}, {moment}"
            observe(the_lab, the_resolver, the_path)
            attacked(the_lab, the_resolver, the_path)
            afterwards(the_lab, the_resolver, the_path)
        the_resolver.stop()
sys.exit(the_lab.finish())
