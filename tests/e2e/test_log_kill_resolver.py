"""kill -9 of Unbound at random moments under load, beside two loggers: what a
client was answered is in both logs, and the rings go on where they were.
"""
import collections
import os
import random
import subprocess
import sys
import time

from asker import Asker
from crowd import DOMAIN, POLICY
from daemon import wait_until
from lab import Lab
from logs import Logger, faults, lines, of_kind, turned

KILLS = int(os.environ.get("DNSPIN_LOG_KILLS", "20"))
RATE = 1500
SEED = 9
ZONE = {"windows.net.": "*.load 60 A 23.96.0.1\n"}


def keys(lab):
    path = os.path.join(lab.work, "key")
    subprocess.run([lab.tree.dnspin, "keygen", path], check=True,
                   stdout=subprocess.DEVNULL)
    return path


def logger(lab, resolver, name, *options):
    path = os.path.join(lab.work, name + ".json")
    return path, Logger(lab, resolver.state, "-O", path, "-s", "16M",
                        *options).start()


def kill_it(resolver, asker):
    """Each time it has answered, at a moment that nobody knows."""
    chance, killed = random.Random(SEED), 0
    for _ in range(KILLS):
        resolver.start()
        before = asker.answers.total()
        wait_until(lambda: asker.answers.total() > before, "an answer",
                   alive=asker.is_alive)
        time.sleep(chance.uniform(0, 0.3))  # the random moment
        killed += resolver.kill9() == -9
    return killed


def rings_of(paths):
    """The ids of the files that each ring had."""
    ids = collections.defaultdict(set)
    for line in (line for path in paths for line in of_kind(path, "state")):
        for at in line["dnspin"]["positions"]:
            ids[at["ring"]].add(at["id"])
    return ids


def compare(lab, name, path, asker):
    """The log with what the clients saw."""
    paths = turned(path)
    anew = [line for p in paths for line in lines(p)
            if line.get("dnspin", {}).get("anew")]
    lab.check(f"{name}: no ring began anew", not anew, anew[:2])
    wrong, events, lost = faults(paths)
    lab.check(f"{name}: numbers go on over all restarts", not wrong, wrong[:2])
    told = collections.Counter(e["dns"]["question"]["name"]
                               for p in paths for e in of_kind(p))
    missing = asker.answers - told
    lab.check(f"{name}: each answer is an event, or in a declared gap",
              missing.total() <= lost and events > KILLS,
              (missing.total(), lost, list(missing)[:3]))
    false = told - asker.sent
    lab.check(f"{name}: none is there twice or made up", not false,
              list(false.items())[:3])
    print(f"        {name}: {events} events, {asker.answers.total()} answers "
          f"for {asker.sent.total()} questions, {lost} lost, "
          f"{missing.total()} answers among them")
    return paths


def run(lab):
    resolver = lab.resolver(zones=POLICY, mode="strict", threads=2)
    key = keys(lab)
    plain, plain_logger = logger(lab, resolver, "plain")
    sealed, sealed_logger = logger(lab, resolver, "sealed", "-k", key)
    resolver.kill9()
    asker = Asker(resolver, DOMAIN, RATE)
    asker.start()
    killed = kill_it(resolver, asker)
    asker.finish()
    lab.check(f"{KILLS} kills were kills", killed == KILLS, killed)
    lab.check("both loggers run on", plain_logger.stop() == 0 and
              sealed_logger.stop() == 0, plain_logger.said())
    ids = rings_of(compare(lab, "plain", plain, asker))
    # The kernel may give all questions to one thread.
    lab.check("each start continued the rings of the one before",
              ids and all(len(i) == 1 for i in ids.values()), ids)
    paths = compare(lab, "sealed", sealed, asker)
    done = subprocess.run([lab.tree.dnspin, "verify", "-k", key + ".pub",
                           *paths], capture_output=True, text=True,
                          check=False)
    lab.check("sealed: verify says that it is intact", done.returncode == 0,
              done)


with Lab("log-kill-resolver", extra=ZONE) as the_lab:
    run(the_lab)
sys.exit(the_lab.finish())
