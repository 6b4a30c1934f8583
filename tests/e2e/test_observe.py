"""Mode observe: Unbound answers exactly as without the module, and what strict
mode would have refused is counted.
"""
import sys

from daemon import eventually
from lab import Lab

QUESTIONS = [
    ("manage.microsoft.com", "A"), ("foo.bar.manage.microsoft.com", "AAAA"),
    ("chain.manage.microsoft.com", "A"), ("svc.manage.microsoft.com", "HTTPS"),
    ("nx.manage.microsoft.com", "A"), ("nodata.manage.microsoft.com", "A"),
    ("forged.officeconfig.msocdn.com", "A"),
    ("evilmanage.microsoft.com", "A"), ("www.evil.example", "A"),
    ("manage.microsoft.com.evil.example", "A"), ("microsoft.com", "A"),
    ("microsoft.com", "MX"), (".", "NS"), ("com", "DNSKEY"), ("com", "NS"),
    ("ns1.lab-dns.net", "A"), ("nowhere.example", "A"),
    ("hop3.trafficmanager.net", "A"), ("loop.manage.microsoft.com", "A"),
]
PINNED = """$ORIGIN pinned.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.manage.microsoft.com TXT "allow" "tcp/443"
portal.manage.microsoft.com TXT "allow" "tcp/443"
portal.manage.microsoft.com APL 1:40.0.0.0/8
"""
OFF_LIST = 11  # of the above


def essence(a):
    """What must not differ; order and TTL may."""
    return (a.rcode, sorted((o, t, x) for o, _, t, x in a.rrs),
            sorted((o, t) for o, _, t, _ in a.authority), sorted(a.ede),
            a.message.flags, len(a.message.additional))


def one_verdict(lab, **settings):
    """Judged by its answer: the same from the cache as the first time."""
    resolver = lab.resolver("-".join(settings.values()), zones=PINNED,
                            mode="observe", **settings)
    name = ("chain" if "chain" in settings else "portal") + \
        ".manage.microsoft.com"
    for _ in range(3):
        resolver.ask(name)
    counters = resolver.status()["resolver"]["counters"]
    lab.check(f"{settings}: would-deny, cold and warm",
              (counters["would-deny"], counters["allow"]) == (3, 0), counters)
    lab.check(f"{settings}: nothing of it is recorded",
              counters["recorded"] == 0 and not resolver.bindings(), counters)
    resolver.stop()


def stale(lab):
    """An expired answer is an answer: who gets it must pass the firewall."""
    life = 5  # s: longer than a busy machine takes to look
    resolver = lab.resolver("stale", mode="observe", grace=0, min_lifetime=life,
                            server_conf=["serve-expired: yes",
                                         "serve-expired-client-timeout: 100"])
    resolver.ask("short.manage.microsoft.com")
    lab.check("serve-expired: a fresh answer is recorded", [
        b for b in resolver.bindings() if b["address"] == "23.96.112.46"])
    lab.check("and its lifetime ends", eventually(
        lambda: not resolver.bindings(), 2 * life))
    lab.authority.pause("leaf")
    a = resolver.ask("short.manage.microsoft.com")
    lab.authority.resume("leaf")
    lab.check("a stale answer is recorded again", a.addresses
              == [b["address"] for b in resolver.bindings()], a)
    resolver.stop()


with Lab("observe") as lab:
    plain = lab.resolver("plain", module=False)
    watched = lab.resolver("watched", mode="observe")
    for when in ("cold", "warm"):
        for how in ({}, {"do": True}, {"cd": True}, {"tcp": True}):
            differ = []
            for name, rdtype in QUESTIONS:
                a = plain.ask(name, rdtype, **how)
                b = watched.ask(name, rdtype, **how)
                if essence(a) != essence(b):
                    differ.append(f"{name} {rdtype}:\n        without {a}"
                                  f"\n        with    {b}")
            lab.check(f"the same answers as without the module, {when} {how}",
                      not differ, "\n        ".join(differ))
    status = watched.status()["resolver"]
    counters = status["counters"]
    lab.check("status tells the mode", status["mode"] == "observe", status)
    lab.check("off-list questions are counted as would-deny",
              counters["would-deny"] == 8 * OFF_LIST, counters)
    lab.check("nothing was refused", counters["deny"] == 0, counters)
    lab.check("allowed names are recorded",
              "134.170.168.254" in {b["address"] for b in watched.bindings()})
    lab.check("off-list names are not", not [
        b for b in watched.bindings() if b["name"].endswith("evil.example.")
        or b["name"].endswith("evil.example")])
    asked = counters["allow"] + counters["would-deny"] + counters["error"]
    lab.check("every question is counted once",
              asked == 8 * len(QUESTIONS), counters)
    one_verdict(lab, chain="inspect")
    one_verdict(lab, pins="enforce")
    stale(lab)
sys.exit(lab.finish())
