"""Mode strict: no client gets data for an off-list name, cold or warm, by UDP
or TCP, whatever flags it sets; and what is allowed answers as ever.
"""
import sys

from daemon import LabError
from lab import Lab

BLOCKED = 15  # RFC 8914, 4.16

ALLOWED = [  # name, type, addresses
    ("manage.microsoft.com", "A", ["134.170.168.254", "134.170.51.126"]),
    ("MANAGE.Microsoft.COM", "A", ["134.170.168.254", "134.170.51.126"]),
    ("foo.bar.manage.microsoft.com", "A", ["13.107.219.10"]),
    ("foo.bar.manage.microsoft.com", "AAAA", ["2620:1ec:40::10"]),
    ("enterpriseregistration.windows.net", "A", ["40.83.123.72"]),
    ("chain.manage.microsoft.com", "A", ["13.82.96.212"]),
    ("x.tree.manage.microsoft.com", "A", ["52.147.8.239"]),
    ("23-courier.push.apple.com", "A", ["17.57.145.133"]),
    ("go-eu.trouter.communications.svc.cloud.microsoft", "A",
     ["13.107.227.5"]),
]

DENIED = [  # name, type
    ("evilmanage.microsoft.com", "A"),
    ("manage-microsoft.com", "A"),
    ("manage.microsoft.com.evil.example", "A"),
    ("www.evil.example", "A"),
    ("microsoft.com", "A"),
    ("microsoft.com", "MX"),
    ("microsoft.com", "NS"),
    ("microsoft.com", "SOA"),
    ("microsoft.com", "DNSKEY"),
    ("microsoft.com", "ANY"),
    ("com", "NS"),
    ("com", "DNSKEY"),
    ("com", "DS"),
    (".", "NS"),
    (".", "DNSKEY"),
    (".", "A"),
    # Name servers, which Unbound itself had to resolve on the way.
    ("ns1.lab-dns.net", "A"),
    ("ns2.lab-dns.net", "A"),
    ("ns1.lab-dns.net", "AAAA"),
    ("lab-dns.net", "NS"),
    ("a.gtld-servers.net", "A"),
    ("a.root-servers.net", "A"),
    # CNAME targets, met in the answers to allowed names.
    ("hop1.trafficmanager.net", "A"),
    ("hop2.msidentity.com", "A"),
    ("hop3.trafficmanager.net", "A"),
    ("hop3.trafficmanager.net", "AAAA"),
    ("x.tree.trafficmanager.net", "A"),
    ("apac-asia-courier-4.push-apple.com.akadns.net", "A"),
    ("other.nsatc.net", "A"),
    ("8.8.8.8.in-addr.arpa", "PTR"),
]

WAYS = {  # name: arguments of ask
    "udp": {},
    "tcp": {"tcp": True},
    "cd": {"cd": True},
    "do": {"do": True},
    "do cd tcp": {"do": True, "cd": True, "tcp": True},
    "no edns": {"edns": False},
    "512 octets": {"payload": 512},
}


def refusal_faults(a, edns=True):
    """What is wrong with a refusal; empty: nothing."""
    faults = []
    if a.rcode != "NXDOMAIN":
        faults.append("not NXDOMAIN")
    if a.rrs:
        faults.append("data in the answer")
    if [t for _, _, t, _ in a.authority] != ["SOA"]:
        faults.append("no single SOA in authority")
    if a.message.additional:
        faults.append("data in additional")
    if edns and [code for code, _ in a.ede] != [BLOCKED]:
        faults.append("no EDE 15")
    if a.flag("AA") or a.flag("AD") or not a.flag("RA"):
        faults.append("flags")
    return faults


def everything_refused(lab, resolver, when):
    for way, how in WAYS.items():
        wrong = []
        for name, rdtype in DENIED:
            try:
                a = resolver.ask(name, rdtype, **how)
                faults = refusal_faults(a, edns=how.get("edns", True))
                if faults:
                    wrong.append(f"{name} {rdtype}: {faults}: {a}")
            except LabError as e:
                wrong.append(str(e))
        lab.check(f"{when}, {way}: {len(DENIED)} off-list questions refused",
                  not wrong, "\n        ".join(wrong))


def everything_allowed(lab, resolver, when):
    for way, how in WAYS.items():
        wrong = []
        for name, rdtype, addresses in ALLOWED:
            a = resolver.ask(name, rdtype, **how)
            if a.rcode != "NOERROR" or a.addresses != addresses or a.ede:
                wrong.append(f"{name} {rdtype}: {a}")
        lab.check(f"{when}, {way}: {len(ALLOWED)} allowed questions answered",
                  not wrong, "\n        ".join(wrong))


def one_refusal(lab, resolver):
    a = resolver.ask("evilmanage.microsoft.com")
    soa = a.authority[0] if a.authority else ("", 0, "", "")
    lab.check("the SOA lets stubs cache for at most a minute",
              0 < soa[1] <= 60 and 0 < int(soa[3].split()[-1]) <= 60, a)
    a = resolver.ask("a" * 63 + ".example", "TXT")
    lab.check("a name that does not exist is refused the same way",
              not refusal_faults(a), a)
    a = resolver.ask("evilmanage.microsoft.com", rd=False)
    lab.check("without RD nothing is given out",
              a.rcode in ("REFUSED", "NXDOMAIN") and not a.rrs, a)


def answers_as_ever(lab, resolver):
    a = resolver.ask("nx.manage.microsoft.com")
    lab.check("an allowed name that does not exist: NXDOMAIN, not blocked",
              a.rcode == "NXDOMAIN" and not a.ede, a)
    a = resolver.ask("nodata.manage.microsoft.com")
    lab.check("no such type: NOERROR and an SOA",
              a.rcode == "NOERROR" and not a.rrs and a.authority, a)
    a = resolver.ask("nodata.manage.microsoft.com", "TXT")
    lab.check("other types are answered", a.types == ["TXT"], a)
    a = resolver.ask("fef.msua01.manage.microsoft.com", do=True)
    lab.check("a signed answer is secure and carries signatures",
              a.flag("AD") and "RRSIG" in a.types, a)
    for when in ("cold", "warm"):
        a = resolver.ask("forged.officeconfig.msocdn.com")
        lab.check(f"a forged answer stays SERVFAIL, {when}",
                  a.rcode == "SERVFAIL" and not a.rrs, a)
    a = resolver.ask("dangling.manage.microsoft.com")
    lab.check("a CNAME to nowhere: its NXDOMAIN", a.rcode == "NXDOMAIN"
              and a.types == ["CNAME"] and not a.ede, a)
    a = resolver.ask("loop.manage.microsoft.com")
    lab.check("a CNAME loop ends", a.rcode in ("SERVFAIL", "NOERROR"), a)


def inspecting_chains(lab):
    """chain=inspect: each owner and target needs a rule of its own."""
    resolver = lab.resolver("inspect", mode="strict", chain="inspect")
    for when in ("cold", "warm"):
        a = resolver.ask("chain.manage.microsoft.com")
        lab.check(f"inspect: an off-list target refuses the answer, {when}",
                  not refusal_faults(a), a)
        a = resolver.ask("x.tree.manage.microsoft.com")
        lab.check(f"inspect: by way of a DNAME too, {when}",
                  not refusal_faults(a), a)
        a = resolver.ask("portal.manage.microsoft.com")
        lab.check(f"inspect: no chain, no question, {when}",
                  a.rcode == "NOERROR" and a.rrs, a)
        a = resolver.ask("manage.microsoft.com")
        lab.check(f"inspect: a listed target passes, {when}",
                  a.rcode == "NOERROR" and len(a.addresses) == 2, a)
    resolver.stop()


SUPPORTS = ("SOA", "NSEC", "NSEC3", "RRSIG")
APEX = """$ORIGIN apex.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
microsoftonline.com TXT "allow"
*.wild.manage.microsoft.com TXT "allow"
"""
ZONES = {"microsoftonline.com.": "@ NS ns3\n@ MX 10 mail\n"
                                 "ns3 A 127.53.0.3\nmail A 198.51.100.71\n",
         "microsoft.com.": "*.wild.manage A 13.107.219.11\n"}


def only_what_was_asked(lab):
    """Name servers and mail hosts of an allowed name are not allowed by it:
    no address of theirs comes along."""
    resolver = lab.resolver("apex", zones=APEX, mode="strict",
                            server_conf=["minimal-responses: no"])
    for when in ("cold", "warm"):
        wrong = []
        for name, rdtype in (
                ("microsoftonline.com", "NS"), ("microsoftonline.com", "ANY"),
                ("microsoftonline.com", "MX"), ("microsoftonline.com", "TXT"),
                ("x.wild.manage.microsoft.com", "A"),
                ("x.wild.manage.microsoft.com", "AAAA")):
            for how in ({}, {"do": True}, {"cd": True, "tcp": True}):
                a = resolver.ask(name, rdtype, **how)
                if a.rcode != "NOERROR" or a.message.additional or [
                        t for _, _, t, _ in a.authority if t not in SUPPORTS]:
                    wrong.append(f"{name} {rdtype} {how}: {a.message}")
        lab.check(f"nothing beside the answer but what proves it, {when}",
                  not wrong, "\n        ".join(wrong))
        a = resolver.ask("x.wild.manage.microsoft.com", do=True)
        lab.check(f"a wildcard keeps its proof, {when}", a.flag("AD")
                  and "NSEC" in [t for _, _, t, _ in a.authority], a)
    resolver.stop()


with Lab("strict", extra=ZONES) as the_lab:
    for threads in (1, 2):
        the_resolver = the_lab.resolver(f"threads-{threads}", mode="strict",
                                        threads=threads)
        everything_refused(the_lab, the_resolver, "nothing cached")
        everything_allowed(the_lab, the_resolver, "first asked")
        everything_refused(the_lab, the_resolver, "all cached")
        everything_allowed(the_lab, the_resolver, "asked again")
        one_refusal(the_lab, the_resolver)
        answers_as_ever(the_lab, the_resolver)
        counters = the_resolver.status()["resolver"]["counters"]
        the_lab.check("no answer leaked past the policy",
                      counters["leak"] == 0 and counters["deny"] > 0, counters)
        the_resolver.stop()
    inspecting_chains(the_lab)
    only_what_was_asked(the_lab)
sys.exit(the_lab.finish())
