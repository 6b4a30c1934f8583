"""What clients share, and must not let one have what is another's, or take
from one what it may have: what dns64 makes.
"""
import os
import sys

from lab import Lab

MANAGED = "127.53.20.7"
GUEST = "127.53.30.7"
HEAD = """$ORIGIN {0}.dnspin.
$TTL 3600
@	SOA	localhost. hostmaster.localhost. 1 3600 600 86400 60
@	NS	localhost.
"""
GROUPS = {
    "everyone": """
both.answers.example	TXT	"allow"
""",
    "managed": """
@	APL	1:127.53.20.0/24
portal.manage.microsoft.com	TXT	"allow"
""",
}


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


with Lab("shared") as the_lab:
    made_by_dns64(the_lab)
sys.exit(the_lab.finish())
