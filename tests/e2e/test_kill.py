"""kill -9 of Unbound at random moments under load: the map opens each time and
holds nothing but the truth; after a restart all bindings are still there.
"""
import os
import random
import sys
import time

from crowd import (
    POLICY, Dnsperf, address_of, fresh_and_known, name_of, questions, zone)
from lab import Lab

SLOW = os.environ.get("DNSPIN_SANITIZER")
ROUNDS = 5 if os.environ.get("DNSPIN_QUICK") else 10 if SLOW else 50
CHUNK = 1200  # names that are new to the map in each round
NAMES = ROUNDS * CHUNK
RATE = 3000  # questions a second: the kill comes while new ones go in
SEED = 20260801


def read(lab, resolver, truth, when):
    """The bindings of the map; each must be true."""
    bindings = resolver.bindings()
    false = [b for b in bindings
             if truth.get(b["name"].rstrip(".")) != b["address"]
             or b["final"].rstrip(".") != b["name"].rstrip(".")
             or b["last_seen"] < b["first_seen"]
             or not b["first_seen"] <= time.time() + 1]
    if false:
        lab.check(f"{when}: nothing but the truth", False, false[:3])
    return {(b["name"], b["address"]) for b in bindings}


def rounds(lab, resolver, truth, chance):
    known, lost, killed = set(), [], 0
    for number in range(ROUNDS):
        resolver.start()
        before = read(lab, resolver, truth, f"round {number}, started")
        if not known <= before:
            lost.append((number, sorted(known - before)[:3]))
        asked = questions(lab, fresh_and_known(number * CHUNK, CHUNK, chance))
        with Dnsperf(resolver, asked, RATE, "-l", "20"):
            time.sleep(chance.uniform(0.02, 0.6))  # the random moment
            answered = name_of((number + 1) * CHUNK - 1)
            resolver.ask(answered)
            killed += resolver.kill9() == -9
        # What was readable once must be readable ever after.
        known = read(lab, resolver, truth, f"round {number}, killed")
        if not before <= known or not [n for n, _ in known
                                       if n.rstrip(".") == answered]:
            lost.append((number, answered, sorted(before - known)[:3]))
    lab.check(f"{ROUNDS} kills under load were kills", killed == ROUNDS,
              killed)
    lab.check("no round found a false binding", lab.failed == 0)
    lab.check("no round lost a binding, nor one whose answer was out",
              not lost, lost[:3])
    lab.check("bindings were made meanwhile", len(known) > NAMES // 20,
              len(known))
    return known


with Lab("kill", extra=zone(NAMES)) as the_lab:
    the_chance = random.Random(SEED)
    the_truth = {name_of(i): address_of(i) for i in range(NAMES)}
    the_resolver = the_lab.resolver(
        zones=POLICY, mode="strict", threads=2, start=False,
        min_lifetime=3600)  # longer than this test takes
    the_known = rounds(the_lab, the_resolver, the_truth, the_chance)
    the_resolver.start()
    there = read(the_lab, the_resolver, the_truth, "at the end")
    the_lab.check("after the last restart all are there", the_known <= there,
                  len(the_known - there))
    the_answer = the_resolver.ask(name_of(1))
    the_lab.check("and it answers", the_answer.addresses == [address_of(1)],
                  the_answer)
    the_map = the_resolver.status()["map"]
    print(f"        {len(there)} bindings, seed {SEED}, map {the_map}")
    the_lab.check("no unusable map was set aside", not [
        f for f in os.listdir(os.path.join(the_resolver.state, "unbound"))
        if ".bad" in f])
sys.exit(the_lab.finish())
