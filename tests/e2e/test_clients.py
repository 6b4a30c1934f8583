"""Per-client policy: groups that are limited to client prefixes. Each client is
judged on its own, also where several wait for one query, and no answer goes
from one to the other through a cache.
"""
import os
import socket
import struct
import sys

import dns.message

from daemon import wait_until
from lab import Lab
from resolver import Answer

MANAGED = "127.53.20.7"
GUEST = "127.53.30.7"
OTHER = "127.53.40.7"  # in no prefix
HEAD = """$ORIGIN {0}.dnspin.
$TTL 3600
@	SOA	localhost. hostmaster.localhost. 1 3600 600 86400 60
@	NS	localhost.
"""
GROUPS = {
    "everyone": """
both.answers.example	TXT	"allow"
end.chains.example	TXT	"allow"
""",
    "managed": """
@	APL	1:127.53.20.0/24 1:127.53.21.0/24
one.answers.example	TXT	"allow"
brief.answers.example	TXT	"allow"
*.chains.example	TXT	"allow"
*.manage.microsoft.com	TXT	"allow"
""",
    "guests": """
@	APL	1:127.53.30.0/24
end.chains.example	TXT	"deny"
""",
}
ONLY_MANAGED = "one.answers.example"


def refused(a):
    return a.rcode == "NXDOMAIN" and not a.rrs and [
        code for code, _ in a.ede] == [15]


def answered(a):
    return a.rcode == "NOERROR" and bool(a.addresses)


def zones(lab, groups=None):
    paths = []
    for group, rules in (groups or GROUPS).items():
        paths.append(os.path.join(lab.work, f"{group}.zone"))
        with open(paths[-1], "w", encoding="ascii") as f:
            f.write(HEAD.format(group) + rules)
    return paths


def start(lab, name, **how):
    return lab.resolver(name, zones=zones(lab), **{"mode": "strict", **how})


def counter(resolver, name):
    return resolver.status()["resolver"]["counters"][name]


def expect(lab, what, resolver, wanted, name, rdtype="A", **how):
    """wanted: for each client whether it is answered."""
    got = {source: resolver.ask(name, rdtype, source=source, **how)
           for source in wanted}
    lab.check(what, all(answered(a) if wanted[source] else refused(a)
                        for source, a in got.items()),
              "; ".join(f"{s}: {a}" for s, a in got.items()))


def one_after_the_other(lab, threads):
    resolver = start(lab, f"threads-{threads}", threads=threads)
    rounds = ("cold", "warm", "warm again")
    for when in rounds:
        for tcp in (False, True):
            how = f"threads {threads}, {when}, {'TCP' if tcp else 'UDP'}"
            expect(lab, f"{how}: one group's names", resolver,
                   {OTHER: False, MANAGED: True, GUEST: False},
                   ONLY_MANAGED, tcp=tcp)
            expect(lab, f"{how}: everybody's", resolver,
                   {OTHER: True, MANAGED: True, GUEST: True},
                   "both.answers.example", tcp=tcp)
            expect(lab, f"{how}: all but one group's", resolver,
                   {GUEST: False, OTHER: True, MANAGED: True},
                   "end.chains.example", tcp=tcp)
            expect(lab, f"{how}: nobody's", resolver,
                   {GUEST: False, OTHER: False, MANAGED: False},
                   "www.evil.example", tcp=tcp)
    lab.check(f"threads {threads}: what is everybody's comes from the cache",
              counter(resolver, "hit") >= 6, resolver.status())
    lab.check(f"threads {threads}: nothing leaked",
              counter(resolver, "leak") == 0, resolver.status())
    recorded = {b["name"] for b in resolver.bindings()}
    lab.check(f"threads {threads}: what was answered is recorded",
              recorded == {"one.answers.example", "both.answers.example",
                           "end.chains.example"}, recorded)
    resolver.stop()


def together(lab):
    """Clients of all kinds wait for one query."""
    for cd in (False, True):
        resolver = start(lab, f"together-{cd}")
        lab.authority.pause("leaf")
        first = resolver.send(ONLY_MANAGED, source=MANAGED, cd=cd)
        wait_until(lambda r=resolver: r.waits_for(ONLY_MANAGED + ".", "A"),
                   "the query")
        clients = [(source, resolver.send(ONLY_MANAGED, source=source, cd=cd))
                   for source in (GUEST, MANAGED, OTHER, GUEST, MANAGED,
                                  OTHER, "127.53.21.9")]
        lab.authority.resume("leaf")
        a = resolver.reply(first)
        lab.check(f"CD {cd}: who asked first and may is answered",
                  answered(a), a)
        wrong = []
        for source, s in clients:
            a = resolver.reply(s)
            good = answered if source.startswith(("127.53.20.", "127.53.21.")
                                                 ) else refused
            if not good(a):
                wrong.append(f"{source}: {a}")
        lab.check(f"CD {cd}: who joined has an answer or a refusal, each its "
                  "own", not wrong, "; ".join(wrong))
        expect(lab, f"CD {cd}: and so it stays", resolver,
               {GUEST: False, MANAGED: True, OTHER: False}, ONLY_MANAGED,
               cd=cd)
        counters = resolver.status()["resolver"]["counters"]
        lab.check(f"CD {cd}: each reply is counted", counters["allow"] == 5
                  and counters["deny"] == 6 and counters["leak"] == 0,
                  counters)
        resolver.stop()


def with_dns64(lab):
    """A client that joins while dns64 asks for A on another's behalf."""
    name = "portal.manage.microsoft.com"
    resolver = start(lab, "dns64", server_conf=[
        'module-config: "dns64 dynlib validator iterator"',
        "dns64-prefix: 64:ff9b::/96"])
    expect(lab, "dns64: each its own", resolver,
           {OTHER: False, MANAGED: True, GUEST: False}, name, "AAAA")
    resolver.control("flush_zone", ".")
    lab.authority.pause("leaf")
    clients = [(s, resolver.send(name, "AAAA", source=s))
               for s in (MANAGED, GUEST, OTHER, MANAGED)]
    lab.authority.resume("leaf")
    wrong = []
    for source, s in clients:
        a = resolver.reply(s)
        if answered(a) != (source == MANAGED) or \
                source != MANAGED and a.rcode != "NXDOMAIN":
            wrong.append(f"{source}: {a}")
    lab.check("dns64: together, each its own", not wrong, "; ".join(wrong))
    resolver.stop()


def stale(lab):
    """An expired answer is for those only who may have the fresh one."""
    name = "brief.answers.example"
    resolver = start(lab, "stale", server_conf=[
        "serve-expired: yes", "serve-expired-client-timeout: 100"])
    resolver.ask(name, source=MANAGED)
    lab.authority.pause("leaf")
    wait_until(lambda: resolver.ask(name, source=MANAGED).rrs[0][1] == 30,
               "an expired answer")
    answers = [(s, resolver.ask(name, source=s))
               for s in (GUEST, MANAGED, OTHER, MANAGED)]
    lab.authority.resume("leaf")
    wrong = [f"{s}: {a}" for s, a in answers if answered(a) != (s == MANAGED)
             or s != MANAGED and [code for code, _ in a.ede] != [15]]
    lab.check("stale: each its own", not wrong, "; ".join(wrong))
    resolver.stop()


def through_a_proxy(lab):
    """The client is who the proxy says it is (PROXY protocol, version 2)."""
    address, port = "127.53.1.250", 5353
    resolver = start(lab, "proxy", address=address, server_conf=[
        f"interface: {address}@{port}", f"proxy-protocol-port: {port}"])
    query = dns.message.make_query(ONLY_MANAGED, "A", use_edns=0).to_wire()
    for client, good in ((MANAGED, answered), (GUEST, refused),
                         (MANAGED, answered)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.sendto(b"\r\n\r\n\0\r\nQUIT\n\x21\x12" + struct.pack("!H", 12)
                     + socket.inet_aton(client) + socket.inet_aton(address)
                     + struct.pack("!HH", 40000, port) + query,
                     (address, port))
            a = Answer(dns.message.from_wire(s.recv(4096)), 0.0)
        lab.check(f"through a proxy: {client}", good(a), a)
    resolver.stop()


def observing(lab):
    """Would-deny is counted for each client, and all are answered."""
    resolver = start(lab, "observe", mode="observe")
    lab.authority.pause("leaf")
    clients = [resolver.send(ONLY_MANAGED, source=s)
               for s in (MANAGED, GUEST, OTHER)]
    lab.authority.resume("leaf")
    answers = [resolver.reply(s) for s in clients]
    answers += [resolver.ask(ONLY_MANAGED, source=s)
                for s in (GUEST, MANAGED, OTHER)]
    lab.check("observe: everybody is answered", all(map(answered, answers)),
              "; ".join(map(str, answers)))
    counters = resolver.status()["resolver"]["counters"]
    lab.check("observe: each is counted", counters["allow"] == 2 and
              counters["would-deny"] == 4, counters)
    resolver.stop()


def changed(lab):
    """A client list that changes takes effect like any rule."""
    resolver = start(lab, "changed")
    expect(lab, "before the change", resolver,
           {MANAGED: True, OTHER: False}, ONLY_MANAGED)
    swapped = {g: r.replace("127.53.20.0", "127.53.40.0")
               for g, r in GROUPS.items()}
    resolver.enforce(zones(lab, swapped), mode="strict")
    expect(lab, "after it", resolver, {MANAGED: False, OTHER: True},
           ONLY_MANAGED)
    resolver.enforce(zones(lab, {"everyone": "*\tTXT\t\"allow\"\n"}),
                     mode="strict")
    expect(lab, "without client lists", resolver,
           {MANAGED: True, OTHER: True, GUEST: True}, ONLY_MANAGED)
    resolver.stop()


with Lab("clients") as the_lab:
    for count in (1, 4):
        one_after_the_other(the_lab, count)
    together(the_lab)
    with_dns64(the_lab)
    stale(the_lab)
    through_a_proxy(the_lab)
    observing(the_lab)
    changed(the_lab)
sys.exit(the_lab.finish())
