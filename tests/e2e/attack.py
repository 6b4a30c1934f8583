"""The attack matrix: what is asked of a strict resolver, in which ways, and
what must come back. Each program test_paths_*.py leads a path from query to
answer through run().

A leak is any record other than the refusal's SOA, or an rcode that is not an
error, for a name off the list. At the same time all that is on the list must
be answered, and the map must hold what was answered and nothing else.
"""
import contextlib
import functools
import ipaddress
import os

import dns.message

from daemon import wait_until
from resolver import Answer
from volley import Volley, Way

BLOCKED = 15  # RFC 8914, 4.16
REFUSAL_SOA = (".", "localhost. nobody.invalid. 1 3600 1200 604800 60")
ERRORS = ("NXDOMAIN", "REFUSED", "SERVFAIL", "FORMERR")
ZONE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attack.zone")

UDP = Way("udp")
CD = Way("cd", cd=True)
TCP = Way("tcp", tcp=True)
DO_CD_TCP = Way("do cd tcp", do=True, cd=True, tcp=True)
WAYS = [UDP, CD, DO_CD_TCP]
ALL_WAYS = WAYS + [
    TCP, Way("do", do=True), Way("ad", ad=True),
    Way("do cd", do=True, cd=True), Way("no edns", edns=False),
    Way("no edns, cd", edns=False, cd=True),
    Way("512 octets", payload=512), Way("4096 octets, do", payload=4096,
                                        do=True)]
NO_RD = [Way("no rd", rd=False), Way("no rd, cd", rd=False, cd=True),
         Way("no rd, do", rd=False, do=True)]


def _probes(text):
    """Lines of a name and types."""
    found = []
    for line in text.strip().splitlines():
        name, *types = line.split()
        found += [(name, rdtype) for rdtype in types]
    return found


OFF_LIST = _probes("""
.                               A NS SOA DNSKEY ANY
com                             A NS DNSKEY DS SOA
net                             NS DS
example                         NS DNSKEY DS SOA A
microsoft.com                   A MX NS SOA DNSKEY DS ANY
chains.example                  A NS SOA DNSKEY DS
answers.example                 NS DNSKEY DS
off.example                     A NS DS MX
expired.example                 NS DNSKEY
fickle.example                  NS SOA
a.root-servers.net              A
a.gtld-servers.net              A AAAA
lab-dns.net                     NS DS
ns1.lab-dns.net                 A AAAA
ns2.lab-dns.net                 A AAAA
silent.lab-dns.net              A
slow.lab-dns.net                A
fickle.lab-dns.net              A
evilmanage.microsoft.com        A
manage-microsoft.com            A
manage.microsoft.com.evil.example A
www.evil.example                A
no-such-name.example            A TXT
hop1.trafficmanager.net         A CNAME
hop2.msidentity.com             A
hop3.trafficmanager.net         A AAAA
x.tree.trafficmanager.net       A
apac-asia-courier-4.push-apple.com.akadns.net A
other.nsatc.net                 A
8.8.8.8.in-addr.arpa            PTR
end.off.example                 A AAAA
to-on.off.example               A CNAME
x.below.off.example             A
x.tree.off.example              A
x.wild.off.example              A
svc.off.example                 HTTPS
alias.off.example               HTTPS
loop2.off.example               A
loop3b.off.example              A
far1.off.example                A
far3.off.example                A CNAME
far11.off.example               A
mail.off.example                A
nowhere.off.example             A
end.fickle-off.example          A
denied.chains.example           A
x.denied.chains.example         A AAAA ANY
x.wild.denied.chains.example    A
nx.denied.chains.example        A
""")

ANSWERED = """
manage.microsoft.com            A 134.170.168.254 134.170.51.126
foo.bar.manage.microsoft.com    A 13.107.219.10
foo.bar.manage.microsoft.com    AAAA 2620:1ec:40::10
enterpriseregistration.windows.net A 40.83.123.72
chain.manage.microsoft.com      A 13.82.96.212
x.tree.manage.microsoft.com     A 52.147.8.239
23-courier.push.apple.com       A 17.57.145.133
go-eu.trouter.communications.svc.cloud.microsoft A 13.107.227.5
one.answers.example             A 20.53.2.1
ONE.Answers.example             AAAA
both.answers.example            A 20.53.2.2
both.answers.example            AAAA 2620:1ec:53::2
nodata.answers.example          A
hops11.answers.example          A 20.53.1.12
private.answers.example         AAAA 2620:1ec:53::8 fd00:53::8 ::1
end.chains.example              A 20.53.1.1
end.chains.example              AAAA 2620:1ec:53::1
on-on-on.chains.example         A 20.53.1.1
on-off.chains.example           A 20.54.1.1
on-off.chains.example           AAAA 2620:1ec:54::1
on-off-on.chains.example        A 20.53.1.1
on-denied.chains.example        A 20.53.66.2
x.wild.chains.example           A 20.53.1.2
x.wild-on.chains.example        A 20.53.1.1
x.wild-off.chains.example       A 20.54.1.1
x.below-on.chains.example       A 20.53.1.3
x.below-off.chains.example      A 20.54.1.3
x.below-denied.chains.example   A 20.53.66.2
a.dead.example                  A 20.53.3.2
a.lame.example                  A 20.53.3.3
a.slow.example                  A 20.53.3.1
chain.fickle.example            A 20.53.3.6
to-off.fickle.example           A 20.54.3.6
""" + "twenty.answers.example A " + " ".join(
    f"20.53.20.{n}" for n in range(1, 21)) + "\n" + \
    "private.answers.example A 20.53.2.8 10.53.2.8 172.16.2.8 192.168.2.8 " \
    "127.0.0.8\n"

NOT_ANSWERED = {  # with an rcode of their own; "": whatever the rcode
    ("nx.answers.example", "A"): "NXDOMAIN",
    ("on-nowhere.chains.example", "A"): "NXDOMAIN",
    ("loop1.chains.example", "A"): "",
    ("loop2.chains.example", "A"): "",
    ("loop3.chains.example", "A"): "",
    ("a.failing.example", "A"): "SERVFAIL",
}
BOGUS = [("a.expired.example", "A"), ("a.wrong-key.example", "A"),
         ("a.stripped.example", "A"), ("forged.officeconfig.msocdn.com", "A")]
HINTS = {
    "svc.answers.example": {"20.53.2.5", "20.53.2.6", "2620:1ec:53::5"},
    "_dns.answers.example": {"20.53.2.7"},
}
SERVICES = [("svc.answers.example", "HTTPS"), ("_dns.answers.example", "SVCB"),
            ("alias.answers.example", "HTTPS"),
            ("alias-off.answers.example", "HTTPS"),
            ("large.answers.example", "TXT"), ("mx.answers.example", "MX")]


def _answered():
    found = {}
    for line in ANSWERED.strip().splitlines():
        name, rdtype, *addresses = line.split()
        found[name, rdtype] = sorted(addresses)
    return found


ADDRESSES = _answered()
ON_LIST = [*ADDRESSES, *SERVICES, *NOT_ANSWERED, *BOGUS]


def _to_record():
    found = {name: set(hints) for name, hints in HINTS.items()}
    for (name, _), addresses in ADDRESSES.items():
        found.setdefault(name.lower(), set()).update(
            a for a in addresses if ipaddress.ip_address(a).is_global)
    return {name: addresses for name, addresses in found.items() if addresses}


TO_RECORD = _to_record()


# --- names off the list ---------------------------------------------------

@functools.lru_cache(maxsize=None)
def _leak_in(reply, way, bare):
    """What is wrong with a reply (without its ID); None: nothing."""
    a = Answer(dns.message.from_wire(b"\0\0" + reply), 0.0)
    soa = [(o, x) for o, ttl, t, x in a.authority
           if t == "SOA" and 0 < ttl <= 60]
    faults = []
    if a.rcode not in ERRORS or not way.rd and a.rcode == "SERVFAIL":
        faults.append("rcode")
    if a.rrs or a.message.additional or len(soa) != len(a.authority):
        faults.append("records")
    if soa not in ([], [REFUSAL_SOA]):
        faults.append("SOA")
    if a.flag("AA") or a.flag("AD"):
        faults.append("flags")
    if way.rd and not (bare and a.rcode == "SERVFAIL"):
        if a.rcode != "NXDOMAIN" or not (soa or bare):
            faults.append("no refusal")
        if way.edns and [code for code, _ in a.ede] != [BLOCKED]:
            faults.append("no EDE")
    return f"{', '.join(faults)}: {a}" if faults else None


def leaks_in(replies, way, bare=False, probes=OFF_LIST):
    """What leaked, a line each. bare: refusals have no SOA, or are SERVFAIL,
    which is what dns64 makes of them."""
    found = []
    for name, rdtype in probes:
        reply = replies.get((name, rdtype))
        fault = _leak_in(reply[2:], way, bare) if reply else "no reply"
        if fault:
            found.append(f"{name} {rdtype}, {way.name}: {fault}")
    return found


def leaks(resolver, ways=None, bare=False, source=None, probes=OFF_LIST):
    """Ask everything that is off the list, in each way; what leaked."""
    found = []
    for way in ways or WAYS:
        replies = Volley(resolver, probes, way, source).collect()
        found += leaks_in(replies, way, bare, probes)
    return found


# --- names on the list ----------------------------------------------------

def _fault_of(probe, a, way, validates):
    if a.ede and BLOCKED in [code for code, _ in a.ede]:
        return "blocked"
    if a.flag("TC"):
        return None
    if probe in BOGUS:
        forged = validates and not way.cd
        return None if (a.rcode == "SERVFAIL") == forged and \
            bool(a.rrs) != forged else "bogus"
    if probe in NOT_ANSWERED:
        rcode = NOT_ANSWERED[probe]
        return None if not a.addresses and rcode in ("", a.rcode) else "rcode"
    if a.rcode != "NOERROR":
        return "rcode"
    if probe in ADDRESSES:
        return None if a.addresses == ADDRESSES[probe] else "addresses"
    return None if probe[1] in a.types else "type"


def wrong_in(replies, way, validates=True, apart=()):
    """On-list questions without their good answer, a line each."""
    found = []
    for probe in ON_LIST:
        if probe in apart:
            continue
        reply = replies.get(probe)
        if not reply:
            found.append(f"{' '.join(probe)}, {way.name}: no reply")
            continue
        a = Answer(dns.message.from_wire(reply), 0.0)
        fault = _fault_of(probe, a, way, validates)
        if fault:
            found.append(f"{' '.join(probe)}, {way.name}: {fault}: {a}")
    return found


def wrong(resolver, ways=None, validates=True, source=None, apart=()):
    """Ask everything that is on the list; what was not answered well. apart:
    questions that the path answers in a way of its own."""
    found = []
    for way in ways or WAYS:
        replies = Volley(resolver, ON_LIST, way, source).collect()
        found += wrong_in(replies, way, validates, apart)
    return found


def misrecorded(resolver, validates=True, apart=(), also=None):
    """What the map lacks, or has that it must not have. also: addresses that
    the path adds to those of the table."""
    recorded = {}
    for b in resolver.bindings():
        recorded.setdefault(b["name"], set()).add(b["address"])
    expected = {name: addresses | (also or {}).get(name, set())
                for name, addresses in TO_RECORD.items()}
    passed = {name.lower() for name, _ in apart}
    if not validates:  # nobody there to tell
        passed |= {name for name, _ in BOGUS}
    return [f"{name}: recorded {sorted(recorded.get(name, ()))}, "
            f"answered {sorted(expected.get(name, ()))}"
            for name in sorted((recorded.keys() | expected.keys()) - passed)
            if recorded.get(name) != expected.get(name)]


# --- a path ---------------------------------------------------------------

def strict(lab, name, **arguments):
    """A resolver for attacks."""
    return lab.resolver(name, zones=[*lab.zones(), ZONE], mode="strict",
                        **arguments)


def check(lab, what, found):
    shown = found[:8] + [f"... {len(found)} in all"] * (len(found) > 8)
    return lab.check(what, not found, "\n        ".join(shown))


def busy(resolver):
    """Is any query in flight?"""
    stats = resolver.control("stats_noreset")
    return "total.requestlist.current.all=0\n" not in stats


@contextlib.contextmanager
def paused(lab, *resolvers):
    """Empty caches and silent leaves; the questions that are asked inside
    cross those that wait."""
    for resolver in resolvers:
        resolver.control("flush_zone", ".")
        resolver.control("flush_infra", "all")
    lab.authority.pause("leaf")
    try:
        yield
    finally:
        lab.authority.resume("leaf")


def _during(lab, resolver, path, ways, how):
    with paused(lab, resolver, *how["behind"]):
        asked = Volley(resolver, ON_LIST, UDP)
        wait_until(lambda: busy(resolver), "queries in flight")
        volleys = [(Volley(resolver, OFF_LIST, way), way) for way in ways]
    found = []
    for volley, way in volleys:
        found += leaks_in(volley.collect(), way, how["bare"])
    check(lab, f"{path}: during resolution: nothing leaks", found)
    check(lab, f"{path}: during resolution: what is allowed is answered",
          wrong_in(asked.collect(), UDP, how["validates"], how["apart"]))


def run(lab, resolver, path, ways=None, bare=False, validates=True,
        behind=(), apart=(), also=None):
    """Attack by a path before warm-up, after it, and during resolution.
    behind: resolvers that this one asks. The rest: see above."""
    ways = ways or WAYS
    with_rd = [way for way in ways if way.rd]
    how = {"bare": bare, "validates": validates, "behind": behind,
           "apart": apart}
    count = f"{len(OFF_LIST)} off-list questions in {len(ways)} ways"
    check(lab, f"{path}: before warm-up: {count}: nothing leaks",
          leaks(resolver, ways, bare))
    check(lab, f"{path}: {len(ON_LIST)} on-list questions are answered",
          wrong(resolver, with_rd, validates, apart=apart))
    for again in ("", ", asked again"):
        check(lab, f"{path}: after warm-up{again}: nothing leaks",
              leaks(resolver, ways, bare))
    check(lab, f"{path}: on-list questions are answered from the cache",
          wrong(resolver, with_rd, validates, apart=apart))
    _during(lab, resolver, path, ways, how)
    check(lab, f"{path}: the map holds what was answered and no more",
          misrecorded(resolver, validates, apart, also))
    counters = resolver.status()["resolver"]["counters"]
    lab.check(f"{path}: nothing is counted as a leak",
              counters["leak"] == 0, counters)
