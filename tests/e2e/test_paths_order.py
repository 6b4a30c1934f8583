"""A module in front of dynlib answers before the policy is asked. The module
sees that, and puts no strict policy into force there, unless the policy says
that the order is known.
"""
import sys

import attack
from daemon import eventually
from lab import Lab

NOT_READY = 14  # RFC 8914, 4.15
ORDERS = {
    "validator": "validator dynlib iterator",
    "subnetcache": "subnetcache dynlib validator iterator",
    "respip validator": "respip validator dynlib iterator",
}


def policy(lab):
    return [*lab.zones(), attack.ZONE]


def refused_to_serve(lab, resolver, path):
    wrong = []
    for name, rdtype in attack.OFF_LIST + list(attack.ADDRESSES):
        a = resolver.ask(name, rdtype)
        if a.rcode != "SERVFAIL" or a.rrs or NOT_READY not in [
                code for code, _ in a.ede]:
            wrong.append(f"{name} {rdtype}: {a}")
    attack.check(lab, f"{path}: every question is SERVFAIL with EDE 14", wrong)


def said(lab, resolver, path, front):
    trouble = resolver.status(ready=False)["resolver"]["trouble"]
    lab.check(f"{path}: status says what is in front and what to do",
              f'"{front}" in front' in trouble and "dynlib first" in trouble
              and "module-order=accept" in trouble, trouble)
    lab.check(f"{path}: and so does the log, once", resolver.log_text().count(
        f'"{front}" in front') == 1, resolver.log_tail())


def not_in_force(lab, front, order):
    path = f"module-config: {order}"
    resolver = attack.strict(lab, front.replace(" ", "-"), server_conf=[
        f'module-config: "{order}"'])
    refused_to_serve(lab, resolver, path)
    said(lab, resolver, path, front)
    resolver.compile(policy(lab), mode="observe")
    lab.check(f"{path}: observing is possible", eventually(
        lambda: resolver.ask("one.answers.example").addresses, 3),
        resolver.log_tail())
    resolver.compile(policy(lab), mode="strict")
    lab.check(f"{path}: the observing policy stays when a strict one comes",
              eventually(lambda: "last good policy stays" in
                         resolver.log_text(), 3)
              and resolver.ask("www.evil.example").rrs, resolver.log_tail())
    resolver.stop()


def data_in(a):
    return a.rrs or a.rcode == "NOERROR"


def accepted(lab):
    """With the validator in front nothing is answered either, but a refusal of
    a name that is signed fails its test."""
    path = "module-order=accept"
    resolver = attack.strict(lab, "accepted", module_order="accept",
                             server_conf=[
        f'module-config: "{ORDERS["validator"]}"'])
    for when in ("cold", "warm"):
        wrong = [f"{name} {rdtype}: {a}" for name, rdtype in attack.OFF_LIST
                 for a in [resolver.ask(name, rdtype)] if data_in(a)]
        attack.check(lab, f"{path}: no data for names off the list, {when}",
                     wrong)
        a = resolver.ask("one.answers.example")
        lab.check(f"{path}: what is allowed is answered, {when}",
                  a.addresses == ["20.53.2.1"], a)
    resolver.stop()


with Lab("order") as the_lab:
    for the_front, the_order in ORDERS.items():
        not_in_force(the_lab, the_front, the_order)
    accepted(the_lab)
sys.exit(the_lab.finish())
