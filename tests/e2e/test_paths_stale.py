"""Expired answers: at once, after a while without an answer from the authority,
and when it fails. They pass the last word of modules by. With cache-max-ttl
everything that a resolver knows expires soon.
"""
import contextlib
import sys
import time

import dns.message
import dns.rcode

import attack
from daemon import wait_until
from lab import Lab
from resolver import Answer
from volley import Volley

EXPIRY = ["serve-expired: yes", "serve-expired-reply-ttl: 30",
          "cache-max-ttl: 1"]
KEPT_S = 4
WAITS = {"at once": "0", "after 100 ms": "100"}
# No records of these to be had once their servers fall silent.
NEVER_STALE = [*attack.NOT_ANSWERED, *attack.BOGUS, *attack.SERVICES]
FICKLE = [(name, rdtype) for name, rdtype in attack.ADDRESSES
          if name.endswith(".fickle.example")]
OFF_LIST = attack.OFF_LIST + [("end.fickle-off.example", "AAAA")]
# With chain=inspect what these lead to refuses them.
LEADS_OFF = [(name, "A") for name in (
    "chain.manage.microsoft.com", "enterpriseregistration.windows.net",
    "hops11.answers.example", "on-off.chains.example",
    "on-off-on.chains.example", "on-denied.chains.example",
    "x.wild-off.chains.example", "x.below-off.chains.example",
    "to-off.fickle.example")]


def start(lab):
    """[(path, resolver, does it inspect chains)]"""
    found = []
    for how, wait in WAITS.items():
        for chain in ("inherit", "inspect"):
            path = f"serve-expired {how}, chain={chain}"
            found.append((path, attack.strict(
                lab, path.replace(" ", "-"), threads=2, chain=chain,
                server_conf=[*EXPIRY, "serve-expired-client-timeout: " + wait]),
                chain == "inspect"))
    return found


def warm(lab, path, resolver, inspects):
    if not inspects:
        attack.run(lab, resolver, path)
        return
    for when in ("cold", "warm"):
        attack.check(lab, f"{path}: {when}: nothing leaks", attack.leaks(
            resolver, probes=LEADS_OFF + OFF_LIST))


def expire(resolvers):
    for resolver in resolvers:
        resolver.control("set_option", "cache-max-ttl:", str(KEPT_S))
        resolver.control("flush_zone", ".")
    time.sleep(1 + 1.1)  # TTLs are whole seconds of the real clock
    for resolver in resolvers:
        Volley(resolver, attack.ON_LIST, attack.UDP).collect()
    for resolver in resolvers:
        wait_until(lambda r=resolver: not attack.busy(r), "refreshes")
    time.sleep(KEPT_S + 1.1)


@contextlib.contextmanager
def silence(lab):
    folders = ("leaf", "tld", "root")
    for folder in folders:
        lab.authority.pause(folder)
    try:
        yield
    finally:
        for folder in folders:
            lab.authority.resume(folder)


@contextlib.contextmanager
def failure(lab):
    lab.authority.fail()
    try:
        yield
    finally:
        lab.authority.mend()


def data_of(resolver, probes):
    """Where nobody knows where a name leads to, it may get no answer, or an
    error; never data."""
    found = []
    for way in attack.WAYS:
        replies = Volley(resolver, probes, way).collect(1.0)
        for probe, reply in replies.items():
            a = Answer(dns.message.from_wire(reply), 0.0)
            if a.rcode not in attack.ERRORS or a.rrs or [
                    t for _, _, t, _ in a.authority if t != "SOA"]:
                found.append(f"{' '.join(probe)}, {way.name}: {a}")
    return found


def unseen(resolver, since, apart):
    """Names whose addresses were not recorded anew."""
    seen = {b["name"] for b in resolver.bindings() if b["last_seen"] >= since}
    return sorted({name.lower()
                   for (name, rdtype), addresses in attack.ADDRESSES.items()
                   if addresses and name.lower() in attack.TO_RECORD
                   and (name, rdtype) not in apart} - seen)


def answered(lab, path, resolver, since):
    """Unbound does not serve what has expired where it would have to validate a
    record set of it again. They are left so by questions with CD, by chains
    that lead on, by refreshes of others that have records in common with them:
    by a few of these attacks. Who sets CD is answered (for AAAA Unbound keeps
    messages of their own then)."""
    probes = [p for p in attack.ADDRESSES if p not in NEVER_STALE]
    replies = Volley(resolver, probes, attack.UDP).collect()
    failed = [p for p in probes if p in replies and dns.message.from_wire(
        replies[p]).rcode() == dns.rcode.SERVFAIL]
    asked = [p for p in failed if p[1] == "A"]
    others = [p for p in attack.ON_LIST if p not in asked]
    attack.check(lab, f"{path}: what is allowed is answered", attack.wrong_in(
        replies, attack.UDP, apart=NEVER_STALE + failed))
    attack.check(lab, f"{path}: at least to who validates", attack.wrong_in(
        Volley(resolver, asked, attack.CD).collect(), attack.CD, apart=others))
    attack.check(lab, f"{path}: nearly all to everybody",
                 failed if len(failed) > len(probes) // 4 else [])
    attack.check(lab, f"{path}: and recorded again",
                 unseen(resolver, since, failed))


def without_authority(lab, path, resolver, inspects, since):
    path = f"{path}: no authority"
    if inspects:
        attack.check(lab, f"{path}: no chain comes back",
                     data_of(resolver, LEADS_OFF))
    else:
        answered(lab, path, resolver, since)
    attack.check(lab, f"{path}: nothing leaks",
                 attack.leaks(resolver, probes=OFF_LIST))


def with_failing_authority(lab, path, resolver, inspects):
    path = f"{path}: failing authority"
    if inspects:
        attack.check(lab, f"{path}: no chain comes back",
                     data_of(resolver, LEADS_OFF))
    others = [p for p in attack.ON_LIST if p not in FICKLE]
    for again in ("", ", asked again"):
        if not inspects:
            replies = Volley(resolver, FICKLE, attack.UDP).collect()
            attack.check(lab, f"{path}: what is allowed is answered{again}",
                         attack.wrong_in(replies, attack.UDP, apart=others))
        attack.check(lab, f"{path}: nothing leaks{again}",
                     attack.leaks(resolver, probes=OFF_LIST))


with Lab("stale") as the_lab:
    paths = start(the_lab)
    for which in paths:
        warm(the_lab, *which)
    ones = [resolver for _, resolver, _ in paths]
    expire(ones)
    now = int(time.time())
    with silence(the_lab):
        for which in paths:
            without_authority(the_lab, *which, now)
    for one in ones:
        wait_until(lambda r=one: not attack.busy(r), "refreshes")
        one.control("flush_infra", "all")
    expire(ones)
    with failure(the_lab):
        for which in paths:
            with_failing_authority(the_lab, *which)
    for the_path, one, _ in paths:
        counters = one.status()["resolver"]["counters"]
        the_lab.check(f"{the_path}: nothing is counted as a leak",
                      counters["leak"] == 0, counters)
sys.exit(the_lab.finish())
