"""Other modules behind dnspin give one client what is not meant for the next:
such answers must not reach the cache that all clients are answered from.
"""
import sys

from lab import Lab

NAME = "foo.bar.manage.microsoft.com"
REAL = "13.107.219.10"
OTHER = "20.1.2.3"


def answers_for_some(lab):
    """response-ip in a view: only its clients get the other address."""
    resolver = lab.resolver("view", mode="strict", server_conf=[
        'module-config: "dynlib respip validator iterator"',
        "access-control-view: 127.0.0.2/32 inside",
        "view:", 'name: "inside"',
        f"response-ip: {REAL}/32 redirect",
        f'response-ip-data: {REAL}/32 "A {OTHER}"'])
    inside = resolver.ask(NAME, source="127.0.0.2")
    lab.check("a client of the view gets the view's address",
              inside.texts("A") == [OTHER], inside)
    outside = resolver.ask(NAME)
    lab.check("the next client gets the real one",
              outside.texts("A") == [REAL], outside)
    for source, address in (("127.0.0.2", OTHER), (None, REAL)):
        a = resolver.ask(NAME, source=source)
        lab.check(f"and from the cache, {address}",
                  a.texts("A") == [address], a)
    recorded = {b["address"] for b in resolver.bindings()
                if b["name"] == NAME}
    lab.check("both are recorded", {REAL, OTHER} <= recorded, recorded)
    resolver.stop()


def answers_by_network(lab):
    """subnetcache: what is cached for one network looks like any answer."""
    resolver = lab.resolver("subnet", mode="strict", server_conf=[
        'module-config: "dynlib subnetcache validator iterator"',
        "send-client-subnet: 127.0.0.0/8"])
    for _ in range(2):
        a = resolver.ask(NAME)
        lab.check("an allowed name is answered", a.texts("A") == [REAL], a)
    a = resolver.ask("evilmanage.microsoft.com")
    lab.check("a name off the list is refused", a.rcode == "NXDOMAIN", a)
    counters = resolver.status()["resolver"]["counters"]
    lab.check("nothing is admitted to the cache of all clients",
              counters["admitted"] == 0 and counters["hit"] == 0, counters)
    resolver.stop()


with Lab("modules") as the_lab:
    answers_for_some(the_lab)
    answers_by_network(the_lab)
sys.exit(the_lab.finish())
