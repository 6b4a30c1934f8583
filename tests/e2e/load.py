"""Questions at a rate, each answer judged: swap_load.c as a child, with
policies that it knows the verdicts of: A and B in mode strict, O in observe.
"""
import json
import os
import subprocess
import time

from daemon import LabError, wait_until

DOMAIN = "load.windows.net"
# Below which names: under which policies they are allowed.
KINDS = {"both": "ABO", "first": "AO", "second": "BO", "none": "O"}
# Every name below these has an address, so that only the policy refuses.
ZONE = {"windows.net.": "".join(
    f"*.{kind}.load 3600 A 23.96.0.{i + 1}\n" for i, kind in enumerate(KINDS))}

HEAD = """$ORIGIN load.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
"""
POLICIES = {letter: HEAD + "".join(
    f'*.{kind}.{DOMAIN} TXT "allow" "tcp/443"\n'
    for kind, letters in KINDS.items() if letter in letters)
    for letter in "AB"}
POLICIES["O"] = POLICIES["A"]
MODES = {"A": "strict", "B": "strict", "O": "observe"}


class Load:
    """rate: questions a second; names: so many of each kind. It asks nothing
    before policy() is called."""

    def __init__(self, lab, resolver, rate, names, kinds=KINDS, sockets=16):
        binary = os.path.join(lab.tree.build, "tests", "e2e", "swap_load")
        self._process = subprocess.Popen(
            [binary, resolver.address, str(resolver.port), str(rate),
             str(names), str(sockets),
             *[f"{kind}.{DOMAIN}:{KINDS[kind]}" for kind in kinds]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.windows = []  # what each time between two policy() told

    @property
    def pid(self):
        return self._process.pid

    def _command(self, line):
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        told = self._process.stdout.readline()
        if not told:
            raise LabError(f"swap_load ended at {line!r}: "
                           f"{self._process.wait()}")
        return json.loads(told)

    def policy(self, letters):
        """From now on one of these is in force; what was since the last."""
        window = self._command(f"policy {letters}")
        self.windows.append(window)
        return window

    def count(self):
        """What was since the last policy()."""
        return self._command("count")

    def judged(self, least, seconds=60):
        """Wait for so many more answers of each kind that has one verdict."""
        before = self.count()["judged"]
        wait_until(lambda: all(
            n - before[kind] >= least
            for kind, n in self.count()["judged"].items()),
            f"{least} answers of each kind", seconds)

    def finish(self):
        """Wait for the last answers; the sums over all its time."""
        if self._process.stdin.closed:
            return None
        self._process.stdin.close()
        last = self._process.stdout.read()
        if self._process.wait() != 0 or not last:
            raise LabError(f"swap_load: exit {self._process.returncode}")
        self.windows.append(json.loads(last))
        sums = {what: sum(w[what] for w in self.windows) for what in
                ("seconds", "sent", "answers", "wrong", "failed", "lost")}
        sums["rate"] = sums["answers"] / sums["seconds"]
        return sums

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.kill()
        self._process.stdout.close()
        self._process.wait()


def change(resolver, load, old, new, **settings):
    """Put another policy in force under load; the seconds from the end of the
    compilation until the resolver says so."""
    load.policy(old + new)
    resolver.compile(POLICIES[new], mode=MODES[new], **settings)
    begin = time.monotonic()
    wait_until(lambda: taken(resolver), f"policy {new} in force", 60)
    seconds = time.monotonic() - begin
    load.policy(new)
    return seconds


def put(resolver, content):
    """Bytes in place of the policy, as a compile would: at once."""
    path = os.path.join(resolver.state, "policy")
    with open(path + ".new", "wb") as f:
        f.write(content)
    os.rename(path + ".new", path)


def taken(resolver):
    """Does the resolver say that it uses the policy on disk?"""
    status = json.loads(resolver.dnspin("status", "-f", "json", expect=None))
    return status["policy_in_use"] is True
