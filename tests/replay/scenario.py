"""One replay scenario: run by testbound, and what it did, made comparable.

A scenario is a configuration up to CONFIG_END, then packets and steps. The log
of testbound shows every packet in and out, every query to a server, every
timer, and at the end the server's statistics: two runs with equal logs did the
same.
"""
import glob
import os
import re
import subprocess

SECONDS = 120  # that one scenario may take
PREFIX = re.compile(r"^\[\d+\] unbound\[\d+:[0-9a-f]+\] ")
TEMPORARY = re.compile(r"/tmp/testbound_\d+_")
MODULE = re.compile(r"^notice: init module \d+: (\w+)$")
# Differs by nature. Whatever else the module says, as an error, does count.
NATURAL = re.compile(r"^(notice: init module \d+: |(info|warning): dnspin\b)")
TOLD = re.compile(r"^(debug|error|info|notice|warning): ")
PACKET = re.compile(r"^info: (query pkt|reply pkt|pending serviced query)")
# testbound does these to the daemon's cache, where unbound-control does them to
# the worker's, which is the module's. Such scenarios take other ways to the
# same answers.
DAEMONS_CACHE = re.compile(
    r"^info: testbound: do STEP \d+ (FLUSH|EXPIRE)_MESSAGE$", re.M)


class Run:
    """exit: how testbound ended. text: its log. lines: what of the log is to
    be compared. modules: what Unbound loaded, in order."""

    def __init__(self, status, log):
        self.exit = status
        self.log = log
        with open(log, encoding="utf-8", errors="replace") as f:
            lines = [PREFIX.sub("", line) for line in f.read().splitlines()]
        self.text = "\n".join(lines)
        self.modules = [m.group(1) for m in map(MODULE.match, lines) if m]
        self.packets_only = bool(DAEMONS_CACHE.search(self.text))
        self.lines = [
            TEMPORARY.sub("/tmp/testbound_", line) for line in lines
            if not NATURAL.match(line) and (
                not self.packets_only or not TOLD.match(line) or
                PACKET.match(line))]

    def same(self, other):
        return self.exit == other.exit and self.lines == other.lines


def with_settings(text, settings):
    """The scenario with a line of settings where its configuration ends: what
    comes last wins. Always one line, since the log tells line numbers."""
    text, count = re.subn(r"^(?=[ \t]*CONFIG_END)",
                          lambda _: settings + "\n", text, count=1,
                          flags=re.M)
    if count != 1:
        raise ValueError("no CONFIG_END")
    return text


def run(testbound, path, settings, work, env):
    """Run the scenario at path with settings added, in the folder work."""
    with open(path, encoding="latin-1", newline="") as f:
        text = with_settings(f.read(), settings)
    copy = os.path.join(work, os.path.basename(path))
    with open(copy, "w", encoding="latin-1", newline="") as f:
        f.write(text)
    log = copy + ".log"
    # Some name a program by its path from where Unbound's own tests run.
    cwd = os.path.join(os.path.dirname(path), "03-testbound.tdir")
    with open(log, "wb") as out, subprocess.Popen(
            [testbound, "-p", copy], stdin=subprocess.DEVNULL, stdout=out,
            stderr=out, env=env, cwd=cwd) as process:
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = f"not within {SECONDS} s"
    if status != 0:  # what it leaves where it cannot tidy up
        for left in glob.glob(f"/tmp/testbound_{process.pid}_*"):
            os.unlink(left)
    return Run(status, log)
