"""The map outlasts what happens to it: a restart, another capacity while
answers go out, a second resolver, a file that was cut off.
"""
import json
import os
import sys

from crowd import POLICY, Dnsperf, address_of, name_of, questions, zone
from daemon import eventually, wait_until
from lab import Lab

NAMES = 1500
RATE = 200  # questions a second: the moves come while new bindings go in
CAPACITIES = (4096, 1800, 65536, 2000)


def names_and_addresses(resolver):
    return {(b["name"].rstrip("."), b["address"]) for b in resolver.bindings()}


def stable(resolver):
    """What must never change."""
    return sorted((b["name"], b["address"], b["first_seen"], b["expires"])
                  for b in resolver.bindings())


def capacity(resolver):
    """Whoever wrote the status, and whether that one still lives."""
    told = resolver.dnspin("status", "-f", "json", expect=None)
    return json.loads(told)["map"]["capacity"]


def trouble(resolver):
    return resolver.status()["resolver"]["trouble"]


def set_capacity(resolver, bindings):
    resolver.compile(POLICY, mode="strict", min_lifetime=3600,
                     map_capacity=bindings)


def moves_under_load(lab, resolver):
    moved = []
    with Dnsperf(resolver, questions(lab, range(NAMES)), RATE,
                 "-n", "1") as load:
        for wanted in CAPACITIES:
            set_capacity(resolver, wanted)
            if eventually(lambda w=wanted: capacity(resolver) == w, 5):
                moved.append((wanted, load.runs()))
        told = load.finish()
    lab.check("each capacity is taken while questions come in",
              moved == [(c, True) for c in CAPACITIES], moved)
    lab.check("every question is answered", f"Queries completed:    {NAMES} "
              in told, told)
    there = names_and_addresses(resolver)
    wanted = {(name_of(i), address_of(i)) for i in range(NAMES)}
    lab.check("and every answer is in the map", there == wanted,
              (len(there), sorted(wanted - there)[:3]))
    lab.check("nothing is wrong", trouble(resolver) == "", trouble(resolver))


def restarts(lab, resolver):
    before = stable(resolver)
    resolver.restart()
    lab.check("a restart changes nothing", stable(resolver) == before)
    resolver.kill9()
    set_capacity(resolver, 5000)
    resolver.start()
    lab.check("nor does a death, and a capacity that changed meanwhile",
              stable(resolver) == before and capacity(resolver) == 5000,
              resolver.status()["map"])


def shrinks_no_further(lab, resolver):
    before = stable(resolver)
    set_capacity(resolver, NAMES - 1)
    wait_until(lambda: "keeps its capacity of 5000" in trouble(resolver),
               "the trouble")
    lab.check("a capacity below what lives is not taken",
              capacity(resolver) == 5000 and stable(resolver) == before)
    set_capacity(resolver, 5000)
    wait_until(lambda: trouble(resolver) == "", "the end of the trouble")


def two_on_one_map(lab, resolver):
    before = stable(resolver)
    other = lab.resolver("other", zones=[], state=resolver.state)
    set_capacity(resolver, 9000)
    wait_until(lambda: "while another process writes to it"
               in resolver.log_text(), "the log of the first")
    lab.check("two resolvers keep the map that they share",
              capacity(resolver) == 5000 and stable(resolver) == before)
    other.stop()
    set_capacity(resolver, 9001)
    lab.check("one alone moves it",
              eventually(lambda: capacity(resolver) == 9001, 5)
              and stable(resolver) == before)


def cut_off(lab, resolver):
    resolver.stop()
    path = os.path.join(resolver.state, "unbound", "map")
    os.truncate(path, os.path.getsize(path) // 2)
    resolver.start()
    a = resolver.ask(name_of(1))
    lab.check("a map that was cut off is set aside, and all goes on",
              a.addresses == [address_of(1)]
              and names_and_addresses(resolver) == {
                  (name_of(1), address_of(1))}
              and os.path.exists(path + ".bad.1"), a)


with Lab("lasting", extra=zone(NAMES, lambda i: 3600)) as the_lab:
    the_resolver = the_lab.resolver(
        zones=POLICY, mode="strict", threads=2, min_lifetime=3600,
        map_capacity=2048)
    moves_under_load(the_lab, the_resolver)
    restarts(the_lab, the_resolver)
    shrinks_no_further(the_lab, the_resolver)
    two_on_one_map(the_lab, the_resolver)
    cut_off(the_lab, the_resolver)
    the_lab.check("no file of a move is left", not [
        f for f in os.listdir(os.path.join(the_resolver.state, "unbound"))
        if f.endswith((".new", ".next"))])
    the_resolver.stop()
sys.exit(the_lab.finish())
