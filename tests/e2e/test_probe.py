"""probe asks for the policy's names and compares with its pins; drift does the
same with what clients were answered.
"""
import json
import sys

from lab import Lab

ZONE = """$ORIGIN probed.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.manage.microsoft.com TXT "allow" "tcp/443"
portal.manage.microsoft.com TXT "allow" "tcp/443"
portal.manage.microsoft.com APL 1:134.170.168.0/24
foo.bar.manage.microsoft.com TXT "allow" "tcp/443"
foo.bar.manage.microsoft.com APL 1:13.107.0.0/16 2:2620:1ec::/32
nx.manage.microsoft.com TXT "allow"
nodata.manage.microsoft.com TXT "allow"
legacy.microsoft.com TXT "deny"
"""
OUTSIDE = "134.170.51.126"


def probe(lab, resolver):
    server = f"{resolver.address}@{resolver.port}"
    text = resolver.dnspin("probe", "-s", server, expect=3)
    want = ["portal.manage.microsoft.com (probed): 1 address outside its 1 "
            "pin", f"    {OUTSIDE}",
            "group     rules     used   pinned  outside",
            "probed        5        2        2        1",
            "nodata.manage.microsoft.com: has no address",
            "nx.manage.microsoft.com: does not exist",
            "4 names asked: 2 with a problem, 1 with addresses outside its "
            "pins"]
    lab.check("probe, as text", text.splitlines() == want, text)
    found = json.loads(resolver.dnspin("probe", "-s", server, "-f", "json",
                                       "-j", "1", expect=3))
    lab.check("probe, as json",
              [r["outside"] for r in found["rules"] if r["outside"]]
              == [[OUTSIDE]] and found["asked"] == 4
              and {(p["name"], p["problem"]) for p in found["problems"]}
              == {("nx.manage.microsoft.com", "nxdomain"),
                  ("nodata.manage.microsoft.com", "no-address")}, found)
    resolver.dnspin("probe", "-s", server, "foo.bar.manage.microsoft.com")
    lab.check("probe of a name within its pins finds nothing", True)
    text = resolver.dnspin("probe", "-s", server, "www.evil.example",
                           expect=3)
    lab.check("a name that the resolver refuses does not exist",
              "www.evil.example: does not exist" in text, text)


def drift(lab, resolver):
    text = resolver.dnspin("drift", "-u", expect=3)
    lab.check("drift knows what was answered",
              text.startswith("portal.manage.microsoft.com (probed): 1 address "
                              f"outside its 1 pin\n    {OUTSIDE}\n")
              and "\n*.manage.microsoft.com (probed): not used\n" in text,
              text)


def main():
    with Lab("probe") as lab:
        resolver = lab.resolver("probed", zones=ZONE)
        probe(lab, resolver)
        drift(lab, resolver)
        resolver.stop()
    return lab.finish()


sys.exit(main())
