"""kill -9 of Unbound at random moments under load: the map opens each time and
holds nothing but the truth; after a restart all bindings are still there.
"""
import os
import random
import subprocess
import sys
import time

from lab import Lab

SLOW = os.environ.get("DNSPIN_SANITIZER")
ROUNDS = 5 if os.environ.get("DNSPIN_QUICK") else 10 if SLOW else 50
CHUNK = 1200  # names that are new to the map in each round
NAMES = ROUNDS * CHUNK
RATE = 3000  # questions a second: the kill comes while new ones go in
SEED = 20260801
DOMAIN = "load.windows.net"

POLICY = f"""$ORIGIN kill.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.{DOMAIN} TXT "allow" "tcp/443"
"""


def address_of(i):
    return f"23.96.{i // 250}.{i % 250 + 1}"


def load_zone():
    """Each name has an address of its own, so that a mixed-up binding shows."""
    return "".join(f"h{i}.load 60 A {address_of(i)}\n" for i in range(NAMES))


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


def read(lab, resolver, truth, when):
    """The bindings of the map; each must be true."""
    bindings = resolver.bindings()
    false = [b for b in bindings
             if truth.get(b["name"].rstrip(".")) != b["address"]
             or b["final"].rstrip(".") != b["name"].rstrip(".")
             or b["last_seen"] < b["first_seen"]
             or not b["first_seen"] <= time.time() + 1]
    if false:
        lab.check(f"{when}: nothing but the truth", False, false[:3])
    return {(b["name"], b["address"]) for b in bindings}


def rounds(lab, resolver, truth, chance):
    known, lost, killed = set(), [], 0
    for number in range(ROUNDS):
        resolver.start()
        before = read(lab, resolver, truth, f"round {number}, started")
        if not known <= before:
            lost.append((number, sorted(known - before)[:3]))
        load = dnsperf(resolver, questions_of(lab, number, chance))
        try:
            time.sleep(chance.uniform(0.02, 0.6))  # the random moment
            answered = f"h{(number + 1) * CHUNK - 1}.{DOMAIN}"
            resolver.ask(answered)
            killed += resolver.kill9() == -9
        finally:
            load.kill()
            load.wait()
        # What was readable once must be readable ever after.
        known = read(lab, resolver, truth, f"round {number}, killed")
        if not before <= known or not [n for n, _ in known
                                       if n.rstrip(".") == answered]:
            lost.append((number, answered, sorted(before - known)[:3]))
    lab.check(f"{ROUNDS} kills under load were kills", killed == ROUNDS,
              killed)
    lab.check("no round found a false binding", lab.failed == 0)
    lab.check("no round lost a binding, nor one whose answer was out",
              not lost, lost[:3])
    lab.check("bindings were made meanwhile", len(known) > NAMES // 20,
              len(known))
    return known


with Lab("kill", extra={"windows.net.": load_zone()}) as the_lab:
    the_chance = random.Random(SEED)
    the_truth = {f"h{i}.{DOMAIN}": address_of(i) for i in range(NAMES)}
    the_resolver = the_lab.resolver(
        zones=POLICY, mode="strict", threads=2, start=False,
        min_lifetime=3600)  # longer than this test takes
    the_known = rounds(the_lab, the_resolver, the_truth, the_chance)
    the_resolver.start()
    there = read(the_lab, the_resolver, the_truth, "at the end")
    the_lab.check("after the last restart all are there", the_known <= there,
                  len(the_known - there))
    the_answer = the_resolver.ask(f"h1.{DOMAIN}")
    the_lab.check("and it answers", the_answer.addresses == [address_of(1)],
                  the_answer)
    the_map = the_resolver.status()["map"]
    print(f"        {len(there)} bindings, seed {SEED}, map {the_map}")
    the_lab.check("no unusable map was set aside", not [
        f for f in os.listdir(os.path.join(the_resolver.state, "unbound"))
        if ".bad" in f])
sys.exit(the_lab.finish())
