"""Everything at once: four threads under load, policies that change, reloads,
and everybody who reads. No verdict is wrong, and where Unbound and module are
built with ThreadSanitizer (tools/unbound-debian -s tsan, configure
--enable-tsan), it has nothing to report: then a million questions are answered.
As many as one likes, by hand:

	make check TESTS=tests/e2e/test_threads.py DNSPIN_ANSWERS=10000000
"""
import os
import sys

from daemon import wait_until
from lab import Lab
from load import POLICIES, ZONE, Load, change, taken

TSAN = os.environ.get("DNSPIN_SANITIZER") == "tsan"
QUICK = os.environ.get("DNSPIN_QUICK")
ANSWERS = int(os.environ.get("DNSPIN_ANSWERS")
              or (1000000 if TSAN and not QUICK else 100000))
ROUNDS = 10 if QUICK else 20
IDLE_ROUNDS = 1 if QUICK else 3
RELOAD_EVERY = 4  # rounds
RATE = 50000
NAMES = 500  # of each kind
ORDER = "ABOAOB"  # of policies
PATIENCE_S = 600


def read_all(resolver):
    """What people and scripts do meanwhile."""
    resolver.status()
    resolver.bindings()
    for what in ("stats_noreset", "dump_requestlist", "dump_cache",
                 "flush_zone none.load.windows.net"):
        resolver.control(*what.split())


def reload(resolver, load, letter):
    """The module is loaded again, and reads the same policy. Questions that
    are under way go unanswered."""
    starts = resolver.log_text().count("start of service")
    resolver.control("reload")
    wait_until(lambda: resolver.log_text().count("start of service") > starts
               and taken(resolver), "a reload", PATIENCE_S)
    load.policy(letter)


def all_at_once(resolver, load):
    letter = "A"
    load.policy(letter)
    for number in range(1, ROUNDS + 1):
        new = ORDER[number % len(ORDER)]
        change(resolver, load, letter, new)
        letter = new
        read_all(resolver)
        if number % RELOAD_EVERY == 0:
            reload(resolver, load, letter)
        wait_until(lambda: load.count()["answers"] >= ANSWERS / ROUNDS,
                   "answers", PATIENCE_S)
    return load.finish()


def while_threads_idle(lab, resolver):
    """A change to mode strict while all threads but one have nothing to do:
    for them the keeper must do it."""
    wrong = 0
    for _ in range(IDLE_ROUNDS):
        with Load(lab, resolver, RATE, NAMES) as load:
            resolver.compile(POLICIES["O"], mode="observe")
            wait_until(lambda: taken(resolver), "observing", PATIENCE_S)
            load.policy("O")
            load.judged(NAMES, PATIENCE_S)
        with Load(lab, resolver, RATE, NAMES, sockets=1) as load:
            change(resolver, load, "O", "A")
            load.judged(NAMES, PATIENCE_S)
            wrong += load.finish()["wrong"]
        with Load(lab, resolver, RATE, NAMES) as load:
            load.policy("A")
            load.judged(NAMES, PATIENCE_S)
            wrong += load.finish()["wrong"]
    lab.check("nor after a change while most threads had nothing to do",
              wrong == 0, wrong)


def tsan_watched(lab, log):
    """Is it there at all? Of the races that Unbound has, it must have seen the
    one that each start shows."""
    with open(lab.tree.module, "rb") as f:
        lab.check("the module is built with ThreadSanitizer",
                  b"__tsan_func_entry" in f.read())
    lab.check("ThreadSanitizer sees what Unbound has of its own",
              "iterator_set_ip46_support" in log, log[-2000:])


with Lab("threads", extra=ZONE) as the_lab:
    the_resolver = the_lab.resolver(
        zones=POLICIES["A"], threads=4, server_conf=["so-rcvbuf: 4m"])
    with Load(the_lab, the_resolver, RATE, NAMES) as the_load:
        sums = all_at_once(the_resolver, the_load)
    print(f"        {sums['answers']} answers, {sums['rate']:.0f} a second; "
          f"{sums['lost']} lost at {ROUNDS // RELOAD_EVERY} reloads")
    the_lab.check(f"{ROUNDS} changes, {ROUNDS // RELOAD_EVERY} reloads, no "
                  "wrong verdict", sums["wrong"] == 0, sums)
    the_lab.check("as many answers as wanted", sums["answers"] >= ANSWERS,
                  sums)
    while_threads_idle(the_lab, the_resolver)
    the_lab.check("the server lives", the_resolver.alive())
    the_resolver.stop()
    if TSAN:
        tsan_watched(the_lab, the_resolver.log_text())
sys.exit(the_lab.finish())
