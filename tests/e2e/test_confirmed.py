"""The barrier with dnspin sync itself: when an answer is given, its address is
in the kernel, whatever happens to table, agent and resolver meanwhile.
"""
import itertools
import shutil
import signal
import sys

from agents import SyncAgent
from checks import skip_all
from crowd import POLICY, address_of, name_of, zone
from daemon import wait_until
from kernel import nft
from lab import Lab

NAMES = 1000
TIMEOUT_MS = 1500  # on a busy machine the agent is late, not wrong
FRESH = itertools.count()


def is_there(address):
    return bool(nft("get", "element", "inet", "dnspin", "allowed4",
                    f"{{ {address} . tcp . 443 }}"))


def is_given(answer, i):
    return answer.rcode == "NOERROR" and answer.addresses == [address_of(i)]


def is_withheld(answer):
    return answer.rcode == "SERVFAIL" and not answer.rrs and \
        [code for code, _ in answer.ede] == [14]


def given(lab, resolver, what, count=20):
    """All are answered, and what is answered is in the kernel by then."""
    wrong = []
    for i in itertools.islice(FRESH, count):
        answer = resolver.ask(name_of(i))
        if not is_given(answer, i) or not is_there(address_of(i)):
            wrong.append(f"{answer}, in the kernel: "
                         f"{is_there(address_of(i))}")
    lab.check(f"{what}: {count} of {count} answers are in the kernel",
              not wrong, wrong[:3])


def withheld(lab, resolver, what):
    i = next(FRESH)
    answer = resolver.ask(name_of(i))
    lab.check(f"{what}: what is not in the kernel is withheld",
              is_withheld(answer) and not is_there(address_of(i)), answer)
    return i


def back(resolver, i):
    """Until the name that was withheld is given."""
    wait_until(lambda: is_given(resolver.ask(name_of(i)), i), "an answer")


def by_hand(lab, resolver):
    """What else changes the table takes away what is asked next, too."""
    for words in ("flush set inet dnspin allowed4", "flush table inet dnspin",
                  "delete table inet dnspin", "flush ruleset"):
        nft(*words.split())
        given(lab, resolver, f"after {words}", 5)


def agents_come_and_go(lab, resolver, agent):
    with agent.stopped():
        i = withheld(lab, resolver, "an agent that does not move")
    back(resolver, i)
    given(lab, resolver, "when it moves again")
    for sig in (signal.SIGKILL, signal.SIGTERM):
        agent.stop(sig)
        i = withheld(lab, resolver, f"after {sig.name}")
        agent.start()
        back(resolver, i)
        given(lab, resolver, "the next agent")


def resolver_restarts(lab, resolver):
    resolver.restart()
    back(resolver, next(FRESH))
    given(lab, resolver, "after a restart of the resolver")


def main():
    with Lab("confirmed", extra=zone(NAMES, lambda i: 3600)) as lab:
        if not lab.own_network:
            lab.skip("kernel", "it would be the machine's own rules")
            return lab.finish()
        resolver = lab.resolver(zones=POLICY, mode="strict",
                                barrier="fail-closed",
                                barrier_timeout=TIMEOUT_MS)
        agent = SyncAgent(lab, resolver).start()
        back(resolver, next(FRESH))
        given(lab, resolver, "fresh names", 100)
        by_hand(lab, resolver)
        agents_come_and_go(lab, resolver, agent)
        resolver_restarts(lab, resolver)
        lab.check("the agent ends in good order", agent.stop() == 0,
                  agent.log_tail())
    return lab.finish()


if not shutil.which("nft"):
    sys.exit(skip_all("confirmed", "nft is not installed"))
sys.exit(main())
