"""kill -9 of the agent, of Unbound and of both while a client asks and connects
through the ready rule set, barrier fail-closed: what it is told it reaches, at
once and later, and nothing else.
"""
import os
import random
import socket
import sys
import time

import dns.message

from checks import skip_all
from daemon import wait_until
from lab import Lab
from load import taken
from router import (
    ANY_SERVICE, POLICY, ROUTER4, UNBOUND, Network, case, connect, family_of,
    zone)

ROUNDS = int(os.environ.get("DNSPIN_ROUNDS", 0)) or (
    6 if os.environ.get("DNSPIN_QUICK") else 20)
FRESH = ROUNDS * 250  # names that may be asked for the first time
SEED = 20261122
PAUSE_S = 0.004  # between two questions
TTL_S = 60       # of all names
VICTIMS = ["agent", "unbound", "both"]
REFUSED = "Connection refused"


class Told:
    """What the client saw; in its process."""

    def __init__(self):
        self.reached = self.again = self.failed = self.unanswered = 0
        self.never = 0
        self.wrong = []  # (what, name or address, what happened, rcode)

    def expect(self, what, name, got, want):
        if got == want:
            return True
        self.wrong.append((what, name, got))
        return False


def ask(s, i):
    """True: told the address; None: no answer, or one without it."""
    name, rdtype, address = case(i)
    query = dns.message.make_query(name, rdtype).to_wire()
    try:
        s.send(query)
        while True:
            reply = s.recv(4096)
            if reply[:2] == query[:2]:
                break
    except OSError:  # nobody there, or no answer in time
        return None
    return socket.inet_pton(family_of(address), address) in reply or None


def visit(told, s, i, known):
    """Ask and connect at once."""
    if not ask(s, i):
        told.unanswered += 1
        return
    address = case(i)[2]
    told.reached += told.expect("told", address, connect(address, 443), None)
    known.append((i, time.monotonic()))


def visit_again(told, known, chance):
    """Connect without asking, while the answer's TTL lasts."""
    i, when = known[chance.randrange(len(known))]
    if time.monotonic() - when > TTL_S - 5:
        return
    address = case(i)[2]
    told.again += told.expect("still told", address, connect(address, 443),
                              None)


def client(stop):
    """Until the file is there."""
    told, known, chance, fresh = Told(), [], random.Random(SEED), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.5)
        s.connect((ROUTER4, 53))
        while not os.path.exists(stop):
            kind = chance.random()
            if kind < 0.5 and fresh < FRESH:
                visit(told, s, fresh, known)
                fresh += 1
            elif kind < 0.7 or not known:
                visit(told, s, chance.randint(0, fresh), known)
            elif kind < 0.9:
                visit_again(told, known, chance)
            else:
                address = f"23.120.{chance.randint(0, 255)}.1"
                told.never += told.expect("never told", address,
                                          connect(address, 443), REFUSED)
            time.sleep(PAUSE_S)
    return told


def one_round(net, resolver, number, chance):
    victim = VICTIMS[number % len(VICTIMS)]
    time.sleep(chance.uniform(0.3, 1.2))  # the random moment
    if victim in ("agent", "both"):
        net.agent.kill9()
    if victim in ("unbound", "both"):
        resolver.kill9()
    time.sleep(chance.uniform(0, 0.3))
    if not resolver.alive():
        resolver.start()
    if not net.agent.alive():
        net.agent.start()


def rounds(lab, net, resolver):
    stop = os.path.join(lab.work, "stop")
    chance = random.Random(SEED)
    net.start_agent(resolver)
    wait_until(lambda: taken(resolver), "the barrier in force")
    net.answers()
    net.client.begin(client, stop)
    for number in range(ROUNDS):
        one_round(net, resolver, number, chance)
    wait_until(lambda: resolver.ask(*ANY_SERVICE[:2]).rcode == "NOERROR",
               "answers with addresses", 20)
    with open(stop, "w", encoding="ascii"):
        pass
    told = net.client.end()
    lab.check(f"{ROUNDS} kills: nothing that was told is refused, nothing "
              "else passes", not told.wrong, told.wrong[:10])
    lab.check("most questions were answered, and some were not",
              told.reached > 10 * ROUNDS and told.unanswered > 0
              and told.again > ROUNDS and told.never > ROUNDS, vars(told))
    print(f"        {told.reached} told and reached, {told.again} again, "
          f"{told.unanswered} not told, {told.never} never told and refused")


with Lab("kill-router", extra=zone(FRESH)) as the_lab:
    if not the_lab.own_network:
        sys.exit(skip_all("kill-router", "no network namespace: it would "
                          "change the firewall of this machine"))
    the_net = Network(the_lab)
    try:
        the_resolver = the_lab.resolver(
            "router", zones=POLICY, address=ROUTER4, server_conf=UNBOUND,
            barrier="fail-closed", barrier_timeout=1000)
        the_net.load()
        rounds(the_lab, the_net, the_resolver)
    finally:
        the_net.close()
sys.exit(the_lab.finish())
