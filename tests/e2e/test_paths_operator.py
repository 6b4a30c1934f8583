"""What is the operator's own: local-zone and local-data, redirects, auth-zone,
RPZ, CHAOS. Answers from there pass the policy by, as the manual says, and open
nothing else.
"""
import os
import sys

import attack
from lab import Lab

SOA = "@ 60 IN SOA ns.own.lan. admin.own.lan. 1 60 60 60 60\n" \
      "@ 60 IN NS ns.own.lan.\n"


def zone_file(lab, name, text):
    path = os.path.join(lab.work, name)
    with open(path, "w", encoding="ascii") as f:
        f.write(f"$ORIGIN {name}.\n{SOA}{text}")
    return path


def given(lab, resolver, path, cases):
    """Twice: from the operator's data as from recursion and caches."""
    for when in ("cold", "warm"):
        wrong = []
        for name, rdtype, rcode, texts in cases:
            a = resolver.ask(name, rdtype)
            if a.rcode != rcode or sorted(
                    text for _, _, _, text in a.rrs) != sorted(texts):
                wrong.append(f"{name} {rdtype}: {a}")
        attack.check(lab, f"{path}: {len(cases)} answers as it says, {when}",
                     wrong)


def unexported(lab, resolver, path, names):
    found = [b for b in resolver.bindings() if b["name"] in names]
    lab.check(f"{path}: none of it is in the map", not found, found)


LOCAL = [
    "printer.lan. A 192.168.7.7", "own.answers.example. A 20.57.0.1",
    "www.redirected.example. A 20.57.0.2", "all.lan. A 192.168.7.9",
    "to-off.lan. CNAME end.off.example.",
    "to-on.lan. CNAME one.answers.example.",
    "to-nowhere.lan. CNAME no-such-name.example.",
]
LOCAL_ZONES = ["all.lan. redirect", "to-off.lan. redirect",
               "to-on.lan. redirect", "to-nowhere.lan. redirect",
               "off.example. always_transparent",
               "closed.answers.example. always_nxdomain",
               "refused.answers.example. always_refuse"]
LOCAL_GIVEN = [
    ("printer.lan", "A", "NOERROR", ["192.168.7.7"]),
    ("x.all.lan", "A", "NOERROR", ["192.168.7.9"]),
    ("own.answers.example", "A", "NOERROR", ["20.57.0.1"]),
    ("www.redirected.example", "A", "NOERROR", ["20.57.0.2"]),
    ("closed.answers.example", "A", "NXDOMAIN", []),
    ("refused.answers.example", "A", "REFUSED", []),
    ("localhost", "A", "NOERROR", ["127.0.0.1"]),
    ("7.7.168.192.in-addr.arpa", "PTR", "NXDOMAIN", []),
    # A redirect is judged by where it leads to.
    ("to-off.lan", "A", "NXDOMAIN", ["end.off.example."]),
    ("to-nowhere.lan", "A", "NXDOMAIN", ["no-such-name.example."]),
    ("to-on.lan", "A", "NOERROR", ["20.53.2.1", "one.answers.example."]),
]


def local_data(lab):
    resolver = attack.strict(lab, "local", server_conf=[
        *(f'local-zone: {zone}' for zone in LOCAL_ZONES),
        *(f'local-data: "{data}"' for data in LOCAL)])
    given(lab, resolver, "local-data", LOCAL_GIVEN)
    for name in ("id.server", "version.bind"):
        a = resolver.ask(name, "TXT", rdclass="CH")
        lab.check(f"CHAOS {name}: is the server's own", a.texts("TXT"), a)
    counters = resolver.status()["resolver"]["counters"]
    lab.check("local-data: is counted as local", counters["local"] >= 18,
              counters)
    unexported(lab, resolver, "local-data", [
        name for name, *_ in LOCAL_GIVEN])
    attack.run(lab, resolver, "local-data")
    resolver.stop()


def auth_zones(lab):
    """Where clients are answered from it, it is the operator's own; where only
    recursion is, it is judged as any other source."""
    down = zone_file(lab, "down.lan", "www 60 IN A 192.168.7.8\n"
                     "to-off 60 IN CNAME end.off.example.\n"
                     "to-on 60 IN CNAME one.answers.example.\n")
    up = zone_file(lab, "lame.example", "a 60 IN A 20.53.3.3\n")
    off = zone_file(lab, "up.lan", "www 60 IN A 20.57.0.3\n")
    resolver = attack.strict(lab, "auth", server_conf=[
        "auth-zone:", "name: down.lan", f"zonefile: {down}",
        "for-downstream: yes", "for-upstream: no",
        "auth-zone:", "name: up.lan", f"zonefile: {off}",
        "for-downstream: no", "for-upstream: yes",
        "auth-zone:", "name: lame.example", f"zonefile: {up}",
        "for-downstream: no", "for-upstream: yes"])
    given(lab, resolver, "auth-zone", [
        ("www.down.lan", "A", "NOERROR", ["192.168.7.8"]),
        # A server of a zone does not follow what leads out of it.
        ("to-off.down.lan", "A", "NOERROR", ["end.off.example."]),
        ("to-on.down.lan", "A", "NOERROR", ["one.answers.example."]),
        ("down.lan", "NS", "NOERROR", ["ns.own.lan."])])
    attack.check(lab, "auth-zone: for-upstream alone opens nothing",
                 attack.leaks(resolver, probes=[
                     ("www.up.lan", "A"), ("up.lan", "SOA"),
                     ("lame.example", "NS")]))
    status = resolver.status()["resolver"]
    lab.check("auth-zone: status says what is not judged",
              status["not_judged"] == "1 auth-zone", status)
    unexported(lab, resolver, "auth-zone", ["www.down.lan", "www.up.lan"])
    attack.run(lab, resolver, "auth-zone")
    resolver.stop()


RPZ = """\
local.rpz.example 60 IN A 192.168.7.7
*.wild.rpz.example 60 IN A 20.57.0.4
passed.off.example 60 IN CNAME rpz-passthru.
end.off.example 60 IN CNAME rpz-passthru.
www.evil.example 60 IN CNAME rpz-passthru.
to-off.rpz.example 60 IN CNAME mail.off.example.
to-on.rpz.example 60 IN CNAME one.answers.example.
closed.answers.example 60 IN CNAME .
empty.answers.example 60 IN CNAME *.
32.2.2.53.20.rpz-ip 60 IN A 20.57.0.5
"""
BOTH = ("both.answers.example", "A")


def rpz(lab):
    path = zone_file(lab, "rules.rpz", RPZ)
    resolver = attack.strict(lab, "rpz", server_conf=[
        'module-config: "dynlib respip validator iterator"',
        "rpz:", "name: rules.rpz", f"zonefile: {path}"])
    given(lab, resolver, "rpz", [
        ("local.rpz.example", "A", "NOERROR", ["192.168.7.7"]),
        ("x.wild.rpz.example", "A", "NOERROR", ["20.57.0.4"]),
        ("closed.answers.example", "A", "NXDOMAIN", []),
        ("empty.answers.example", "A", "NOERROR", []),
        ("to-off.rpz.example", "A", "NXDOMAIN", ["mail.off.example."]),
        ("to-on.rpz.example", "A", "NOERROR",
         ["20.53.2.1", "one.answers.example."]),
        ("both.answers.example", "A", "NOERROR", ["20.57.0.5"])])
    attack.check(lab, "rpz: passthru opens nothing", attack.leaks(
        resolver, probes=[("passed.off.example", "A"),
                          ("end.off.example", "A"),
                          ("www.evil.example", "A")]))
    recorded = {b["address"] for b in resolver.bindings()
                if b["name"] == BOTH[0]}
    lab.check("rpz: what it makes of an allowed name is recorded",
              recorded == {"20.57.0.5"}, recorded)
    unexported(lab, resolver, "rpz", [
        "local.rpz.example", "x.wild.rpz.example", "to-on.rpz.example"])
    status = resolver.status()["resolver"]
    lab.check("rpz: status says what is not judged",
              status["not_judged"] == "1 rpz", status)
    attack.run(lab, resolver, "rpz", apart=[BOTH, (BOTH[0], "AAAA")])
    resolver.stop()


with Lab("operator") as the_lab:
    local_data(the_lab)
    auth_zones(the_lab)
    rpz(the_lab)
sys.exit(the_lab.finish())
