"""Answers that a module never sees in the ordinary way: the operator's own data,
and what modules in front say.
"""
import os
import sys

from daemon import eventually
from lab import Lab


def refused(a):
    return a.rcode == "NXDOMAIN" and not a.rrs and [
        c for c, _ in a.ede] == [15]


def answered(a):
    return a.rcode == "NOERROR" and bool(a.addresses)


OWN_ZONE = """own.lan. 60 IN SOA ns.own.lan. admin.own.lan. 1 60 60 60 60
own.lan. 60 IN NS ns.own.lan.
www.own.lan. 60 IN A 192.168.7.8
"""


def operators_own(lab):
    zone = os.path.join(lab.work, "own.lan")
    with open(zone, "w", encoding="ascii") as f:
        f.write(OWN_ZONE)
    resolver = lab.resolver("own", mode="strict", server_conf=[
        'local-data: "printer.lan. A 192.168.7.7"',
        "auth-zone:", "name: own.lan", f"zonefile: {zone}"])
    a = resolver.ask("www.own.lan")
    lab.check("an auth-zone is the operator's business",
              a.addresses == ["192.168.7.8"], a)
    a = resolver.ask("printer.lan")
    lab.check("local-data is the operator's business",
              a.addresses == ["192.168.7.7"], a)
    a = resolver.ask("id.server", "TXT", rdclass="CH")
    lab.check("so is CHAOS", a.rcode in ("NOERROR", "REFUSED"), a)
    status = resolver.status()["resolver"]
    lab.check("both are counted as local", status["counters"]["local"] >= 1,
              status)
    lab.check("status says what the module knows of it",
              status["not_judged"] == "1 auth-zone", status)
    lab.check("none of it is exported", not resolver.bindings())
    resolver.stop()


SNOOPED = [("www.evil.example", "A"), ("lab-dns.net", "NS"), ("com", "NS"),
           ("ns1.lab-dns.net", "A"), (".", "NS"), ("com", "DNSKEY"),
           ("microsoft.com", "NS"), ("other.microsoft.com", "A")]


def snooping(lab):
    """Without RD a client with allow_snoop sees delegations that Unbound put
    together from its own records: in strict mode it must not."""
    for mode in ("observe", "strict"):
        resolver = lab.resolver(f"snoop-{mode}", mode=mode, server_conf=[
            "access-control: 127.0.0.0/8 allow_snoop"])
        resolver.ask("manage.microsoft.com")
        resolver.ask("portal.manage.microsoft.com")
        answers = [resolver.ask(*q, rd=False, cd=cd) for q in SNOOPED
                   for cd in (True, False)]
        seen = [a for a in answers if a.message.additional or a.rrs or
                any(t != "SOA" for _, _, t, _ in a.authority)]
        if mode == "observe":
            lab.check("observe: a delegation is given, as ever", seen)
            continue
        lab.check("strict: no delegation is given", not seen,
                  "; ".join(str(a) for a in seen))
        lab.check("strict: it is refused", all(
            a.rcode in ("REFUSED", "NXDOMAIN") for a in answers),
            "; ".join(str(a) for a in answers))
        a = resolver.ask("manage.microsoft.com", rd=False)
        lab.check("strict: what is cached for clients is given", answered(a),
                  a)
        lab.check("strict: and none of that is a leak", resolver.status()
                  ["resolver"]["counters"]["leak"] == 0, resolver.status())
        resolver.stop()


ORDER = ['module-config: "validator dynlib iterator"']


def order_of_modules(lab):
    """What a module in front of dynlib answers passes the policy by."""
    resolver = lab.resolver("order", mode="strict", server_conf=ORDER)
    a = resolver.ask("portal.manage.microsoft.com")
    lab.check("a module in front: no strict policy comes into force",
              a.rcode == "SERVFAIL" and [c for c, _ in a.ede] == [14], a)
    trouble = resolver.status(ready=False)["resolver"]["trouble"]
    lab.check("status says what is in front and what to do",
              '"validator" in front' in trouble and "dynlib first" in trouble
              and "module-order=accept" in trouble, trouble)
    lab.check("and so does the log, once", resolver.log_text().count(
        '"validator" in front') == 1, resolver.log_tail())
    resolver.compile(lab.zones(), mode="observe")
    lab.check("observing is possible", eventually(lambda: answered(
        resolver.ask("portal.manage.microsoft.com")), 3), resolver.log_tail())
    resolver.compile(lab.zones(), mode="strict")
    lab.check("the observing policy stays when a strict one comes",
              eventually(lambda: "last good policy stays" in
                         resolver.log_text(), 3)
              and answered(resolver.ask("www.evil.example")),
              resolver.log_tail())
    resolver.compile(lab.zones(), mode="strict", module_order="accept")
    lab.check("accepted: what is allowed is answered", eventually(
        lambda: resolver.status()["resolver"]["mode"] == "strict", 3)
        and answered(resolver.ask("portal.manage.microsoft.com")),
        resolver.log_tail())
    a = resolver.ask("evilmanage.microsoft.com")
    lab.check("accepted: what is not is not", not a.rrs
              and a.rcode in ("NXDOMAIN", "SERVFAIL"), a)
    resolver.stop()


with Lab("doors") as the_lab:
    operators_own(the_lab)
    snooping(the_lab)
    order_of_modules(the_lab)
sys.exit(the_lab.finish())
