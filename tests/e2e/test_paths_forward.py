"""Answers from somebody else's cache, or from servers that the operator names:
forward-zone, also with forward-first and forward-no-cache, and stub-zone.
"""
import sys

import attack
from lab import Lab

FAILING = "127.53.0.8"
ROOT = "127.53.0.1"
TLD = "127.53.0.2"
LEAF = "127.53.0.3"


def lead(lab, path, conf, behind=()):
    resolver = attack.strict(lab, path.replace(" ", "-"), server_conf=conf)
    zones = [line.split('"')[1].rstrip(".") + "." for line in conf
             if line.startswith("name:")]
    listed = resolver.control("list_forwards") + resolver.control("list_stubs")
    lab.check(f"{path}: is configured", all(
        any(line.startswith(f"{zone} IN ") for line in listed.splitlines())
        for zone in zones), listed)
    attack.run(lab, resolver, path, behind=behind)
    resolver.stop()
    for server in behind:
        asked = "total.num.queries=0\n" not in server.control("stats")
        lab.check(f"{path}: led there", asked)


def forward(name, address, *more):
    return ["forward-zone:", f'name: "{name}"', f"forward-addr: {address}",
            *more]


def stub(name, address, *more):
    return ["stub-zone:", f'name: "{name}"', f"stub-addr: {address}", *more]


with Lab("forward") as the_lab:
    front = the_lab.resolver("front", module=False)
    lead(the_lab, "forward-zone", forward(".", front.address), [front])
    lead(the_lab, "forward-no-cache", forward(
        ".", front.address, "forward-no-cache: yes"), [front])
    lead(the_lab, "forward-first", forward(
        ".", FAILING, "forward-first: yes"))
    lead(the_lab, "forward of a part", forward("off.example", front.address)
         + forward("lab-dns.net", front.address), [front])
    lead(the_lab, "stub-zone", stub("example", TLD)
         + stub("off.example", LEAF) + stub("lab-dns.net", LEAF))
    lead(the_lab, "stub-prime", stub("example", TLD, "stub-prime: yes")
         + stub("com", TLD, "stub-prime: yes", "stub-first: yes"))
sys.exit(the_lab.finish())
