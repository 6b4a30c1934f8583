"""Mode observe beside plain Unbound on a random walk: answers, their TTLs and
flags are the same, and at the end the statistics; through flushes, and with
prefetch and serve-expired, too.
"""
import os
import random
import socket
import sys
import time

import dns.message

import attack
from daemon import wait_until
from lab import Lab
from resolver import Answer
from volley import Volley, Way

SEED = 1993  # another one is another walk
# Which of its two servers is asked first is chance, and one of them is bad.
BY_CHANCE = ("a.dead.example", "a.lame.example")
POOL = [probe for probe in attack.ON_LIST + attack.OFF_LIST + [
    ("x.off.example", "A"), ("y.off.example", "TXT"),
    ("lab-dns.net", "DNSKEY"), ("off.example", "DNSKEY"),
    ("slow.lab-dns.net", "AAAA"), ("x.nowhere.chains.example", "A"),
    ("x.x.wild-off.chains.example", "AAAA"), ("version.bind", "TXT"),
    ("localhost", "A"), ("1.0.0.10.in-addr.arpa", "PTR"),
] if probe[0] not in BY_CHANCE]
# Few enough to be asked again, from the clients' side and from Unbound's.
SOME = [("manage.microsoft.com", "A"), ("chain.manage.microsoft.com", "A"),
        ("one.answers.example", "A"), ("nx.answers.example", "A"),
        ("nodata.answers.example", "A"), ("svc.answers.example", "HTTPS"),
        ("on-off.chains.example", "A"), ("x.wild.chains.example", "A"),
        ("end.off.example", "A"), ("evilmanage.microsoft.com", "A"),
        ("x.tree.off.example", "A"), ("a.expired.example", "A"),
        ("ns1.lab-dns.net", "A"), ("com", "DNSKEY"), (".", "NS"),
        ("no-such-name.example", "A"), ("a.failing.example", "A")]
KNOWN = [("manage.microsoft.com", "A"), ("one.answers.example", "A"),
         ("x.wild.chains.example", "A"), ("end.off.example", "A")]
FLUSHES = ["flush manage.microsoft.com", "flush_type one.answers.example A",
           "flush_zone chains.example", "flush_negative", "flush_bogus"]
WAYS = attack.ALL_WAYS + attack.NO_RD + [Way("again")] * 4
STATS = ["extended-statistics: yes", "ede: yes"]
# Not of what Unbound did, but of how long it took, which server of a zone it
# came to know, and where the secret seed of its hashes put things.
NOT_COMPARED = ("time.", "mem.", "histogram", "tcpusage", "requestlist.avg",
                "requestlist.max", "infra.cache.count", "max_collisions")


def rest_of_second():
    return 1 - time.time() % 1


def keep_clear(seconds):
    """Both shall answer within one second of the clock, or expiry differs."""
    if rest_of_second() < seconds:
        time.sleep(rest_of_second())


def both(plain, watched, probe, way):
    """The answers of the two to a question that they get at once."""
    volleys = [Volley(r, [probe], way) for r in (plain, watched)]
    replies = [v.collect().get(probe) for v in volleys]
    return [r and Answer(dns.message.from_wire(r), 0.0) for r in replies]


def essence(a):
    """What must not differ; the order may, and each TTL by one."""
    return (a.rcode, a.message.flags, sorted(a.ede), a.message.edns,
            a.message.ednsflags) + tuple(
        sorted((s.name.to_text(), s.rdtype, sorted(r.to_text() for r in s))
               for s in section)
        for section in (a.message.question, a.message.answer,
                        a.message.authority, a.message.additional))


def ttls(a):
    return sorted((s.name.to_text(), s.rdtype, s.ttl) for section in (
        a.message.answer, a.message.authority, a.message.additional)
        for s in section)


def difference(a, b):
    if a is None or b is None:
        return None if a is b else f"{a} / {b}"
    if essence(a) != essence(b):
        return f"{a} / {b}"
    far = [(x, y) for x, y in zip(ttls(a), ttls(b)) if abs(x[2] - y[2]) > 1]
    return f"TTLs {far}" if far else None


def busy(lab, resolver):
    """Is any query in flight? Without a process for each time that it asks."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(os.path.join(lab.work, f"{resolver.name}.control"))
        s.sendall(b"UBCT1 stats_noreset\n")
        told = b"".join(iter(lambda: s.recv(65536), b""))
    return b"total.requestlist.current.all=0\n" not in told


def quiet(lab, *resolvers):
    for r in resolvers:
        wait_until(lambda r=r: not busy(lab, r), f"{r.name} is done")


def stats(resolver):
    lines = resolver.control("stats_noreset").splitlines()
    found = dict(line.split("=", 1) for line in lines)
    return {k: v for k, v in found.items()
            if not any(word in k for word in NOT_COMPARED)}


def compare_stats(lab, what, pair):
    quiet(lab, *pair)
    a, b = (stats(resolver) for resolver in pair)
    differ = [f"{k}: {a.get(k)} without, {b.get(k)} with the module"
              for k in sorted(a.keys() | b.keys()) if a.get(k) != b.get(k)]
    attack.check(lab, f"{what}: {len(a)} statistics are the same", differ)
    print("        " + ", ".join(f"{k} {a['total.num.' + k]}" for k in (
        "queries", "cachehits", "prefetch", "expired")) +
        f", upstream {a['num.query.udpout']}", flush=True)
    return a


def walk(lab, what, pair, pool, steps, settle=False):
    """settle: wait until what a step began in the background has ended."""
    rng = random.Random(SEED)
    differ = []
    for step in range(steps):
        probe, way = rng.choice(pool), rng.choice(WAYS)
        keep_clear(0.3)
        found = difference(*both(*pair, probe, way))
        if found:
            differ.append(f"{step}: {' '.join(probe)}, {way.name}: {found}")
        if settle:
            quiet(lab, *pair)
    attack.check(lab, f"{what}: {steps} steps, the same answers", differ)


def two(lab, what, *conf):
    """Plain Unbound and one with the module, otherwise the same."""
    conf = [*STATS, *conf]
    return (lab.resolver(f"plain-{what}", module=False, server_conf=conf),
            lab.resolver(f"watched-{what}", mode="observe", server_conf=conf,
                         zones=[*lab.zones(), attack.ZONE]))


def stop(pair):
    for resolver in pair:
        resolver.stop()


def walks(lab):
    """From a cold cache to a warm one, through flushes."""
    pair = two(lab, "walk")
    walk(lab, "cold", pair, POOL, 300)
    walk(lab, "warm", pair, POOL, 300)
    for command in FLUSHES:
        for resolver in pair:
            resolver.control(*command.split())
        walk(lab, f"after {command}", pair, POOL, 60)
    compare_stats(lab, "all of these", pair)
    stop(pair)


def prefetch(lab):
    pair = two(lab, "prefetch", "prefetch: yes", "prefetch-key: yes",
               "cache-max-ttl: 10")
    keep_clear(0.8)
    began = time.time()
    walk(lab, "prefetch, before", pair, SOME, 60)
    time.sleep(max(0.0, began + 9.1 - time.time()))  # the clock's own seconds
    walk(lab, "prefetch, at the end of TTLs", pair, SOME, 60, settle=True)
    told = compare_stats(lab, "prefetch", pair)
    lab.check("prefetch: it happened", told["total.num.prefetch"] != "0", told)
    stop(pair)


def expired(lab, wait):
    what = f"serve-expired, client timeout {wait}"
    pair = two(lab, f"expired-{wait}", "serve-expired: yes",
               f"serve-expired-client-timeout: {wait}", "cache-max-ttl: 1")
    walk(lab, what, pair, SOME, 60, settle=True)
    time.sleep(2.1)
    walk(lab, f"{what}, after two seconds", pair, SOME, 120, settle=True)
    told = compare_stats(lab, what, pair)
    lab.check(f"{what}: it happened", told["total.num.expired"] != "0", told)
    for probe in KNOWN:
        both(*pair, probe, attack.UDP)
    lab.authority.pause("leaf")
    time.sleep(2.1)
    walk(lab, f"{what}, of silent servers", pair, KNOWN, 20)
    lab.authority.resume("leaf")
    stop(pair)


with Lab("observe_walk") as the_lab:
    walks(the_lab)
    prefetch(the_lab)
    for the_wait in (0, 100):
        expired(the_lab, the_wait)
sys.exit(the_lab.finish())
