"""The plain path, from recursion and from the cache, in every way to ask: UDP
and TCP, CD, DO and AD, EDNS sizes, without RD; one thread and four, with and
without validation.
"""
import sys

import attack
from lab import Lab

NO_VALIDATOR = 'module-config: "dynlib iterator"'


def worth_asking(lab):
    """All that is asked would be answered otherwise without the module."""
    resolver = lab.resolver("plain", module=False)
    found = attack.leaks(resolver, attack.WAYS)
    lab.check("without the module every one of the questions leaks",
              len(found) == len(attack.WAYS) * len(attack.OFF_LIST), found)
    resolver.stop()


def permissive(lab):
    """What is forged goes to clients, as configured, and not into the map."""
    path = "val-permissive-mode"
    resolver = attack.strict(lab, path, server_conf=[f"{path}: yes"])
    attack.run(lab, resolver, path, validates=False)
    forged = {name for name, _ in attack.BOGUS} & {
        b["name"] for b in resolver.bindings()}
    lab.check(f"{path}: nothing forged is recorded", not forged, forged)
    resolver.stop()


with Lab("flags") as the_lab:
    worth_asking(the_lab)
    permissive(the_lab)
    for threads in (1, 4):
        for validates in (True, False):
            path = f"threads {threads}, " + (
                "validator" if validates else "no validator")
            resolver = attack.strict(
                the_lab, f"threads-{threads}-{validates}", threads=threads,
                server_conf=[] if validates else [NO_VALIDATOR])
            attack.run(the_lab, resolver, path,
                       attack.ALL_WAYS + attack.NO_RD, validates=validates)
            resolver.stop()
sys.exit(the_lab.finish())
