"""Queries that a client does not begin alone: those that Unbound asks for
itself at that moment, lookups for a zone transfer, and prefetches, whose
answers nobody waits for.
"""
import sys
import time

import attack
from daemon import eventually, wait_until
from lab import Lab
from volley import Volley

OWN = [("ns1.lab-dns.net", "A"), ("ns2.lab-dns.net", "A"),
       ("lab-dns.net", "NS"), ("microsoft.com", "NS")]
DATED = "dated.answers.example"
DATED_TTL_S = 10  # the last tenth of which is a whole second
EXTRA = {"answers.example.": f"dated {DATED_TTL_S} CNAME dated.off.example.\n",
         "off.example.": f"dated {DATED_TTL_S} A 20.54.1.10\n"}


def joining(lab):
    """Only the checks of harden-referral-path are queries of its own that
    Unbound lets a client join."""
    for way in (attack.UDP, attack.CD):
        path = f"joined states, {way.name}"
        resolver = attack.strict(lab, path.replace(" ", "-"), server_conf=[
            "harden-referral-path: yes"])
        with attack.paused(lab, resolver):
            allowed = resolver.send("foo.bar.manage.microsoft.com", cd=way.cd)
            wait_until(lambda r=resolver: all(
                r.waits_for(name + ".", rdtype) for name, rdtype in OWN),
                "Unbound's own queries in flight")
            joined = [(Volley(resolver, OWN, w), w) for w in attack.ALL_WAYS]
            waiting = [w.name for volley, w in joined if volley.waiting()]
        lab.check(f"{path}: it is joined in {len(waiting)} ways",
                  set(waiting) & {"udp", "tcp", "cd"}, waiting)
        a = resolver.reply(allowed)
        lab.check(f"{path}: who waits for a name server gets the answer",
                  a.rcode == "NOERROR" and a.addresses, a)
        found = []
        for volley, w in joined:
            found += attack.leaks_in(volley.collect(), w, probes=OWN)
        attack.check(lab, f"{path}: nothing leaks to who joins", found)
        attack.run(lab, resolver, path)
        resolver.stop()


def transfers(lab):
    """An auth-zone looks its primary up in the same mesh, with a callback
    that wants the true answer while the client that joins must not get it."""
    primary = [("ns1.lab-dns.net", "A")]
    resolver = attack.strict(lab, "transfer", start=False, server_conf=[
        "auth-zone:", "name: nsatc.net", "primary: ns1.lab-dns.net",
        "for-downstream: no", "for-upstream: no"])
    lab.authority.pause("leaf")
    resolver.start()
    wait_until(lambda: resolver.waits_for("ns1.lab-dns.net.", "A"),
               "the lookup of the primary")
    joined = [(Volley(resolver, primary, way), way)
              for way in attack.ALL_WAYS]
    lab.authority.resume("leaf")
    found = []
    for volley, way in joined:
        found += attack.leaks_in(volley.collect(), way, probes=primary)
    attack.check(lab, "transfer: nothing leaks to who joins the lookup", found)
    lab.check("transfer: the zone comes at once all the same", eventually(
        lambda: "serial 1" in resolver.control("list_auth_zones"), 2),
        resolver.control("list_auth_zones"))
    attack.run(lab, resolver, "transfer")
    resolver.stop()


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
    joining(the_lab)
    the_resolver = attack.strict(the_lab, "prefetch",
                                 server_conf=["prefetch: yes"])
    begun = time.monotonic()
    the_resolver.ask(DATED)
    transfers(the_lab)
    prefetching(the_lab, the_resolver, begun)
    the_resolver.stop()
sys.exit(the_lab.finish())
