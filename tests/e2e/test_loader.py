"""Debian's own Unbound with the script for pythonmod: the attacks that the
module is tested with, on one thread and on four, through reloads and under a
load; and what it has to refuse.
"""
import os
import re
import shutil
import subprocess
import sys

import attack
import build_note
import joined
import loaded
from daemon import wait_until
from lab import Lab

DATED = "dated.answers.example"
EXTRA = {"answers.example.": "dated 1 CNAME dated.off.example.\n",
         "off.example.": "dated 1 A 20.54.1.10\n"}
SOME = """$ORIGIN some.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
@ APL 1:127.53.20.0/24
manage.microsoft.com TXT "allow"
"""


def attacked(lab, threads):
    path = f"{threads} threads" if threads > 1 else "1 thread"
    resolver = attack.strict(lab, path.replace(" ", "-"), threads=threads)
    attack.run(lab, resolver, path, attack.ALL_WAYS if threads > 1 else None)
    for turn in ("reload", "reload_keep_cache"):
        resolver.control(turn)
        wait_until(resolver.responds, turn)
        attack.check(lab, f"{path}: {turn}: nothing leaks",
                     attack.leaks(resolver))
        attack.check(lab, f"{path}: {turn}: on-list questions are answered",
                     attack.wrong(resolver))
    lab.check(f"{path}: no line of Python in the log",
              "Traceback" not in resolver.log_text(), resolver.log_tail())
    resolver.stop()


def under_load(lab):
    """All threads at once, in and out of the interpreter and of the locks of
    caches, while the policy changes: none may wait for another for good."""
    resolver = attack.strict(lab, "load", threads=4)
    names = os.path.join(lab.work, "names")
    with open(names, "w", encoding="ascii") as f:
        for name, rdtype in [*attack.ADDRESSES, *attack.OFF_LIST]:
            f.write(f"{name} {rdtype}\n")
    with subprocess.Popen(
            ["dnsperf", "-s", resolver.address, "-d", names, "-l", "5",
             "-c", "16", "-T", "2", "-q", "50", "-t", "10"],
            text=True, stdout=subprocess.PIPE) as asking:
        for mode in ("observe", "strict", "observe", "strict"):
            resolver.enforce([*lab.zones(), attack.ZONE], mode=mode)
        told = asking.communicate()[0]
    completed = re.search(r"Queries completed: +(\d+)", told)
    lab.check("load: all threads answer on", completed
              and int(completed[1]) > 1000 and resolver.responds(), told)
    attack.check(lab, "load: nothing leaks afterwards",
                 attack.leaks(resolver))
    resolver.stop()


def stale(lab):
    """Expired answers of recursion's cache, for who does not want to wait."""
    resolver = attack.strict(lab, "stale", server_conf=[
        "serve-expired: yes", "serve-expired-client-timeout: 1"])
    resolver.ask(DATED)
    lab.authority.pause("leaf")
    try:
        wait_until(lambda: resolver.ask(DATED).rrs[0][1] != 1,
                   "an expired answer")
        a = resolver.ask("dated.off.example")
        lab.check("stale: what is off the list is refused",
                  a.rcode == "NXDOMAIN" and not a.rrs, a)
    finally:
        lab.authority.resume("leaf")
    attack.check(lab, "stale: nothing leaks", attack.leaks(resolver))
    resolver.stop()


def policies(lab):
    """Those that need what a guest of pythonmod cannot do."""
    resolver = attack.strict(lab, "policies")
    for words, why in (({"barrier": "fail-closed"}, "barrier=off"),
                       ({"barrier": "fail-open"}, "barrier=off"),
                       ({"zones": SOME}, "for some clients")):
        zones = words.pop("zones", attack.ZONE)
        resolver.compile(zones if zones is SOME else [zones], mode="strict",
                         **words)
        wait_until(lambda w=why: w in resolver.log_text(), "a word about it")
        a = resolver.ask("enterpriseregistration.windows.net")
        lab.check(f"{words or 'groups'}: the last good policy stays",
                  a.rcode == "NOERROR" and a.addresses, a)
    resolver.stop()


def refused(lab, name, why, **arguments):
    resolver = lab.resolver(name, mode="strict", start=False, **arguments)
    status, log = resolver.start_refused()
    lab.check(f"{name}: Unbound does not start, and the log says why",
              status == 1 and why in log, log)


def refusals(lab):
    refused(lab, "in-front", "put python first", server_conf=[
        'module-config: "dns64 python validator iterator"'])
    other = shutil.copy(lab.tree.stock, os.path.join(lab.work, "other"))
    build_note.remove(other)
    refused(lab, "other-build", "build-id", binary=other)


loaded.use("loader")
with Lab("loader", extra=EXTRA) as the_lab:
    for count in (1, 4):
        attacked(the_lab, count)
    joined.joining(the_lab)
    joined.transfers(the_lab)
    under_load(the_lab)
    stale(the_lab)
    policies(the_lab)
    refusals(the_lab)
sys.exit(the_lab.finish())
