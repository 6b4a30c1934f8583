"""Unbound with the module under valgrind, from start to end in good order, with
changes of policy and mode, a bad file and a reload on the way: no read of what
is not there, no jump on what was never written, and nothing is left behind,
not even what could still be reached.
"""
import os
import shutil
import sys

from daemon import eventually, wait_until
from lab import Lab
from load import POLICIES, ZONE, Load, change, put, taken

PATIENCE_S = 120
RATE, NAMES = 400, 40
JUDGED = 200
QUESTIONS = [
    ("both.load.windows.net", {}), ("none.load.windows.net", {}),
    ("a.both.load.windows.net", {"do": True}),
    ("a.both.load.windows.net", {"tcp": True}),
    ("a.both.load.windows.net", {"cd": True, "edns": False}),
    ("a.none.load.windows.net", {"payload": 512}),
    ("a.none.load.windows.net", {"rd": False}),
    ("a.both.load.windows.net", {"rdtype": "ANY"}),
    ("a.both.load.windows.net", {"rdtype": "HTTPS"}),
    ("version.bind", {"rdtype": "TXT", "rdclass": "CH"}),
    (".", {"rdtype": "NS"}), ("com", {"rdtype": "DNSKEY"}),
]


def memcheck(lab, log):
    own = os.path.join(lab.tree.source, "tests", "e2e", "unbound.memcheck")
    return [shutil.which("valgrind"), "--quiet", "--leak-check=full",
            "--show-leak-kinds=all", "--errors-for-leak-kinds=all",
            "--error-exitcode=99", "--keep-debuginfo=yes", "--vgdb=no",
            "--num-callers=30",
            f"--suppressions={own}", f"--log-file={log}"]


def questions(resolver):
    for name, how in QUESTIONS:
        how = dict(how)
        resolver.ask(name, how.pop("rdtype", "A"), seconds=30, **how)


def live(lab, resolver):
    """What can happen to a resolver between its start and its end."""
    with Load(lab, resolver, RATE, NAMES, sockets=4) as load:
        load.policy("A")
        letter = "A"
        for new in "BOAOB":
            change(resolver, load, letter, new)
            load.judged(JUDGED, PATIENCE_S)
            letter = new
        questions(resolver)
        put(resolver, b"not a policy\n" * 100)
        lab.check("a bad file is told", eventually(
            lambda: "stays in force" in resolver.log_text(), PATIENCE_S))
        change(resolver, load, letter, "A")
        starts = resolver.log_text().count("start of service")
        resolver.control("reload")
        wait_until(lambda: resolver.log_text().count("start of service")
                   > starts and taken(resolver), "a reload", PATIENCE_S)
        load.policy("A")
        load.judged(JUDGED, PATIENCE_S)
        sums = load.finish()
    lab.check("no wrong verdict", sums["wrong"] == 0, sums)


with Lab("memcheck", extra=ZONE) as the_lab:
    if shutil.which("valgrind") is None:
        the_lab.skip("memcheck", "there is no valgrind")
    else:
        told = os.path.join(the_lab.work, "memcheck")
        the_resolver = the_lab.resolver(zones=POLICIES["A"], threads=2,
                                        start=False)
        the_resolver.under = memcheck(the_lab, told)
        the_resolver.start()
        live(the_lab, the_resolver)
        the_status = the_resolver.stop(PATIENCE_S)
        with open(told, encoding="utf-8") as f:
            errors = f.read()
        the_lab.check("valgrind finds no error, and nothing left behind",
                      the_status == 0 and not errors,
                      f"status {the_status}\n{errors}")
sys.exit(the_lab.finish())
