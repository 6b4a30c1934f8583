"""Unbound's own replay scenarios, with and without the module.

In mode observe the module changes nothing: every scenario of Unbound's source
ends as it does without it, after the same packets, queries and timers. Where no
name is allowed each query is judged would-deny; where every name is, each
answer is walked and recorded. With DNSPIN_QUICK in the environment each
scenario has one of the two, in turns.

	test_replay.py			all of them, mode observe
	test_replay.py strict		for a look: what changes in mode strict
					where every name is allowed
"""
import collections
import concurrent.futures
import difflib
import glob
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "e2e"))
import scenario  # noqa: E402
from checks import Checks, skip_all  # noqa: E402
from lab import Tree  # noqa: E402

ZONE = """$ORIGIN replay.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
"""
NONE = ("no name allowed", ZONE, {})
EVERY = ("every name allowed", ZONE + '* TXT "allow"\n',
         {"chain": "inspect", "pins": "report", "private-addresses": "allow"})
PLAIN = "server: verbosity: 1 log-time-ascii: no"
ONE_QUERY = "iter_resolve.rpl"  # asks for one address
QUICK = os.environ.get("DNSPIN_QUICK")
SMALL_GROUP = 5
DIFF_LINES = 40


class Replay:
    """What every run needs, in a folder of its own."""

    def __init__(self):
        self.tree = Tree()
        self.testbound = os.path.join(os.environ["UNBOUND_BUILDDIR"],
                                      "testbound")
        self.data = os.path.join(os.environ["UNBOUND_SRCDIR"], "testdata")
        fixed = os.path.join(self.tree.build, "tests", "replay", ".libs",
                             "fixed.so")
        if not os.path.isfile(fixed):
            sys.exit(f"{fixed}: not built")
        sanitizer = self.tree.sanitizer_env
        self.plain_env = {**os.environ, "LD_PRELOAD": fixed}
        self.env = {
            **{name: value for name, value in os.environ.items()
               if name not in ("DNSPIN_DIR", "DNSPIN_TRUSTED_KEY")},
            **sanitizer, "DNSPIN_BUILD_CHECK": "probe",
            "LD_PRELOAD": f"{sanitizer.get('LD_PRELOAD', '')} {fixed}"}
        self.work = tempfile.mkdtemp(prefix="dnspin-replay-")

    def paths(self):
        return sorted(glob.glob(os.path.join(self.data, "*.rpl")) +
                      glob.glob(os.path.join(self.data, "*.crpl")))

    def skip_reason(self):
        reason = self.tree.skip_reason()
        if reason:
            return reason
        if not os.access(self.testbound, os.X_OK):
            return f"{self.testbound}: not built"
        if not self.paths():
            return f"{self.data}: holds no scenario"
        symbols = subprocess.run(
            [os.environ.get("NM", "nm"), "-D", self.testbound], text=True,
            check=True, capture_output=True).stdout
        if " T mesh_attach_sub" not in symbols:
            return f"{self.testbound}: not linked with -export-dynamic"
        if " U arc4random" not in symbols:
            return f"{self.testbound}: has random numbers of its own"
        return None

    def compile(self, mode, policy, what=""):
        """A folder for runs with that policy in that mode; its path."""
        name, zone, settings = policy
        work = os.path.join(self.work, f"{what}{mode}, {name}")
        os.mkdir(work)
        options = ["-o", f"mode={mode}", "-o", "map-capacity=1024"]
        for key, value in settings.items():
            options += ["-o", f"{key}={value}"]
        subprocess.run([self.tree.dnspin, "-C", os.devnull, "-d", work,
                        *options, "compile", "-F", "-"], input=zone,
                       text=True, check=True, capture_output=True)
        return work

    def plain(self, path, name="plain"):
        work = os.path.join(self.work, name)
        os.makedirs(work, exist_ok=True)
        return scenario.run(self.testbound, path, PLAIN, work,
                            self.plain_env)

    def loaded(self, path, work, modules):
        """A run with the module in front of modules, but behind dns64; the
        state directory stays."""
        state = os.path.join(work, os.path.basename(path) + ".state")
        os.mkdir(state)
        shutil.copy(os.path.join(work, "policy"), state)
        at = 1 if modules[0] == "dns64" else 0
        stack = " ".join(modules[:at] + ["dynlib"] + modules[at:])
        run = scenario.run(
            self.testbound, path,
            f'{PLAIN} module-config: "{stack}" dynlib: dynlib-file: '
            f'"{self.tree.module}" dynlib-file: "{state}"', work, self.env)
        run.state = state
        return run

    def counters(self, run):
        done = subprocess.run(
            [self.tree.dnspin, "-d", run.state, "status", "-f", "json"],
            text=True, capture_output=True, check=False)  # it has ended
        return json.loads(done.stdout)["resolver"]["counters"]


class Pair:
    """A scenario without the module and with it, in the folders of works. The
    module is loaded where any is: some end before."""

    def __init__(self, replay, path, works):
        self.path = path
        self.name = os.path.basename(path)
        self.plain = replay.plain(path)
        self.loaded = {work: self.plain.modules and
                       replay.loaded(path, work, self.plain.modules)
                       for work in works}
        self.again = None
        if not all(self.plain.same(run) for run in self.loaded.values()
                   if run):
            self.again = replay.plain(path, "again")

    def fault(self, work):
        """What the module changes there; None: nothing."""
        plain, loaded = self.plain, self.loaded[work]
        if not loaded:
            return None if plain.exit != 0 else "Unbound loads no modules"
        if "in force: " not in loaded.text:
            return f"the module has no policy in force, see {loaded.log}"
        if plain.same(loaded):
            return None
        lines = [] if plain.exit == loaded.exit else [
            f"exit {plain.exit} without, {loaded.exit} with the module"]
        if not plain.same(self.again):
            lines += ["no two runs without the module are the same, either"]
        lines += difflib.unified_diff(plain.lines, loaded.lines, plain.log,
                                      loaded.log, n=2, lineterm="")
        more = len(lines) - DIFF_LINES
        if more > 0:
            lines[DIFF_LINES:] = [f"... {more} more lines"]
        return "\n        ".join(lines)


def run_all(replay, works):
    """Each scenario with all works, or with one of them in turns."""
    def run(number, path):
        few = [works[number % len(works)]] if QUICK else works
        return Pair(replay, path, few)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(run, itertools.count(), replay.paths()))


def in_groups(pairs):
    """{group: pairs} by the first word of the scenarios' names."""
    groups = collections.defaultdict(list)
    for pair in pairs:
        groups[re.match(r"[a-z0-9]+", pair.name)[0]].append(pair)
    for name in [n for n, found in groups.items() if len(found) < SMALL_GROUP]:
        groups["others"] += groups.pop(name)
    return groups


def check_all(checks, pairs, work):
    groups = in_groups(p for p in pairs if work in p.loaded)
    for group, found in sorted(groups.items()):
        faults = [(pair.name, pair.fault(work)) for pair in found]
        faults = [f"{name}: {fault}" for name, fault in faults if fault]
        checks.check(
            f"{os.path.basename(work)}: {group}: {len(found)} scenarios as "
            "without the module", not faults,
            "\n    ".join([f"{len(faults)} changed", *faults]))


def tell(pairs):
    """Which scenarios say less than the others."""
    def names(wanted):
        return " ".join(p.name for p in pairs if wanted(p)) or "none"
    print(f"fail without the module, too: {names(lambda p: p.plain.exit)}")
    print("compared by their packets only: "
          f"{names(lambda p: p.plain.packets_only)}")


def check_counters(checks, replay):
    """The runs are what they are taken for: the module judges, and what it
    refuses is seen as a change."""
    path = os.path.join(replay.data, ONE_QUERY)
    for mode, policy, wanted in (
            ("observe", NONE, {"would-deny": 1}),
            ("observe", EVERY, {"allow": 1, "recorded": 1}),
            ("strict", NONE, {"deny": 1})):
        work = replay.compile(mode, policy, "one query, ")
        pair = Pair(replay, path, [work])
        found = replay.counters(pair.loaded[work])
        found = {name: count for name, count in found.items() if count}
        changed = pair.fault(work) is not None
        checks.check(f"{mode}, {policy[0]}: one query: {wanted}",
                     found == wanted, found)
        checks.check(f"{mode}, {policy[0]}: one query: "
                     f"{'changed' if mode == 'strict' else 'not changed'}",
                     changed == (mode == "strict"), pair.fault(work))


def main(mode="observe"):
    checks = Checks("test_replay")
    replay = Replay()
    reason = replay.skip_reason()
    if reason:
        os.rmdir(replay.work)
        return skip_all(checks.name, reason)
    policies = (NONE, EVERY) if mode == "observe" else (EVERY,)
    works = [replay.compile(mode, policy) for policy in policies]
    check_counters(checks, replay)
    pairs = run_all(replay, works)
    for work in works:
        check_all(checks, pairs, work)
    tell(pairs)
    if checks.failed:
        print(f"kept for a look: {replay.work}")
    else:
        shutil.rmtree(replay.work)
    return checks.finish()


sys.exit(main(*sys.argv[1:]))
