"""Each answer to a client is one event, on every way that dnspin-paths(7)
lists, and says what the client was given.
"""
import os
import socket
import ssl
import struct
import subprocess
import sys
import time

import dns.message
import dns.query

from agents import SlowAgent
from daemon import wait_until
from events import ONE, POLICY, Trail, start, told
from lab import Lab

RPZ = "*.blocked.answers.example CNAME .\n"
SOA = "@ 60 IN SOA ns.own.lan. admin.own.lan. 1 60 60 60 60\n" \
      "@ 60 IN NS ns.own.lan.\n"


def ordinary(lab, resolver, trail):
    """From recursion, then from the cache."""
    resolver.ask(ONE)
    common = {"name": ONE, "type": "A", "rcode": "NOERROR",
              "addresses": ["20.53.2.1"], "verdict": "allow", "rule": ONE,
              "group": "trail", "client": "127.0.0.1", "transport": "udp",
              "security": "secure"}
    event = told(lab, "recursion", trail, source="recursion", flags=["RD"],
                 ttl=300, **common)
    lab.check("recursion: it took a while", 0 < event.latency_us < 5e6 and
              event.port > 0 and event.hold_us is None, event)
    digest = resolver.status()["policy"]["digest"]
    lab.check("recursion: the policy is the one in force",
              event.policy == digest[:16], event)
    answer = resolver.ask(ONE)
    event = told(lab, "cache", trail, source="cache", flags=["RD"], **common)
    lab.check("cache: the TTL is that of the answer",
              event.ttl == answer.rrs[0][1], (event, answer.rrs))
    resolver.ask(ONE, do=True, cd=True)
    told(lab, "CD and DO are another question of recursion, AD is told",
         trail, flags=["AD", "CD", "DO", "RD"], **common)


def questions(lab, resolver, trail):
    """Rules, types, codes."""
    cases = [
        ("mx.answers.example", "MX", "NOERROR", "allow", "*.answers.example",
         []),
        ("nodata.answers.example", "A", "NOERROR", "allow",
         "*.answers.example", []),
        ("no-such.answers.example", "A", "NXDOMAIN", "allow",
         "*.answers.example", []),
        ("svc.answers.example", "HTTPS", "NOERROR", "allow",
         "*.answers.example", ["20.53.2.5", "20.53.2.6", "2620:1ec:53::5"]),
        ("one.answers.example", "ANY", "NOERROR", "allow", ONE,
         ["20.53.2.1"]),
        ("on-off.chains.example", "A", "NOERROR", "allow",
         "*.chains.example", ["20.54.1.1"]),
        ("bogus.expired.example", "A", "SERVFAIL", "error",
         "*.expired.example", []),
        ("off.example", "A", "NXDOMAIN", "deny", None, []),
        ("denied.chains.example", "A", "NXDOMAIN", "deny",
         "denied.chains.example", []),
        (".", "NS", "NXDOMAIN", "deny", None, []),
    ]
    for name, rdtype, rcode, verdict, rule, addresses in cases:
        source = "policy" if verdict == "deny" else "recursion"
        resolver.ask(name, rdtype)
        told(lab, f"{name} {rdtype}", trail, name=name, type=rdtype,
             rcode=rcode, verdict=verdict, rule=rule, addresses=addresses,
             source=source)
    resolver.ask("no-such.answers.example")
    told(lab, "a negative answer from the cache", trail, rcode="NXDOMAIN",
         verdict="allow", source="cache")
    resolver.ask("oNe.AnSwErS.example")
    told(lab, "names are in lower case", trail, name=ONE, rule=ONE)
    resolver.ask("both.answers.example", "AAAA")
    told(lab, "an address outside its pins", trail,
         flags=["RD", "pin-outside"], addresses=["2620:1ec:53::2"])
    resolver.ask("off.example", rdclass="CH")
    told(lab, "another class", trail, verdict="deny", rule=None)


def transports(lab, resolver, trail):
    resolver.ask(ONE, tcp=True)
    event = told(lab, "TCP", trail, transport="tcp", source="cache")
    lab.check("TCP: the transport below", event.line["network"]["transport"] ==
              "tcp", event)
    resolver.ask("twenty.answers.example", tcp=True)
    event = told(lab, "TCP, recursion", trail, transport="tcp",
                 source="recursion")
    lab.check("all twenty addresses", len(event.addresses) == 20, event)
    resolver.ask(ONE, source="127.53.77.7")
    told(lab, "the client's address", trail, client="127.53.77.7")


def chaos(lab, resolver, trail):
    resolver.ask("version.bind", "TXT", rdclass="CH")
    event = told(lab, "CHAOS", trail, name="version.bind", type="TXT",
                 verdict="local", source="local", rule=None, rcode="NOERROR")
    lab.check("CHAOS: the class",
              event.line["dns"]["question"]["class"] == "CH", event)


def with_opt(wire, opt, count=1):
    return wire[:10] + struct.pack("!H", count) + wire[12:] + opt * count


def rejected():
    """What Unbound answers, or not, without a look at the name."""
    wire = dns.message.make_query(ONE, "A", use_edns=-1).to_wire()
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    return {
        "no question": wire[:4] + b"\0\0" + wire[6:12],
        "two questions": wire[:4] + b"\0\2" + wire[6:] + wire[12:],
        "an answer in it": wire[:6] + b"\0\1" + wire[8:],
        "an answer itself": wire[:2] + b"\x81" + wire[3:],
        "TC": wire[:2] + b"\x03" + wire[3:],
        "less than a header": wire[:11],
        "a name without end": wire[:15],
        "NOTIFY": wire[:2] + b"\x21" + wire[3:],
        "UPDATE": wire[:2] + b"\x29" + wire[3:],
        "BADVERS": with_opt(wire, opt[:6] + b"\1" + opt[7:]),
        "two OPT": with_opt(wire, opt, 2),
        "a broken OPT": with_opt(wire, opt[:-1] + b"\5"),
        "without RD": wire[:2] + b"\0" + wire[3:],
        **{t: dns.message.make_query(ONE, t).to_wire()
           for t in ("AXFR", "IXFR", "OPT", "TSIG", "MAILB")},
        **{z: dns.message.make_query(f"x.{z}.lan", "A").to_wire()
           for z in DROPPING},
    }


DROPPING = ("deny", "inform_deny", "always_deny")
ACLS = {"127.53.71.1": "refuse", "127.53.72.1": "deny",
        "127.53.73.1": "refuse_non_local", "127.53.74.1": "deny_non_local"}


def without_events(lab):
    """The list of dnspin-paths(7)."""
    resolver = start(lab, "rejected", conf=[
        *(f"access-control: {a}/32 {how}" for a, how in ACLS.items()),
        *(f"local-zone: {z}.lan {z}" for z in DROPPING)])
    trail = Trail(resolver)
    queries = [("127.0.0.1", what, wire) for what, wire in rejected().items()]
    queries += [(source, how, dns.message.make_query(ONE, "A").to_wire())
                for source, how in ACLS.items()]
    for source, what, wire in queries:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((source, 0))
            s.sendto(wire, (resolver.address, resolver.port))
        resolver.ask(ONE)  # behind it, on the same thread
        told(lab, f"no event: {what}", trail, name=ONE, client="127.0.0.1",
             verdict="allow")
    resolver.stop()


def joined(lab, resolver, trail):
    """Several clients of one query."""
    sockets = [resolver.send("a.slow.example", source=f"127.53.78.{n}")
               for n in range(1, 6)]
    for s in sockets:
        resolver.reply(s)
    events = trail.news()
    lab.check("five clients of one query: five events",
              sorted(e.client for e in events) ==
              [f"127.53.78.{n}" for n in range(1, 6)] and
              all(e.source == "recursion" and e.addresses for e in events),
              events)


def paths(lab):
    resolver = start(lab, "paths", pins="report")
    trail = Trail(resolver)
    ordinary(lab, resolver, trail)
    questions(lab, resolver, trail)
    transports(lab, resolver, trail)
    chaos(lab, resolver, trail)
    joined(lab, resolver, trail)
    counters = resolver.status()["resolver"]["counters"]
    lab.check("nothing is unlogged or lost", counters["unlogged"] == 0 and
              not trail.lost, counters)
    resolver.stop()


def operators_own(lab):
    zone = os.path.join(lab.work, "own.rpz")
    with open(zone, "w", encoding="ascii") as f:
        f.write("$ORIGIN own.rpz.\n" + SOA + RPZ)
    resolver = start(lab, "local", conf=[
        'local-data: "printer.lan. A 192.168.7.7"',
        "local-zone: refused.answers.example. always_refuse",
        "local-zone: to-on.lan. redirect",
        f'local-data: "to-on.lan. CNAME {ONE}."',
        "local-zone: to-off.lan. redirect",
        'local-data: "to-off.lan. CNAME end.off.example."',
        'module-config: "dynlib respip validator iterator"',
        "rpz:", "name: own.rpz", f"zonefile: {zone}"])
    trail = Trail(resolver)
    for name, rcode, addresses in (
            ("printer.lan", "NOERROR", ["192.168.7.7"]),
            ("refused.answers.example", "REFUSED", []),
            ("x.blocked.answers.example", "NXDOMAIN", [])):
        resolver.ask(name)
        told(lab, f"the operator's own: {name}", trail, name=name,
             rcode=rcode, addresses=addresses, verdict="local",
             source="local", rule=None)
    for name, verdict, group in (("to-on.lan", "allow", "trail"),
                                 ("to-off.lan", "deny", None)):
        resolver.ask(name)
        told(lab, f"another name by local-data: {name}", trail, name=name,
             flags=["RD", "alias"], verdict=verdict, group=group, rule=None)
    resolver.stop()


def failures(lab):
    """SERVFAIL from the authority, and what is given in its place."""
    resolver = start(lab, "expired", conf=[
        "serve-expired: yes", "serve-expired-client-timeout: 0"])
    trail = Trail(resolver)
    resolver.ask("a.fickle.example")
    time.sleep(2.1)  # TTLs are whole seconds of the real clock
    lab.authority.fail()
    trail.news()
    resolver.ask("a.fickle.example")
    told(lab, "expired", trail, source="expired", verdict="allow",
         addresses=["20.53.3.5"])
    resolver.ask("end.fickle.example", "TXT")
    told(lab, "SERVFAIL", trail, verdict="error", rcode="SERVFAIL",
         rule="*.fickle.example")
    lab.authority.mend()
    resolver.stop()


def without_policy(lab):
    resolver = lab.resolver("none", zones=[])
    resolver.ask(ONE)
    counters = resolver.status(ready=False)["resolver"]["counters"]
    lab.check("without a policy: counted as unlogged",
              counters["unlogged"] == 1, counters)
    resolver.compile(POLICY)
    wait_until(lambda: resolver.ask(ONE).rcode == "NOERROR", "a policy")
    trail = Trail(resolver)
    trail.news()
    resolver.ask(ONE)
    told(lab, "with one: an event", trail, verdict="allow")
    resolver.stop()


def observing(lab):
    resolver = start(lab, "observe", mode="observe")
    trail = Trail(resolver)
    for source in ("recursion", "cache"):
        resolver.ask("end.off.example")
        told(lab, f"observe: {source}", trail, verdict="would-deny",
             source=source, rcode="NOERROR", addresses=["20.54.1.1"])
    resolver.stop()


def leaked(lab):
    resolver = start(lab, "leak")
    resolver.ask(ONE)
    dump = resolver.control("dump_cache").replace(ONE, "bad.answers2.example")
    resolver.control("load_cache", stdin=dump)
    trail = Trail(resolver)
    trail.news()
    answer = resolver.ask("bad.answers2.example")
    if answer.rcode == "NOERROR":
        told(lab, "a leak is told", trail, verdict="deny", source="cache",
             flags=["RD", "leaked"], addresses=["20.53.2.1"])
    else:
        told(lab, "what is loaded is refused", trail, verdict="deny")
    resolver.stop()


def held(lab):
    for barrier, verdict, flag, rcode in (
            ("fail-open", "allow", "unconfirmed", "NOERROR"),
            ("fail-closed", "error", "withheld", "SERVFAIL")):
        resolver = start(lab, barrier, barrier=barrier)
        trail = Trail(resolver)
        resolver.ask("mx.answers.example", "MX")
        told(lab, f"{barrier}: no addresses, no wait", trail,
             verdict="allow", hold_us=None)
        resolver.ask(ONE)
        told(lab, f"{barrier}: no agent", trail, verdict=verdict,
             flags=["RD", flag], rcode=rcode, rule=ONE)
        with SlowAgent(lab, resolver, 60) as agent:
            wait_until(lambda: not resolver.status()["resolver"]["trouble"],
                       "the agent is seen")
            resolver.ask("both.answers.example")
            event = told(lab, f"{barrier}: held", trail, verdict="allow",
                         source="recursion", flags=["RD", "pin-outside"])
            lab.check(f"{barrier}: the wait is told",
                      event.hold_us and 40000 < event.hold_us <=
                      event.latency_us < 5e6, event)
            agent.delay(None)
            resolver.ask("twenty.answers.example")
            event = told(lab, f"{barrier}: in vain", trail, verdict=verdict,
                         flags=["RD", flag], rcode=rcode)
            lab.check(f"{barrier}: the wait in vain is told",
                      event.hold_us and event.hold_us > 180000, event)
        resolver.stop()


def privacy(lab):
    resolver = start(lab, "privacy", client_privacy="pseudonym")
    trail = Trail(resolver)

    def clients(count=2):
        for n in range(count):
            resolver.ask(ONE, source=f"127.53.79.{n + 1}")
        return [(e.client, e.port) for e in trail.news()]

    first = clients()
    lab.check("pseudonyms tell clients apart",
              len({c for c, _ in first}) == 2 and
              all(len(c) == 32 and p is None for c, p in first), first)
    resolver.restart()
    lab.check("a restart keeps them", clients() == first)
    path = os.path.join(resolver.state, "unbound", "events", "0")
    with open(path, "rb") as f:
        octets = f.read()
    lab.check("the address is nowhere in the ring",
              socket.inet_aton("127.53.79.1") not in octets)
    for how, wanted in (("prefix", "127.53.79.0/24"), ("omit", None),
                        ("none", "127.53.79.1")):
        resolver.enforce(POLICY, client_privacy=how)
        seen = clients(1)
        lab.check(f"client-privacy {how}", seen[0][0] == wanted and
                  (seen[0][1] is None) == (how != "none"), seen)
    resolver.stop()


def over_tls(lab):
    key, cert = (os.path.join(lab.work, name) for name in ("key", "cert"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=lab", "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    os.chmod(key, 0o644)
    resolver = start(lab, "tls", conf=[
        "interface: 127.53.1.200@853", "tls-port: 853",
        f"tls-service-key: {key}", f"tls-service-pem: {cert}"])
    trail = Trail(resolver)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    dns.query.tls(dns.message.make_query(ONE, "A"), "127.53.1.200",
                  timeout=10, ssl_context=context)
    told(lab, "DNS over TLS", trail, transport="tls", verdict="allow",
         addresses=["20.53.2.1"])
    resolver.stop()


with Lab("events") as the_lab:
    for part in (paths, without_events, operators_own, failures,
                 without_policy, observing, leaked, held, privacy, over_tls):
        part(the_lab)
sys.exit(the_lab.finish())
