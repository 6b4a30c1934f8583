"""What clients share, and must not let one have what is another's, or take
from one what it may have: what dns64 makes, and expired answers.
"""
import os
import sys

import dns.message

from daemon import eventually, wait_until
from lab import Lab
from resolver import Answer
from volley import Volley, Way

MANAGED = "127.53.20.7"
GUEST = "127.53.30.7"
HEAD = """$ORIGIN {0}.dnspin.
$TTL 3600
@	SOA	localhost. hostmaster.localhost. 1 3600 600 86400 60
@	NS	localhost.
"""
BRIEF = "brief.answers.example"
FORGED = "20.66.6.6"
GROUPS = {
    "everyone": """
both.answers.example	TXT	"allow"
""",
    "managed": """
@	APL	1:127.53.20.0/24
brief.answers.example	TXT	"allow"
portal.manage.microsoft.com	TXT	"allow"
""",
}


def refused(a):
    return a.rcode == "NXDOMAIN" and not a.rrs and [
        code for code, _ in a.ede] == [15]


def answered(a):
    return a.rcode == "NOERROR" and bool(a.addresses)


def zones(lab, groups):
    paths = []
    for group, rules in groups.items():
        paths.append(os.path.join(lab.work, f"{group}.zone"))
        with open(paths[-1], "w", encoding="ascii") as f:
            f.write(HEAD.format(group) + rules)
    return paths


def start(lab, name, groups=None, **how):
    return lab.resolver(name, zones=zones(lab, groups or GROUPS),
                        **{"mode": "strict", **how})


def leaks(resolver):
    return resolver.status()["resolver"]["counters"]["leak"]


def made_by_dns64(lab):
    """What dns64 makes without asking for AAAA first is for those who may
    have what it was made of, also when it is asked again."""
    name = "portal.manage.microsoft.com"
    resolver = start(lab, "synthall", server_conf=[
        'module-config: "dns64 dynlib validator iterator"',
        "dns64-prefix: 64:ff9b::/96", "dns64-synthall: yes"])
    for source, may in ((GUEST, False), (MANAGED, True), (GUEST, False),
                        (MANAGED, True), (GUEST, False)):
        a = resolver.ask(name, "AAAA", source=source)
        good = answered(a) if may else not a.rrs and a.rcode in (
            "NXDOMAIN", "SERVFAIL")
        lab.check(f"synthall: {source}", good, a)
    lab.check("synthall: nothing leaks", leaks(resolver) == 0,
              resolver.status())
    resolver.stop()


WAYS = [Way("plain"), Way("ad", ad=True), Way("do", do=True),
        Way("tcp, do", tcp=True, do=True)]
ORDERS = [(MANAGED, GUEST), (MANAGED, GUEST, MANAGED),
          (MANAGED, GUEST, GUEST, MANAGED)]


def stale_for_several(lab):
    """They wait for the same expired answer; whoever comes last is the first
    to get theirs."""
    resolver = start(lab, "stale", server_conf=[
        "serve-expired: yes", "serve-expired-client-timeout: 100",
        "ede: yes", "ede-serve-expired: yes"])
    resolver.ask(BRIEF, source=MANAGED)
    lab.authority.pause("leaf")
    wait_until(lambda: resolver.ask(BRIEF, source=MANAGED).rrs[0][1] == 30,
               "an expired answer")
    for way in WAYS:
        for order in ORDERS:
            asked = [(s, Volley(resolver, [(BRIEF, "A")], way, s))
                     for s in order]
            wrong = []
            for source, volley in asked:
                a = Answer(dns.message.from_wire(
                    volley.collect()[BRIEF, "A"]), 0.0)
                if source == MANAGED and answered(a):
                    continue
                if source == GUEST and refused(a) and not a.flag("AD"):
                    continue
                wrong.append(f"{source}: {a}")
            lab.check(f"stale, {way.name}, {len(order)} clients: each its own",
                      not wrong, "; ".join(wrong))
    lab.authority.resume("leaf")
    resolver.stop()


def forged_when_renewed(lab):
    """The records of an expired answer are renewed with what nobody vouches
    for: who sets CD may see it, the firewall must not."""
    resolver = start(lab, "forged", groups={
        "everyone": BRIEF + '\tTXT\t"allow"\n'}, server_conf=[
            "serve-expired: yes", "serve-expired-client-timeout: 0"])
    a = resolver.ask(BRIEF)
    lab.check("forged: the true answer first", a.addresses == ["20.53.2.4"], a)
    lab.authority.forge("answers.example.", "20.53.2.4", FORGED)
    reached = eventually(
        lambda: resolver.ask(BRIEF, cd=True).addresses == [FORGED], 5)
    version = resolver.status()["resolver"]["unbound"]
    if reached or version.startswith("1.17."):
        lab.check("forged: it reaches who sets CD", reached)
    else:
        lab.skip("forged: it reaches who sets CD",
                 f"Unbound {version} keeps the true answer while that is stale")
    for _ in range(5):
        a = resolver.ask(BRIEF)
        lab.check("forged: but nobody else", FORGED not in a.addresses, a)
        resolver.ask(BRIEF, cd=True)
    recorded = {b["address"] for b in resolver.bindings()}
    lab.check("forged: and is not recorded", recorded == {"20.53.2.4"},
              recorded)
    resolver.stop()


def led_elsewhere_when_renewed(lab):
    """chain=inspect: an expired CNAME is renewed and leads off the list."""
    name = "turning.answers.example"
    resolver = start(lab, "turning", groups={
        "everyone": '*.answers.example\tTXT\t"allow"\n'}, chain="inspect",
        server_conf=["serve-expired: yes", "serve-expired-client-timeout: 0"])
    a = resolver.ask(name, "CNAME")
    lab.check("turning: what is on the list is given", a.texts("CNAME") ==
              ["one.answers.example."], a)
    lab.authority.forge("answers.example.", "one.answers.example.",
                        "end.off.example.")
    renewed = eventually(
        lambda: refused(resolver.ask(name, "A", cd=True)), 5)
    version = resolver.status()["resolver"]["unbound"]
    if renewed or version.startswith("1.17."):
        lab.check("turning: what leads off it is refused", renewed)
    else:
        lab.skip("turning: what leads off it is refused",
                 f"Unbound {version} keeps the true answer while that is stale")
    a = resolver.ask(name, "CNAME", cd=True)
    lab.check("turning: and so is where it leads",
              "end.off.example." not in a.texts("CNAME"), a)
    lab.check("turning: nothing leaks", leaks(resolver) == 0,
              resolver.status())
    resolver.stop()


EXTRA = {"answers.example.": "turning 1 CNAME one.answers.example.\n"}
with Lab("shared", extra=EXTRA) as the_lab:
    made_by_dns64(the_lab)
    stale_for_several(the_lab)
    forged_when_renewed(the_lab)
    led_elsewhere_when_renewed(the_lab)
sys.exit(the_lab.finish())
