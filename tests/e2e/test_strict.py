"""Mode strict: what is allowed answers as ever, chains are inspected where the
policy says so, and nothing comes along that was not asked for. That all else
is refused, whatever way it is asked for, the programs test_paths_*.py show.
"""
import sys

from lab import Lab

BLOCKED = 15  # RFC 8914, 4.16


def refused(a):
    return a.rcode == "NXDOMAIN" and not a.rrs and [
        code for code, _ in a.ede] == [BLOCKED]


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
                  refused(a), a)
        a = resolver.ask("x.tree.manage.microsoft.com")
        lab.check(f"inspect: by way of a DNAME too, {when}",
                  refused(a), a)
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
    the_resolver = the_lab.resolver(mode="strict", threads=2)
    answers_as_ever(the_lab, the_resolver)
    the_resolver.stop()
    inspecting_chains(the_lab)
    only_what_was_asked(the_lab)
sys.exit(the_lab.finish())
