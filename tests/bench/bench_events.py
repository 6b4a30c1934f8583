"""What does it cost Unbound that each answer is an event?

	tests/bench/bench_events.py [ROUNDS [SECONDS]]

200 names that are all cached, as fast as they come for SECONDS (5) in each of
ROUNDS (7), in turns from Unbound with the module and no events, with events
that nobody reads, with events that dnspin log writes to a file as JSON, and
without the module, with nothing, with log-queries and log-replies, and with
dnstap. Processor time of all threads of Unbound for each answer, in the median,
and its ratio to the same without events within a round. Servers have processor
0, all else the others.
"""
import os
import re
import statistics
import subprocess
import sys

from daemon import Daemon, wait_until
from events import Trail
from lab import Lab

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
SECONDS = sys.argv[2] if len(sys.argv) > 2 else "5"
NAMES = 200
ZONE = {"windows.net.": "".join(
    f"hot{i} 86400 A 23.96.{i // 250}.{i % 250 + 1}\n" for i in range(NAMES))}
POLICY = """$ORIGIN bench.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.windows.net TXT "allow" "tcp/443"
"""


def cpu_us(pid):
    """Of all threads."""
    ns = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat",
                  encoding="ascii") as f:
            ns += int(f.read().split()[0])
    return ns / 1e3


def start(lab, name, conf=(), **how):
    resolver = lab.resolver(name, start=False, server_conf=[
        "so-rcvbuf: 4m", *conf], **how)
    resolver.under = ["taskset", "-c", "0"]
    return resolver.start()


def with_module(lab, name, events):
    return start(lab, name, zones=POLICY, settings={"event-ring": events})


def with_dnstap(lab):
    path = os.path.join(lab.work, "dnstap.sock")
    capture = Daemon(lab.guard, "fstrm_capture", [
        "fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", path, "-w",
        os.path.join(lab.work, "dnstap.out")],
        os.path.join(lab.work, "fstrm.log"))
    wait_until(lambda: os.path.exists(path), "fstrm_capture")
    os.chmod(path, 0o666)
    resolver = start(lab, "dnstap", module=False, conf=[
        "dnstap:", "dnstap-enable: yes", f'dnstap-socket-path: "{path}"',
        "dnstap-log-client-query-messages: yes",
        "dnstap-log-client-response-messages: yes"])
    return resolver, capture


def read(lab, resolver):
    """Its reader."""
    return Daemon(lab.guard, "dnspin log", [
        lab.tree.dnspin, "-C", lab.tree.conf, "-d", resolver.state, "log",
        "-O", os.path.join(lab.work, "log.json")],
        os.path.join(lab.work, "reader.log"))


def volley(resolver, path):
    """us of processor time for each answer; how many there were."""
    before = cpu_us(resolver.pid)
    done = subprocess.run(
        ["taskset", "-c", "1", "dnsperf", "-s", resolver.address, "-p",
         str(resolver.port), "-d", path, "-l", SECONDS, "-c", "4", "-q",
         "100"], text=True, capture_output=True, check=True)
    spent = cpu_us(resolver.pid) - before
    answers = int(re.search(r"Queries completed: +(\d+)", done.stdout)[1])
    return spent / answers, answers


def show(resolvers, base, path):
    costs = {r.name: [] for r in resolvers}
    answers = dict.fromkeys(costs, 0)
    for n in range(ROUNDS):
        for r in resolvers[n % len(resolvers):] + \
                resolvers[:n % len(resolvers)]:
            cost, count = volley(r, path)
            costs[r.name].append(cost)
            answers[r.name] += count
    for name, found in costs.items():
        ratio = statistics.median(
            a / b for a, b in zip(found, costs[base[name]]))
        print(f"{name:14}{statistics.median(found):8.2f} us each"
              f"{ratio:7.2f} of {base[name]}, {answers[name]} answers")
    return answers


with Lab("bench-events", extra=ZONE) as the_lab:
    questions = os.path.join(the_lab.work, "questions")
    with open(questions, "w", encoding="ascii") as f:
        f.writelines(f"hot{i}.windows.net A\n" for i in range(NAMES))
    os.sched_setaffinity(0, range(1, os.cpu_count()))
    off = with_module(the_lab, "off", 0)
    unread = with_module(the_lab, "unread", 65536)
    logged = with_module(the_lab, "read", 65536)
    plain = start(the_lab, "plain", module=False)
    text = start(the_lab, "log-queries", module=False, conf=[
        "log-queries: yes", "log-replies: yes"])
    dnstap, taker = with_dnstap(the_lab)
    everybody = [off, unread, logged, plain, text, dnstap]
    for server in everybody:
        volley(server, questions)
    reader = read(the_lab, logged)
    given = show(everybody, {
        "off": "off", "unread": "off", "read": "off", "plain": "plain",
        "log-queries": "plain", "dnstap": "plain"}, questions)
    counts = logged.status()["resolver"]["counters"]
    the_lab.check("every answer was from the cache, no event failed",
                  counts["hit"] >= given["read"] and
                  counts["unlogged"] == 0, counts)
    the_lab.check("there are events", Trail(unread).news())
    reader.stop()
    taker.stop()
sys.exit(the_lab.finish())
