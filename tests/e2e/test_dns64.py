"""dns64 stands in front of the module: it asks for A where AAAA is missing and
makes addresses of the answer. What it asks is judged, what it makes recorded.
"""
import sys

from lab import Lab

MODULES = ['module-config: "dns64 dynlib validator iterator"',
           "dns64-prefix: 64:ff9b::/96"]
MADE = ["64:ff9b::86aa:337e", "64:ff9b::86aa:a8fe"]  # of 134.170.51.126, ...
OFF_LIST = [
    ("evilmanage.microsoft.com", "AAAA"), ("www.evil.example", "AAAA"),
    ("www.evil.example", "A"), ("ns1.lab-dns.net", "AAAA"),
    ("ns1.lab-dns.net", "A"), ("ns2.lab-dns.net", "A"),
    ("ns2.lab-dns.net", "AAAA"),
    # a name that dns64 asks for in in-addr.arpa
    ("8.0.8.0.8.0.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa",
     "PTR"),
]


def has_data(a):
    return bool(a.rrs) or a.rcode == "NOERROR"


def strict(lab, more=()):
    name = "strict" + "".join(more).partition(":")[0]
    resolver = lab.resolver(name, mode="strict", server_conf=MODULES +
                            list(more))
    for when in ("cold", "warm"):
        for how in ({}, {"do": True}, {"cd": True}):
            wrong = []
            for qname, rdtype in OFF_LIST:
                a = resolver.ask(qname, rdtype, **how)
                if has_data(a):
                    wrong.append(f"{qname} {rdtype}: {a}")
            lab.check(f"{name}: off-list names have no data, {when} {how}",
                      not wrong, "; ".join(wrong))
    a = resolver.ask("portal.manage.microsoft.com", "AAAA")
    lab.check(f"{name}: an allowed name has made addresses",
              a.addresses == MADE, a)
    recorded = {b["address"] for b in resolver.bindings()
                if b["name"] == "portal.manage.microsoft.com"}
    lab.check(f"{name}: they are in the export at once",
              recorded >= set(MADE), recorded)
    resolver.ask("intranet.manage.microsoft.com", "AAAA")
    resolver.ask("inside.manage.microsoft.com", "AAAA")
    recorded = {b["address"] for b in resolver.bindings()}
    lab.check(f"{name}: but none that leads to a private one",
              not [a for a in recorded if a.startswith("64:ff9b::a")],
              recorded)
    counters = resolver.status()["resolver"]["counters"]
    lab.check(f"{name}: nothing is taken for a leak", counters["leak"] == 0,
              counters)
    resolver.stop()


def observe(lab):
    plain = lab.resolver("plain", module=False, server_conf=[
        'module-config: "dns64 validator iterator"', MODULES[1]])
    watched = lab.resolver("watched", mode="observe", server_conf=MODULES)
    for when in ("cold", "warm"):
        wrong = []
        for qname, rdtype in OFF_LIST + [
                ("portal.manage.microsoft.com", "AAAA"),
                ("foo.bar.manage.microsoft.com", "AAAA")]:
            a = plain.ask(qname, rdtype)
            b = watched.ask(qname, rdtype)
            if (a.rcode, a.addresses, a.ede) != (
                    b.rcode, b.addresses, b.ede):
                wrong.append(f"{qname} {rdtype}: {a} / {b}")
        lab.check(f"observe: the same as without the module, {when}",
                  not wrong, "; ".join(wrong))
    plain.stop()
    watched.stop()


with Lab("dns64", extra={"microsoft.com.": "inside.manage A 10.9.9.9\n"}) \
        as the_lab:
    strict(the_lab)
    strict(the_lab, ["dns64-synthall: yes"])
    observe(the_lab)
sys.exit(the_lab.finish())
