"""The ready rule set on a router: what clients resolved passes, all else does
not, and DNS goes nowhere but to the resolver of the router.
"""
import json
import os
import signal
import statistics
import sys

from daemon import eventually, wait_until
from kernel import held
from lab import Lab
from load import taken
from router import (
    ANY_SERVICE, POLICY, ROUTER4, UNBOUND, Network, case, connect, connects,
    first_connects, keep_open, question, run, still_open, zone)

EARLY = 40  # names that are resolved before the sets are loaded
LATE = 10   # after
CUT = os.environ.get("DNSPIN_QUICK") or os.environ.get("DNSPIN_SANITIZER")
FRESH = 500 if CUT else 5000  # with the agent and no barrier; as many with it
ELSEWHERE4, ELSEWHERE6 = "23.111.0.53", "2620:1ec:ff::53"  # no DNS there
REFUSED = "Connection refused"


def counter(name):
    done = run("nft", "-j", "list", "counter", "inet", "dnspin", name)
    return json.loads(done)["nftables"][1]["counter"]["packets"]


def rules_are_loaded(lab, net):
    address = case(0)[2]
    lab.check("without the rules everything passes",
              net.client.call(connect, address, 443) is None)
    net.load()
    lab.check("with the rules nothing that nobody resolved",
              net.client.call(connect, address, 443) == REFUSED)
    lab.check("nft -c takes them as they are", run(
        "nft", "-c", "-f", net.rules) == "")


def resolved_then_loaded(lab, net, resolver):
    for name, rdtype, address in [*map(case, range(EARLY)), ANY_SERVICE]:
        told = net.client.call(question, ROUTER4, name, rdtype)
        lab.check(f"{name} resolves", told == ("NOERROR", [address]), told)
    run("nft", "-f", "-", text=resolver.dnspin("export", "-f", "nft"))
    there = [case(i)[2] for i in range(EARLY)]
    told = net.client.call(connects, [(a, 443) for a in there])
    lab.check(f"{EARLY} addresses that were resolved and loaded pass",
              told == [None] * EARLY, told)
    told = net.client.call(connects, [(a, 8443) for a in there[:4]])
    lab.check("at the port of the rule only", told == [REFUSED] * 4, told)
    told = net.client.call(connect, ANY_SERVICE[2], 8443)
    lab.check("a rule without services is for all ports", told is None, told)
    failed, _ = net.client.call(
        first_connects, [case(EARLY + i) for i in range(LATE)])
    lab.check("what is resolved later does not before it is loaded",
              [why for _, why in failed] == [REFUSED] * LATE, failed)


def never_resolved(lab, net):
    """Addresses that the server has, and that nobody asked for."""
    first = counter("refused")
    targets = [(f"23.120.{i}.1", 443) for i in range(50)]
    targets += [(f"2620:1ec:e::{i:x}", 443) for i in range(50)]
    told = net.client.call(connects, targets)
    lab.check("100 addresses that nobody resolved are refused",
              told == [REFUSED] * 100, told)
    lab.check("and counted", counter("refused") == first + 100,
              counter("refused") - first)


def dns_elsewhere(lab, net):
    name, rdtype, address = case(1)
    for server in (ELSEWHERE4, ELSEWHERE6):
        for tcp in (False, True):
            what = f"DNS to {server} by {'TCP' if tcp else 'UDP'}"
            told = net.client.call(question, server, name, rdtype, tcp)
            lab.check(f"{what} is answered by the resolver",
                      told == ("NOERROR", [address]), told)
            told = net.client.call(question, server, "off.example", "A", tcp)
            lab.check(f"{what}: off-list names are not",
                      told == ("NXDOMAIN", []), told)
    lab.check("and is counted", counter("dns_redirected") >= 8)


def encrypted_dns(lab, net):
    address = ANY_SERVICE[2]
    told = net.client.call(connect, address, 853)
    lab.check("DNS over TLS is refused where all ports are open",
              told == REFUSED, told)
    net.client.call(keep_open, address, 443)
    run("nft", "add", "element", "inet", "dnspin", "doh4", f"{{ {address} }}")
    told = net.client.call(connect, address, 443)
    lab.check("a server of DNS over HTTPS is refused though it was resolved",
              told == REFUSED, told)
    lab.check("and so is what is open to it",
              not net.client.call(still_open, address))
    net.load()
    lab.check("loading the rules again keeps it refused",
              net.client.call(connect, address, 443) == REFUSED)
    run("nft", "delete", "element", "inet", "dnspin", "doh4",
        f"{{ {address} }}")
    lab.check("taken from the set, it passes again",
              net.client.call(connect, address, 443) is None)
    lab.check("both are counted", counter("dns_refused") >= 1
              and counter("doh_refused") >= 3)


def loaded_again(lab, net):
    address = case(2)[2]
    net.client.call(keep_open, address, 443)
    before, rules = held(), run("nft", "-s", "list", "table", "inet",
                                    "dnspin")
    net.load()
    lab.check(f"loading again keeps all {len(before)} elements",
              len(before) > EARLY and held() == before)
    lab.check("and makes no rule twice", rules.count("@allowed4 ") == 1
              and run("nft", "-s", "list", "table", "inet", "dnspin").count(
                  "\n") == rules.count("\n"))
    lab.check("open connections stay",
              net.client.call(still_open, address))
    for name in ("allowed4", "allowed6", "allowed4_any", "allowed6_any"):
        run("nft", "flush", "set", "inet", "dnspin", name)
    lab.check("also when their elements are gone",
              net.client.call(still_open, address))
    lab.check("while new ones are refused",
              net.client.call(connect, address, 443) == REFUSED)


def other_clients(lab, net):
    """Clients outside the prefixes are left alone."""
    net.load(lambda text: text.replace("{ 0.0.0.0/0 }", "{ 10.20.0.128/25 }"))
    lab.check("who is not meant passes",
              net.client.call(connect, "23.120.1.1", 443) is None)
    lab.check("the other family stays as it was", net.client.call(
        connect, "2620:1ec:e::1", 443) == REFUSED)
    net.load()
    lab.check("until the prefix holds him",
              net.client.call(connect, "23.120.1.1", 443) == REFUSED)


def agent_follows(lab, net, resolver):
    """It fills sets that somebody emptied, under these rules."""
    bindings = [b["address"] for b in resolver.bindings()]
    net.start_agent(resolver)
    lab.check("an agent that starts fills the sets", eventually(
        lambda: len(held()) == len(bindings), 10),
        (len(held()), net.agent.log_tail()))
    net.load()
    lab.check("the rules load beside it", len(held()) == len(bindings))
    run("nft", "flush", "ruleset")
    net.load()
    lab.check("after flush ruleset it fills the sets again", eventually(
        lambda: len(held()) == len(bindings), 3), len(held()))
    told = net.client.call(connects, [(a, 443) for a in bindings])
    lab.check(f"all {len(bindings)} addresses pass",
              told == [None] * len(bindings), told)


def fresh(net, first):
    failed, times = net.client.call(
        first_connects, [case(first + i) for i in range(FRESH)])
    cuts = statistics.quantiles(times, n=100)
    print(f"        answers: median {statistics.median(times) * 1000:.2f} ms, "
          f"99 % within {cuts[98] * 1000:.2f} ms")
    return failed


def barrier_is_off(lab, net):
    failed = fresh(net, EARLY + LATE)
    print(f"        barrier off: {len(failed)} of {FRESH} first connects "
          "failed", flush=True)
    lab.check("without a barrier all are answered and none but first "
              "connects fail", {why for _, why in failed} <= {REFUSED}, failed)


def barrier_is_on(lab, net, resolver):
    # An agent that others keep from the processor is late, not wrong.
    resolver.compile(POLICY, barrier="fail-closed", barrier_timeout=1500)
    wait_until(lambda: taken(resolver), "the barrier in force")
    net.answers()
    failed = fresh(net, EARLY + LATE + FRESH)
    lab.check(f"with the barrier {FRESH} of {FRESH} first connects to fresh "
              "names succeed", not failed, (len(failed), failed[:5]))
    counters = resolver.status()["resolver"]["counters"]
    lab.check("their answers waited for the firewall",
              counters["held"] >= FRESH / 2 and counters["withheld"] == 0,
              counters)
    never_resolved(lab, net)


def agent_is_dead(lab, net, resolver):
    """What was open stays, what is new is not answered."""
    net.stop_agent(sig=signal.SIGKILL)
    lab.check("without an agent known addresses pass",
              net.client.call(connect, case(0)[2], 443) is None)
    name, rdtype, address = case(EARLY + LATE + 2 * FRESH)
    told = net.client.call(question, ROUTER4, name, rdtype)
    lab.check("and fresh names are SERVFAIL", told == ("SERVFAIL", []), told)
    net.start_agent(resolver)
    lab.check("until there is one again", eventually(
        lambda: net.client.call(question, ROUTER4, name, rdtype)
        == ("NOERROR", [address]), 10))
    lab.check("and the first connect succeeds",
              net.client.call(connect, address, 443) is None)


with Lab("router", extra=zone(EARLY + LATE + 2 * FRESH + 1)) as the_lab:
    if not the_lab.own_network:
        the_lab.skip("all", "no network namespace: it would change the "
                     "firewall of this machine")
        sys.exit(the_lab.finish())
    the_net = Network(the_lab)
    try:
        the_resolver = the_lab.resolver(
            "router", zones=POLICY, address=ROUTER4, server_conf=UNBOUND)
        rules_are_loaded(the_lab, the_net)
        resolved_then_loaded(the_lab, the_net, the_resolver)
        never_resolved(the_lab, the_net)
        dns_elsewhere(the_lab, the_net)
        encrypted_dns(the_lab, the_net)
        loaded_again(the_lab, the_net)
        other_clients(the_lab, the_net)
        agent_follows(the_lab, the_net, the_resolver)
        barrier_is_off(the_lab, the_net)
        barrier_is_on(the_lab, the_net, the_resolver)
        agent_is_dead(the_lab, the_net, the_resolver)
    finally:
        the_net.close()
sys.exit(the_lab.finish())
