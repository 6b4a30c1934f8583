"""Is each of very many answers in the log?

	tests/bench/bench_flood.py [SECONDS]

Two floods of SECONDS (60) each, with dnspin log writing JSON to disk beside it:
200 names that are all cached, asked of Unbound as fast as one dnsperf gets its
answers, with all processors for everybody; then 200,000 events a second that
are written into two rings with no resolver, for machines whose processors do
not bear such a resolver, its clients and its reader at once. Lines and declared
losses are counted against what dnsperf was answered and what was written. The
log takes 0.6 kB an event.
"""
import os
import re
import subprocess
import sys

from daemon import Daemon, LabError, wait_until
from lab import Lab
from logs import Logger

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
RATE = 200_000
NAMES = 200
ZONE = {"windows.net.": "".join(
    f"hot{i} 86400 A 23.96.{i // 250}.{i % 250 + 1}\n" for i in range(NAMES))}
POLICY = """$ORIGIN bench.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.windows.net TXT "allow" "tcp/443"
"""


class Reader(Logger):
    """dnspin log of a state directory, which counts what it wrote."""

    def __init__(self, lab, state):
        self._log = os.path.join(lab.work, "log.json")
        super().__init__(lab, state, "-O", self._log)
        self.start()

    def cpu_s(self):
        with open(f"/proc/{self.pid}/schedstat", encoding="ascii") as f:
            return int(f.read().split()[0]) / 1e9

    def counts(self):
        """(events, events lost, octets), when it has come to the end."""
        self.stop()
        if self.once() != 0:
            raise LabError(self.said())
        events = lost = 0
        with open(self._log, "rb") as f:
            for line in f:
                if b'"kind":"event"' in line:
                    events += 1
                elif b'"kind":"pipeline_error"' in line:
                    lost += int(re.search(rb'"lost":(\d+)', line)[1])
        size_b = os.path.getsize(self._log)
        os.unlink(self._log)
        return events, lost, size_b


def say(lab, what, took_s, cpu_s, given, found):
    events, lost, size_b = found
    print(f"{what}: {given} in {took_s:.1f} s, {given / took_s:.0f} a second; "
          f"{events} in the log ({size_b / 1e9:.1f} GB), {lost} told as lost; "
          f"the reader took {1e6 * cpu_s / given:.2f} us each", flush=True)
    lab.check(f"{what}: each is in the log or told as lost",
              events + lost == given, found)


def through_unbound(lab):
    questions = os.path.join(lab.work, "questions")
    with open(questions, "w", encoding="ascii") as f:
        f.writelines(f"hot{i}.windows.net A\n" for i in range(NAMES))
    resolver = lab.resolver(zones=POLICY, threads=2,
                            server_conf=["so-rcvbuf: 4m", "so-reuseport: yes"])
    for i in range(NAMES):
        resolver.ask(f"hot{i}.windows.net", "A")
    reader = Reader(lab, resolver.state)
    wait_until(lambda: reader.cpu_s() > 0, "the reader")
    done = subprocess.run(
        ["dnsperf", "-s", resolver.address, "-p", str(resolver.port), "-d",
         questions, "-l", str(SECONDS), "-c", "8", "-q", "200"], text=True,
        capture_output=True, check=True).stdout
    sent, answers = (int(re.search(rf"Queries {what}: +(\d+)", done)[1])
                     for what in ("sent", "completed"))
    lab.check("Unbound: each was answered", sent == answers, done)
    cpu_s = reader.cpu_s()
    events, lost, size_b = reader.counts()
    say(lab, "Unbound", float(re.search(r"Run time \(s\): +([\d.]+)", done)[1]),
        cpu_s, answers, (events - NAMES, lost, size_b))


def through_rings(lab):
    state = os.path.join(lab.work, "rings")
    os.makedirs(state)
    fill = Daemon(lab.guard, "ring_fill", [
        os.path.join(os.environ["DNSPIN_BUILDDIR"], "tests/e2e/ring_fill"),
        state, "2", str(SECONDS * RATE), str(RATE)],
        os.path.join(lab.work, "filled"))
    wait_until(lambda: os.path.exists(f"{state}/unbound/events/1"), "rings")
    reader = Reader(lab, state)
    wait_until(lambda: not fill.alive(), "ring_fill", 3 * SECONDS)
    cpu_s = reader.cpu_s()
    count, took_us = map(int, fill.log_text().split())
    say(lab, "rings", took_us / 1e6, cpu_s, count, reader.counts())


with Lab("bench-flood", extra=ZONE) as the_lab:
    through_unbound(the_lab)
    through_rings(the_lab)
sys.exit(the_lab.finish())
