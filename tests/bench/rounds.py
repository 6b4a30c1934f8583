"""Measuring servers in turns, and what came of it."""
import random
import re
import subprocess

from daemon import LabError
from results import spread
from workloads import WORKLOADS

WAITING = "100"  # questions under way
RIGHT = 0.99     # of the answers, at least


class Volley:
    """dnsperf on one server, and the time of the processor that it took."""

    def __init__(self, server, path, core, seconds, *, once=False):
        before = server.cpu_us()
        said = subprocess.run(
            ["taskset", "-c", core, "dnsperf", "-s", server.address, "-d",
             path, "-c", "4", "-q", WAITING, "-l", str(seconds),
             *(["-n", "1"] if once else [])], text=True, capture_output=True,
            check=True).stdout
        self.cpu_us = server.cpu_us() - before
        self._said = said
        self.answers = self._number(r"Queries completed: +(\d+)")
        self.seconds = self._number(r"Run time \(s\): +([\d.]+)", float)
        if not self.answers:
            raise LabError(f"{server.label}: no answers\n{said}")
        server.tidy()

    def _number(self, pattern, kind=int):
        found = re.search(pattern, self._said)
        return kind(found[1]) if found else 0

    def must_hit(self, server, hits):
        """All were judged from the cache, or what costs is not measured."""
        if hits is not None and server.hits() - hits < RIGHT * self.answers:
            raise LabError(f"{server.label}: {server.hits() - hits} hits in "
                           f"{self.answers} answers")

    def must_say(self, server, rcode):
        """A server that answers otherwise is not measured."""
        count = self._number(rf"\b{rcode} (\d+)")
        if count < RIGHT * self.answers:
            raise LabError(f"{server.label}: {count} of {self.answers} answers "
                           f"are {rcode}\n{self._said}")

    @property
    def us(self):
        return self.cpu_us / self.answers


class Figures:
    """Of one workload and list: us an answer, by server and round."""

    def __init__(self, workload, rules, servers):
        self.workload, self.rules = workload, rules
        self._names = [server.name for server in servers]
        self.us = {name: [] for name in self._names}
        self.answers = dict.fromkeys(self._names, 0)

    def add(self, name, volley):
        self.us[name].append(volley.us)
        self.answers[name] += volley.answers

    def records(self):
        for name in self._names:
            us = self.us[name]
            yield {"server": name, "workload": self.workload,
                   "rules": self.rules, "answers": self.answers[name],
                   "us": [round(t, 4) for t in us],
                   **spread(a / b for a, b in zip(us, self.us["plain"]))}


def measure(servers, rules, workload, form, say):
    """Rounds in which each server has one turn, in another order each."""
    figures = Figures(workload, rules.count, servers)
    once = workload in ("W3", "W3t")
    for turn in range(form.rounds + 1):
        path = rules.write_questions(form.folder, workload, turn)
        for server in random.sample(servers, len(servers)):
            say(f"{rules.count} rules, {workload}, "
                f"{f'round {turn} of {form.rounds}' if turn else 'warm'}: "
                f"{server.name}")
            hits = server.hits()
            # The first fills the caches.
            volley = Volley(
                server, path, form.core,
                form.warm_s if not turn and not once else form.seconds,
                once=once or not turn)
            wanted = WORKLOADS[workload][1] if server.denies else "NOERROR"
            volley.must_say(server, wanted)
            if turn and workload in ("W1", "W1s"):
                volley.must_hit(server, hits)
            if turn:
                figures.add(server.name, volley)
    return figures
