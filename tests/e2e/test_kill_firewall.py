"""kill -9 of the agent, of Unbound and of both at random moments under load:
when both run again, the kernel's sets are what the map says within two seconds.
"""
import os
import random
import shutil
import statistics
import sys
import time

from agents import SyncAgent
from checks import skip_all
from crowd import POLICY, Dnsperf, fresh_and_known, questions, zone
from daemon import eventually, wait_until
from kernel import END_S, Truth
from lab import Lab

ROUNDS = int(os.environ.get("DNSPIN_ROUNDS", 0)) or (
    6 if os.environ.get("DNSPIN_QUICK") else 20)
CHUNK = 300  # names that are new to the map in each round
NAMES = ROUNDS * CHUNK
RATE = 2000  # questions a second
SEED = 20261122
BRIEF_S = 8  # the life of nine bindings in ten: some end in each round
VICTIMS = ["agent", "unbound", "both"]


def life_s(i):
    return BRIEF_S if i % 10 else 3600


def kill(victim, agent, resolver):
    killed = []
    if victim in ("agent", "both"):
        killed.append(agent.kill9())
    if victim in ("unbound", "both"):
        killed.append(resolver.kill9())
    return all(status == -9 for status in killed)


def one_round(lab, agent, resolver, truth, number, chance):
    """The seconds until a comparison found all equal, its own time included;
    None: none did that began in time."""
    victim = VICTIMS[number % len(VICTIMS)]
    asked = questions(lab, fresh_and_known(number * CHUNK, CHUNK, chance))
    with Dnsperf(resolver, asked, RATE, "-l", "20"):
        time.sleep(chance.uniform(0.02, 0.6))  # the random moment
        if not kill(victim, agent, resolver):
            lab.check(f"round {number}: {victim} was killed", False)
    if not resolver.alive():
        resolver.start()
    if not agent.alive():
        agent.start()
    begin = time.monotonic()
    if eventually(truth.equal, END_S):
        return victim, time.monotonic() - begin
    lab.check(f"round {number}: equal after the death of {victim}", False,
              f"{truth}; {agent.log_text()[-500:]}")
    return victim, None


def rounds(lab, agent, resolver):
    truth, chance = Truth(resolver), random.Random(SEED)
    took = {victim: [] for victim in VICTIMS}
    resolver.start()
    agent.start()
    wait_until(truth.equal, "the first sets", 10, agent.alive)
    for number in range(ROUNDS):
        victim, seconds = one_round(lab, agent, resolver, truth, number,
                                    chance)
        if seconds is not None:
            took[victim].append(seconds)
    lab.check(f"{ROUNDS} kills under load: equal to who begins to compare "
              f"within {END_S:.0f} s",
              sum(map(len, took.values())) == ROUNDS, took)
    lab.check("bindings were made meanwhile", len(truth.ends) > NAMES // 20,
              len(truth.ends))
    wait_until(lambda: all(b["expires"] > time.time() + BRIEF_S
                           for b in resolver.bindings()),
               "the brief bindings end", BRIEF_S + 5)
    lab.check("equal when the brief ones have ended",
              eventually(truth.equal, END_S), truth)
    for victim, seconds in took.items():
        if seconds:
            print(f"        {victim}: median {statistics.median(seconds):.2f} "
                  f"s, longest {max(seconds):.2f} s of {len(seconds)}")
    lab.check("the agent ends in good order", agent.stop() == 0,
              agent.log_text()[-500:])


if not shutil.which("nft"):
    sys.exit(skip_all("kill-firewall", "nft is not installed"))
with Lab("kill-firewall", extra=zone(NAMES, life_s)) as the_lab:
    if the_lab.own_network:
        the_resolver = the_lab.resolver(
            zones=POLICY, mode="strict", threads=2, start=False, grace=0,
            min_lifetime=BRIEF_S)
        rounds(the_lab, SyncAgent(the_lab, the_resolver), the_resolver)
    else:
        the_lab.skip("kernel and map", "it would be the machine's own rules")
sys.exit(the_lab.finish())
