"""What allowed names resolved to is in the export, at once and complete; what
must not open a firewall is not; and nftables takes it.
"""
import csv
import io
import json
import os
import subprocess
import sys
import time

from daemon import eventually, wait_until
from lab import Lab

RECORDED = {  # name asked, type: addresses in the export
    ("manage.microsoft.com", "A"): {"134.170.168.254", "134.170.51.126"},
    ("foo.bar.manage.microsoft.com", "A"): {"13.107.219.10"},
    ("foo.bar.manage.microsoft.com", "AAAA"): {"2620:1ec:40::10"},
    ("chain.manage.microsoft.com", "A"): {"13.82.96.212"},
    ("chain.manage.microsoft.com", "AAAA"): {"2620:1ec:4a::13"},
    ("x.tree.manage.microsoft.com", "A"): {"52.147.8.239"},
    ("svc.manage.microsoft.com", "HTTPS"): {
        "23.96.112.28", "104.42.188.1", "2620:1ec:49::7"},
    ("_dns.svc.manage.microsoft.com", "SVCB"): {"138.91.244.151"},
    ("intranet.manage.microsoft.com", "A"): {"157.56.13.59"},
    ("intranet.manage.microsoft.com", "AAAA"): {"2620:1ec:4a::1"},
}
NEVER = {"10.1.2.3", "192.168.7.9", "127.0.0.9", "100.64.1.1", "192.0.2.7",
         "fd00::1", "fe80::1", "::ffff:10.1.2.3", "66.66.66.66"}
FINAL = {"manage.microsoft.com": "manage.microsoft.com.nsatc.net",
         "chain.manage.microsoft.com": "hop3.trafficmanager.net",
         "foo.bar.manage.microsoft.com": "foo.bar.manage.microsoft.com"}


def found(resolver, name):
    return {b["address"] for b in resolver.bindings()
            if b["name"].rstrip(".") == name}


def within_a_second(lab, resolver):
    for (name, rdtype), addresses in RECORDED.items():
        resolver.ask(name, rdtype)
        there = eventually(
            lambda n=name, a=addresses: a <= found(resolver, n), 1)
        lab.check(f"{name} {rdtype} is in the export within a second", there,
                  f"{addresses} wanted, {found(resolver, name)} there")
    for way in ({}, {"cd": True}):
        resolver.ask("forged.officeconfig.msocdn.com", **way)
    resolver.ask("evilmanage.microsoft.com")
    everything = {b["address"] for b in resolver.bindings()}
    lab.check("no private, special or forged address is there",
              not everything & NEVER, everything & NEVER)
    lab.check("and no other address than those", everything
              == set().union(*RECORDED.values()), everything)
    counters = resolver.status()["resolver"]["counters"]
    lab.check("what was left out is counted",
              counters["special"] >= 8 and counters["bogus"] >= 1, counters)


def each_binding(lab, resolver):
    now = time.time()
    wrong = []
    for b in resolver.bindings():
        good = (
            b["group"] and b["rule"] and isinstance(b["services"], list)
            and now + 200 < b["expires"] <= now + 86400
            and b["first_seen"] <= b["last_seen"] <= now + 1
            and now - 60 < b["first_seen"] and b["hits"] >= 1
            and b["pin"])
        if not good:
            wrong.append(b)
    lab.check("each has rule, group, services, lifetimes, hits", not wrong,
              wrong)
    for name, final in FINAL.items():
        owners = {b["final"].rstrip(".") for b in resolver.bindings()
                  if b["name"].rstrip(".") == name}
        lab.check(f"the address record of {name} was at {final}",
                  owners == {final}, owners)
    rules = {b["name"].rstrip("."): b["rule"].rstrip(".")
             for b in resolver.bindings()}
    lab.check("exact rule and wildcard rule are told apart",
              rules["manage.microsoft.com"] == "manage.microsoft.com"
              and rules["foo.bar.manage.microsoft.com"]
              == "*.manage.microsoft.com", rules)
    services = [b["services"] for b in resolver.bindings()
                if b["name"].startswith("foo.bar.manage")]
    lab.check("the services are those of the rule",
              services and all({"tcp/80", "tcp/443"} <= set(s)
                               for s in services if s), services)


def on_hits(lab, resolver):
    """A cache hit counts too: life is prolonged from there."""
    before = {(b["name"], b["address"]): b for b in resolver.bindings()}
    for _ in range(3):
        resolver.ask("manage.microsoft.com")
    eventually(lambda: any(
        b["hits"] > before[b["name"], b["address"]]["hits"]
        for b in resolver.bindings() if b["name"].startswith("manage.")), 2)
    after = {(b["name"], b["address"]): b for b in resolver.bindings()}
    grown = [k for k in before if after[k]["hits"] > before[k]["hits"]]
    lab.check("cached answers are recorded as well",
              {k[0].rstrip(".") for k in grown} == {"manage.microsoft.com"}
              and len(grown) == 2, grown)


def nft(rules):
    return subprocess.run(["nft", "-f", "-"], input=rules, text=True,
                          capture_output=True, check=False)


def nftables(lab, resolver):
    if not lab.own_network:
        lab.skip("nftables", "no network namespace: it would change the "
                 "firewall of this machine")
        return
    for attempt in ("once", "twice"):
        done = nft(resolver.dnspin("export", "-f", "nft"))
        lab.check(f"nft -f takes the export {attempt}", done.returncode == 0,
                  done.stderr)
    listed = json.loads(subprocess.run(
        ["nft", "-j", "list", "ruleset"], text=True, capture_output=True,
        check=True).stdout)["nftables"]
    text = json.dumps(listed)
    lab.check("the sets hold address . protocol . port with a timeout",
              '"concat": ["134.170.168.254", "tcp", 443]' in text
              and '"timeout"' in text, text[:2000])
    lab.check("a chain uses them", any(
        "rule" in x and "@allowed4" in json.dumps(x) for x in listed))
    lab.check("no private address came in", not [
        a for a in NEVER if f'"{a}"' in text])


def other_formats(lab, resolver):
    rows = list(csv.DictReader(io.StringIO(resolver.dnspin(
        "export", "-f", "csv"))))
    lab.check("csv has the same bindings",
              {r["address"] for r in rows}
              == {b["address"] for b in resolver.bindings()}, rows[:2])
    edl = resolver.dnspin("export", "-f", "edl").split()
    lab.check("edl has every address", set(edl) == {
        b["address"] for b in resolver.bindings()}, edl)


def survives(lab, resolver):
    before = {(b["name"], b["address"]) for b in resolver.bindings()}
    resolver.restart()
    after = {(b["name"], b["address"]) for b in resolver.bindings()}
    lab.check("a restart keeps every binding", before and before <= after,
              before - after)


def lost(lab, resolver):
    """Somebody removes the map of a running resolver: what is resolved after
    that must not go into a file that nobody finds."""
    os.unlink(os.path.join(resolver.state, "unbound", "map"))
    wait_until(lambda: os.path.exists(
        os.path.join(resolver.state, "unbound", "map")), "a new map", 3)
    a = resolver.ask("portal.manage.microsoft.com")
    lab.check("a map that was removed is made anew", eventually(
        lambda: set(a.addresses) <= found(
            resolver, "portal.manage.microsoft.com"), 2), a)
    lab.check("and the log tells it",
              "map: removed or replaced" in resolver.log_text(),
              resolver.log_tail())


def allowed_inside(lab):
    resolver = lab.resolver("inside", private_addresses="allow")
    resolver.ask("intranet.manage.microsoft.com")
    lab.check("private-addresses=allow records them", eventually(
        lambda: {"10.1.2.3", "157.56.13.59"} <= found(
            resolver, "intranet.manage.microsoft.com"), 1),
        resolver.bindings())
    resolver.stop()


with Lab("export") as the_lab:
    the_resolver = the_lab.resolver(mode="strict", threads=2)
    within_a_second(the_lab, the_resolver)
    each_binding(the_lab, the_resolver)
    on_hits(the_lab, the_resolver)
    nftables(the_lab, the_resolver)
    other_formats(the_lab, the_resolver)
    survives(the_lab, the_resolver)
    lost(the_lab, the_resolver)
    allowed_inside(the_lab)
sys.exit(the_lab.finish())
