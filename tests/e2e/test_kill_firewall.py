"""kill -9 of the agent, of Unbound and of both at random moments under load:
when both run again, the kernel's sets are what the map says within two seconds.
"""
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

from checks import skip_all
from daemon import Daemon, eventually, wait_until
from lab import Lab

ROUNDS = int(os.environ.get("DNSPIN_ROUNDS", 0)) or (
    6 if os.environ.get("DNSPIN_QUICK") else 20)
CHUNK = 300  # names that are new to the map in each round
NAMES = ROUNDS * CHUNK
RATE = 2000  # questions a second
SEED = 20261122
LIMIT_S = 2.0
BRIEF_S = 8  # the life of nine bindings in ten: some end in each round
DOMAIN = "load.windows.net"
VICTIMS = ["agent", "unbound", "both"]

POLICY = f"""$ORIGIN kill.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.{DOMAIN} TXT "allow" "tcp/443"
"""


def address_of(i):
    return f"23.96.{i // 250}.{i % 250 + 1}"


def load_zone():
    return "".join(f"h{i}.load {BRIEF_S if i % 10 else 3600} "
                   f"A {address_of(i)}\n" for i in range(NAMES))


class Agent:
    """dnspin sync, in the network namespace of this test."""

    def __init__(self, lab, resolver):
        self._lab, self._resolver = lab, resolver
        self._daemon = None
        self.log = os.path.join(lab.work, "sync.log")

    def start(self):
        self._daemon = Daemon(
            self._lab.guard, "dnspin sync",
            [self._lab.tree.dnspin, "-C", self._lab.tree.conf,
             "-d", self._resolver.state, "sync"], self.log)

    def alive(self):
        return self._daemon is not None and self._daemon.alive()

    def kill9(self):
        return self._daemon.stop(9)

    def stop(self):
        return self._daemon.stop()

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()


class Truth:
    """The map against the kernel."""

    def __init__(self, resolver):
        self._resolver = resolver
        self.ends = {}  # of every address that was ever in the map
        self.missing, self.left = set(), set()

    def equal(self):
        """A binding that has just ended may be there still, while the agent's
        next pass is due; nothing else may, and none may be missing."""
        told = {b["address"]: b["expires"] for b in self._resolver.bindings()}
        self.ends.update(told)
        begin = time.time()
        held = kernel()
        end = time.time()
        self.missing = {a for a, e in told.items() if e > end} - held
        self.left = {a for a in held if self.ends.get(a, 0) < begin - LIMIT_S}
        return not self.missing and not self.left


def kernel():
    """The addresses of allowed4, all with tcp . 443."""
    done = subprocess.run(["nft", "-j", "list", "set", "inet", "dnspin",
                           "allowed4"], check=False, capture_output=True,
                          text=True)
    if done.returncode != 0:
        return set()
    held = set()
    for item in json.loads(done.stdout)["nftables"]:
        for e in item.get("set", {}).get("elem", []):
            address, protocol, port = e["elem"]["val"]["concat"]
            held.add(address if (protocol, port) == ("tcp", 443) else str(e))
    return held


def questions_of(lab, number, chance):
    """New names, and as many known ones in between."""
    path = os.path.join(lab.work, "questions")
    first = number * CHUNK
    with open(path, "w", encoding="ascii") as f:
        for i in range(first, first + CHUNK):
            f.write(f"h{i}.{DOMAIN} A\nh{chance.randint(0, i)}.{DOMAIN} A\n")
    return path


def dnsperf(resolver, questions):
    return subprocess.Popen(
        ["dnsperf", "-s", resolver.address, "-p", str(resolver.port),
         "-d", questions, "-c", "4", "-l", "20", "-Q", str(RATE)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


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
    load = dnsperf(resolver, questions_of(lab, number, chance))
    try:
        time.sleep(chance.uniform(0.02, 0.6))  # the random moment
        if not kill(victim, agent, resolver):
            lab.check(f"round {number}: {victim} was killed", False)
    finally:
        load.kill()
        load.wait()
    if not resolver.alive():
        resolver.start()
    if not agent.alive():
        agent.start()
    begin = time.monotonic()
    if eventually(truth.equal, LIMIT_S):
        return victim, time.monotonic() - begin
    lab.check(f"round {number}: equal after the death of {victim}", False,
              (sorted(truth.missing)[:3], sorted(truth.left)[:3],
               agent.log_text()[-500:]))
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
              f"within {LIMIT_S:.0f} s",
              sum(map(len, took.values())) == ROUNDS, took)
    lab.check("bindings were made meanwhile", len(truth.ends) > NAMES // 20,
              len(truth.ends))
    wait_until(lambda: all(b["expires"] > time.time() + BRIEF_S
                           for b in resolver.bindings()),
               "the brief bindings end", BRIEF_S + 5)
    lab.check("equal when the brief ones have ended",
              eventually(truth.equal, LIMIT_S), (truth.missing, truth.left))
    for victim, seconds in took.items():
        if seconds:
            print(f"        {victim}: median {statistics.median(seconds):.2f} "
                  f"s, longest {max(seconds):.2f} s of {len(seconds)}")
    lab.check("the agent ends in good order", agent.stop() == 0,
              agent.log_text()[-500:])


if not shutil.which("nft"):
    sys.exit(skip_all("kill-firewall", "nft is not installed"))
with Lab("kill-firewall", extra={"windows.net.": load_zone()}) as the_lab:
    if the_lab.own_network:
        the_resolver = the_lab.resolver(
            zones=POLICY, mode="strict", threads=2, start=False, grace=0,
            min_lifetime=BRIEF_S)
        rounds(the_lab, Agent(the_lab, the_resolver), the_resolver)
    else:
        the_lab.skip("kernel and map", "it would be the machine's own rules")
sys.exit(the_lab.finish())
