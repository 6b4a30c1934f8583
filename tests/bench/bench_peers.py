"""What does it cost that every question is judged, beside those who do it too?

	tests/bench/bench_peers.py [-q] [-r ROUNDS] [-s SECONDS]
		[-l RULES,...] [-p SERVER,...] [-w WORKLOAD,...]
		[-o FILE] [-c OLD] [-i FILE]

dnspin-bench(7) tells what is measured, how, and what the figures do not say.
"""
import argparse
import os
import sys

from lab import Lab
from life import Life
from peers import PEERS
from results import Results
from rounds import measure
from server import program, start_authority
from workloads import WORKLOADS, Rules

FULL = {"rounds": 7, "seconds": 3.0, "changes": 5,
        "rules": [200, 100000, 1000000]}
QUICK = {"rounds": 5, "seconds": 0.25, "changes": 1, "rules": [200, 100000]}
QUICK_PAIRS = {"W1": [200], "W1s": [100000], "W2": [200, 100000], "W3": [200],
               "W3t": []}
WARM_S = 60  # in which every question of a file was asked, at the latest


class Progress:
    """What is going on, in one line that changes where there is a terminal,
    else a line for each list."""

    def __init__(self):
        self._shows = sys.stderr.isatty()

    def say(self, text):
        if self._shows:
            sys.stderr.write(f"\r\033[K{text[:79]}")
            sys.stderr.flush()

    def note(self, text):
        self.say("")
        print(text, file=sys.stderr, flush=True)


class Form:
    """What is measured how long, by the command line."""

    def __init__(self, options):
        preset = QUICK if options.quick else FULL
        self.quick = options.quick
        self.rounds = options.rounds or preset["rounds"]
        self.seconds = options.seconds or preset["seconds"]
        self.rules = options.rules or preset["rules"]
        self.names = options.servers or list(PEERS)
        self.only = options.workloads
        self.warm_s = WARM_S
        self.changes = 0 if self.only else preset["changes"]
        self.folder = None
        self.own, *others = sorted(os.sched_getaffinity(0))
        self.others = others or [self.own]
        self.core = ",".join(map(str, self.others))
        if "plain" not in self.names:
            self.names.insert(0, "plain")

    def leave_out(self, progress):
        """What is not installed."""
        for needed in ("dnsperf", "nsd"):
            if not program(needed):
                sys.exit(f"bench_peers: {needed} is not installed")
        for name in self.names[:]:
            missing = [p for p in PEERS[name].programs if not program(p)]
            if missing:
                progress.note(f"{name} is left out: {missing[0]} is not "
                              "installed")
                self.names.remove(name)

    def workloads(self, rules):
        if self.only:
            return [w for w in self.only if rules.has(w)]
        return [w for w in WORKLOADS if rules.has(w) and not (
            self.quick and rules.count in QUICK["rules"] and
            rules.count not in QUICK_PAIRS[w])]


def parse():
    parser = argparse.ArgumentParser(
        prog="bench_peers.py", description="Measure dnspin beside others; "
        "see dnspin-bench(7).")
    parser.add_argument("-q", dest="quick", action="store_true",
                        help="the form of two minutes: fewer rounds, no list "
                        "of a million")
    parser.add_argument("-r", dest="rounds", type=int, metavar="ROUNDS")
    parser.add_argument("-s", dest="seconds", type=float, metavar="SECONDS",
                        help="of each turn")
    parser.add_argument("-l", dest="rules", metavar="RULES,...",
                        type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("-p", dest="servers", metavar="SERVER,...",
                        type=lambda text: text.split(","),
                        help=", ".join(PEERS))
    parser.add_argument("-w", dest="workloads", metavar="WORKLOAD,...",
                        type=lambda text: text.split(","),
                        help=", ".join(WORKLOADS))
    parser.add_argument("-o", dest="out", metavar="FILE",
                        default="bench-peers.json",
                        help="the results (bench-peers.json)")
    parser.add_argument("-c", "--compare", metavar="OLD",
                        help="earlier results, to print beside")
    parser.add_argument("-i", dest="show", metavar="FILE",
                        help="measure nothing, print these results")
    options = parser.parse_args()
    for name in options.servers or []:
        if name not in PEERS:
            parser.error(f"{name}: no server of that name")
    for name in options.workloads or []:
        if name not in WORKLOADS:
            parser.error(f"{name}: no workload of that name")
    if any(n < 200 for n in options.rules or []):
        parser.error("lists have 200 rules at least")
    return options


def start(lab, rules, form, progress, lives):
    """All servers that bear the list; {name: its life}."""
    servers = []
    for name in form.names:
        peer = PEERS[name]
        if rules.count > peer.most or (
                form.quick and rules.count > peer.most_quick):
            continue
        progress.say(f"{rules.count} rules: starting {name}")
        server = peer(lab, rules, form.own)
        lives.append(Life(server))
        servers.append(server)
    return servers


def measure_list(lab, count, form, progress, results):
    rules, lives = Rules(count), []
    progress.note(f"{count} rules")
    servers = start(lab, rules, form, progress, lives)
    for workload in form.workloads(rules):
        progress.note(f"{count} rules, {workload}: {WORKLOADS[workload][0]}")
        figures = measure(servers, rules, workload, form, progress.say)
        results.add_costs(figures)
    for life in lives:
        server = life.server
        progress.say(f"{count} rules: changing those of {server.name}")
        life.change(lab, form.changes)
        results.add_life(life)
        lab.check(f"{server.label}: its list is in force, and nothing was "
                  "left out", server.answers() and not server.lacks(),
                  server.lacks())
        server.stop()
    progress.say("")


def main():
    options = parse()
    before = Results.read(options.compare) if options.compare else None
    if options.show:
        Results.read(options.show).show(before)
        return 0
    form, progress = Form(options), Progress()
    form.leave_out(progress)
    with Lab("bench-peers", authority=False) as lab:
        if not lab.own_network:
            sys.exit("bench_peers: no network namespace of its own")
        os.sched_setaffinity(0, form.others)
        form.folder = lab.work
        results = Results.begin(form, lab)
        authority = start_authority(lab)
        for count in form.rules:
            measure_list(lab, count, form, progress, results)
            results.write(options.out)
        authority.stop()
        results.show(before)
    return lab.finish()


sys.exit(main())
