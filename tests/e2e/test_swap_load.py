"""Policies change under load: no wrong verdict after a change is reported done,
and none ever for a name of which both policies say the same; every change is
done within two seconds; a bad file changes nothing. How long the server falls
silent depends on who else uses the machine: `make bench` measures it. Fifty
thousand questions a second keep the machine busy, so here it is a few changes;
as many as one likes, by hand:

	make check TESTS=tests/e2e/test_swap_load.py DNSPIN_SWAPS=100
"""
import json
import os
import sys

from daemon import eventually
from lab import Lab
from load import POLICIES, ZONE, Load, change, put

SLOW = os.environ.get("DNSPIN_SANITIZER")
SWAPS = int(os.environ.get("DNSPIN_SWAPS")
            or (10 if os.environ.get("DNSPIN_QUICK") or SLOW else 20))
BAD_EVERY = 5  # swaps
ORDER = "ABABOABAO"  # of policies
RATE = 5000 if SLOW else 50000
NAMES = 2000  # of each kind
JUDGED = 200  # answers of each kind between two changes
WITHIN_S = 10.0 if SLOW else 2.0
VERSION_OFF = 8  # struct dp_policy_d


def other(letter):
    """What would give wrong verdicts in place of it."""
    return "A" if letter == "B" else "B"


def read_policy(resolver):
    with open(os.path.join(resolver.state, "policy"), "rb") as f:
        return f.read()


def bad_files(maker, key):
    """For each letter: files that would allow what it allows, and must not be
    taken."""
    files = {}
    for letter in "AB":
        text = POLICIES[letter]
        maker.dnspin("compile", "-F", "-", stdin=text)
        unsigned = read_policy(maker)
        maker.compile(text, sign_key=key)
        good = read_policy(maker)
        damaged, older = bytearray(good), bytearray(good)
        damaged[len(good) // 2] ^= 1
        older[VERSION_OFF] -= 1
        files[letter] = {
            "damaged": bytes(damaged), "truncated": good[:-1],
            "unsigned": unsigned, "of an older version": bytes(older)}
    return files


def in_force(resolver):
    """(digest, generation, what is wrong), as the resolver says."""
    told = json.loads(resolver.dnspin("status", "-f", "json", expect=None))
    told = told["resolver"]
    return told["digest"], told["generation"], told["trouble"]


class Changes:
    """One resolver under load, and what became of its changes."""

    def __init__(self, resolver, load, key):
        self._resolver, self._load, self._key = resolver, load, key
        self.letter = "A"  # of the policy in force
        self.seconds = []   # that each change took
        self.bad, self.untold, self.took = 0, [], []

    def swap(self, new):
        self.seconds.append(change(self._resolver, self._load, self.letter,
                                   new, sign_key=self._key))
        self._load.judged(JUDGED)
        self.letter = new

    def bad_file(self, files):
        """The load goes on under the policy that is in force."""
        files = files[other(self.letter)]
        what = list(files)[self.bad % len(files)]
        self.bad += 1
        digest, generation, _ = in_force(self._resolver)
        put(self._resolver, files[what])
        if not eventually(lambda: "stays in force"
                          in in_force(self._resolver)[2], 5):
            self.untold.append(what)
        self._load.judged(JUDGED)
        if in_force(self._resolver)[:2] != (digest, generation):
            self.took.append(what)


def change_all(lab, resolver, key, files, what):
    with Load(lab, resolver, RATE, NAMES) as load:
        changes = Changes(resolver, load, key)
        load.policy("A")
        load.judged(JUDGED)
        for number in range(1, SWAPS + 1):
            changes.swap(ORDER[number % len(ORDER)])
            if number % BAD_EVERY == 0:
                changes.bad_file(files)
        sums = load.finish()
    judge(lab, resolver, changes, load.windows, sums, what)
    with Load(lab, resolver, RATE, NAMES) as load:
        load.policy(other(changes.letter))
        load.judged(JUDGED)
        sums = load.finish()
    lab.check(f"{what}: a load that is told the wrong policy finds wrong "
              "verdicts", sums["wrong"] > JUDGED, sums)


def silence(windows):
    worst_ms = max(w["silence_us"] for w in windows) / 1000
    return f"{worst_ms:.1f} ms in {sum(w['seconds'] for w in windows):.0f} s"


def judge(lab, resolver, changes, windows, sums, what):
    print(f"        {what}: {sums['answers']} answers, {sums['rate']:.0f} a "
          f"second, {sums['lost']} lost; slowest change "
          f"{max(changes.seconds):.2f} s\n        longest silence "
          f"{silence(windows[2::2])} of changes, "
          f"{silence(windows[3::2])} between them", flush=True)
    lab.check(f"{what}: {SWAPS} changes, no wrong verdict",
              sums["wrong"] == 0, sums)
    lab.check(f"{what}: nothing but allowed and refused",
              sums["failed"] == 0, sums)
    lab.check(f"{what}: fewer than one question in 1000 without an answer",
              sums["lost"] * 1000 < sums["sent"], sums)
    lab.check(f"{what}: every change done within {WITHIN_S:.0f} s",
              max(changes.seconds) <= WITHIN_S, changes.seconds)
    lab.check(f"{what}: each of {changes.bad} bad files was reported",
              changes.bad > 0 and not changes.untold, changes.untold)
    lab.check(f"{what}: and changed nothing", not changes.took, changes.took)
    lab.check(f"{what}: the cache held nothing that is refused",
              resolver.status()["resolver"]["counters"]["leak"] == 0,
              resolver.status())
    lab.check(f"{what}: the server lives", resolver.alive())


with Lab("swap_load", extra=ZONE) as the_lab:
    the_key = os.path.join(the_lab.work, "key")
    the_maker = the_lab.resolver("maker", start=False, zones=[])
    the_maker.dnspin("keygen", the_key)
    the_files = bad_files(the_maker, the_key)
    for threads in (1, 4):
        the_resolver = the_lab.resolver(
            f"threads-{threads}", zones=POLICIES["A"], threads=threads,
            key=the_key + ".pub", sign_key=the_key,
            server_conf=["so-rcvbuf: 4m"])
        change_all(the_lab, the_resolver, the_key, the_files,
                   "1 thread" if threads == 1 else f"{threads} threads")
        the_resolver.stop()
sys.exit(the_lab.finish())
