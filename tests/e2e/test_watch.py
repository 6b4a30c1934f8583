"""Does `dnspin export -w` keep a file as the map and the policy are, without
ever showing half of it, and through everything that fails meanwhile?
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

from daemon import eventually, wait_until
from exporter import Exporter

ZONE = """$ORIGIN test.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.web.example TXT "allow" "tcp/443"
"""
MORE = ZONE + '*.mail.example TXT "allow" "tcp/25"\n'


class Watch:
    """The command as it stays, and what it says."""

    def __init__(self, ex, *options, seconds=1):
        self.log = ex.list + ".log"
        with open(self.log, "w", encoding="ascii") as err:
            self.process = subprocess.Popen(
                [*ex.command, "export", "-f", "edl", "-O", ex.list,
                 "-w", str(seconds), *options], stderr=err)

    def said(self):
        with open(self.log, encoding="utf-8") as f:
            return f.read().splitlines()

    def end(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.process.wait(10)


def lines(ex):
    try:
        with open(ex.list, encoding="ascii") as f:
            return f.read().split()
    except FileNotFoundError:
        return None


def becomes(ex, what, *addresses, seconds=10):
    ex.check(what, eventually(lambda: lines(ex) == list(addresses), seconds),
             lines(ex))


def waits_for_a_map(ex):
    """Started before the resolver ever ran."""
    ex.compile()
    watch = Watch(ex)
    wait_until(watch.said, "a message", 10)
    time.sleep(2.5)  # two more rounds, in which nothing is to be said
    said = watch.said()
    ex.check("no map yet: said once", len(said) == 1
             and "there is no map" in said[0], said)
    ex.fill(("a.web.example", "40.1.0.1", 600))
    becomes(ex, "the first binding is there", "40.1.0.1")
    return watch


def follows(ex):
    ex.add(("b.web.example", "40.1.0.2", 600))
    becomes(ex, "another binding", "40.1.0.1", "40.1.0.2")
    ex.add(("c.web.example", "40.1.0.3", 2))
    becomes(ex, "one of two seconds", "40.1.0.1", "40.1.0.2", "40.1.0.3")
    becomes(ex, "which ends", "40.1.0.1", "40.1.0.2")
    ex.add(("a.mail.example", "40.1.0.4", 600))
    ex.compile(MORE)
    becomes(ex, "a new policy", "40.1.0.1", "40.1.0.2", "40.1.0.4")
    ex.compile()
    becomes(ex, "and the old one", "40.1.0.1", "40.1.0.2")
    ex.fill(("d.web.example", "40.1.0.9", 600))
    becomes(ex, "another map in its place", "40.1.0.9")


def file_is_kept(ex):
    before = os.stat(ex.list)
    ex.add(("e.web.example", "40.1.0.9", 600))
    ex.add(("f.web.example", "40.1.0.10", 600))
    ex.check("a new file for it", eventually(
        lambda: os.stat(ex.list).st_ino != before.st_ino, 10))
    os.unlink(ex.list)
    ex.check("a file that somebody removed comes back",
             eventually(lambda: lines(ex) == ["40.1.0.9", "40.1.0.10"], 10),
             lines(ex))


def never_empty(ex, watch):
    kept = lines(ex)
    ex.fill()
    wait_until(lambda: any("nothing to export" in x for x in watch.said()),
               "the refusal", 10)
    ex.check("an empty list is refused", lines(ex) == kept, lines(ex))
    ex.fill(("a.web.example", "40.1.0.1", 600))
    becomes(ex, "the next one is written", "40.1.0.1")


def folder_in_the_way(ex, watch):
    """What is no regular file is not replaced; when it is gone, it goes on."""
    os.unlink(ex.list)
    os.mkdir(ex.list)
    ex.add(("b.web.example", "40.1.0.2", 600))
    wait_until(lambda: any("is a directory" in x for x in watch.said()),
               "the message", 10)
    time.sleep(2.5)
    said = [x for x in watch.said() if "is a directory" in x]
    ex.check("what cannot be written is said once", len(said) == 1, said)
    os.rmdir(ex.list)
    becomes(ex, "and tried again", "40.1.0.1", "40.1.0.2")


def seldom(ex):
    """At most once in so many seconds, however much happens."""
    watch = Watch(ex, seconds=3)
    wait_until(lambda: lines(ex) == ["40.1.0.1", "40.1.0.2"], "the list", 10)
    inodes, end, n = set(), time.monotonic() + 7, 0
    while time.monotonic() < end:
        n += 1
        ex.add((f"n{n}.web.example", f"40.3.0.{n % 250 + 1}", 600))
        inodes.add(os.stat(ex.list).st_ino)
        time.sleep(0.1)
    ex.check(f"{n} changes in 7 s make two or three lists",
             2 <= len(inodes) <= 4, len(inodes))
    ex.check("SIGINT ends it well", watch.end(signal.SIGINT) == 0)


def forced(ex):
    watch = Watch(ex, "-F")
    ex.fill()
    becomes(ex, "-F writes the empty list")
    ex.check("and SIGTERM ends it", watch.end() == 0)
    ex.check("with no word about it", not any(
        "nothing to export" in x for x in watch.said()), watch.said())


def main():
    with tempfile.TemporaryDirectory(prefix="dnspin-watch-") as work:
        ex = Exporter("watch", work, ZONE)
        watch = waits_for_a_map(ex)
        follows(ex)
        file_is_kept(ex)
        never_empty(ex, watch)
        folder_in_the_way(ex, watch)
        ex.check("SIGTERM ends it well", watch.end() == 0)
        seldom(ex)
        forced(ex)
    return ex.finish()


sys.exit(main())
