"""What does it cost that answers wait for the firewall?

	tests/bench/bench_barrier.py [SECONDS]

First the time that an answer takes which is in no cache, one question after
another, from a resolver with the barrier and from one without, in turns. Then
20,000 new bindings a second for SECONDS (30), in answers of ten addresses: how
many reach the kernel, how many answers waited in vain, and what an answer costs
Unbound, against one without the module.
"""
import os
import re
import statistics
import subprocess
import sys
import time

from daemon import Daemon, LabError, eventually, wait_until
from lab import Lab
from router import case, question, zone
from server import cpu_us

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
ASKED = 4000        # one after another, from each
TURN = 100          # before the other one's turn
BINDINGS = 20000    # a second
EACH = 10           # addresses in an answer
NAMES = SECONDS * BINDINGS // EACH
DOMAIN = "load.windows.net"
POLICY = """$ORIGIN bench.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.windows.net TXT "allow" "tcp/443"
"""
CAPACITY = 1 << 20


def load_zone():
    """Names of ten addresses, each address once."""
    lines = []
    for i in range(NAMES * EACH):
        lines.append(f"b{i // EACH}.load 60 A 23.{128 + i // 62500}."
                     f"{i // 250 % 250}.{i % 250 + 1}\n")
    return "".join(lines)


def start_agent(lab, resolver):
    """Of one resolver only: an agent compares everything when somebody else
    changes the kernel's tables, be it another agent."""
    agent = Daemon(
        lab.guard, "sync", [lab.tree.dnspin, "-C", lab.tree.conf, "-d",
                            resolver.state, "sync"],
        os.path.join(lab.work, "sync.log"))
    wait_until(lambda: question(resolver.address, "ready.windows.net")[0]
               == "NOERROR", "the agent", alive=agent.alive)
    return agent


def counters(resolver):
    return resolver.status()["resolver"]["counters"]


# --- one after another ------------------------------------------------------

def seconds_of(resolver, i):
    name, rdtype, address = case(i)
    answer = resolver.ask(name, rdtype)
    if answer.addresses != [address]:
        raise LabError(f"{name}: {answer}")
    return answer.seconds


def latencies(resolvers):
    """ms of each answer, a list for each resolver."""
    times = [[] for _ in resolvers]
    for first in range(0, ASKED, TURN):
        for resolver, found in zip(resolvers, times):
            found += [seconds_of(resolver, i) * 1000
                      for i in range(first, first + TURN)]
    return times


def show_latencies(resolvers):
    times = latencies(resolvers)
    print(f"ms until an answer that is in no cache, {ASKED} one after another")
    print(f"{'':14}{'median':>9}{'p99':>9}")
    figures = [(statistics.median(t), statistics.quantiles(t, n=100)[98])
               for t in times]
    for resolver, (median, p99) in zip(resolvers, figures):
        print(f"{resolver.name:14}{median:9.3f}{p99:9.3f}")
    (median, p99), (base, base99) = figures[1], figures[0]
    print(f"{'more':14}{median - base:9.3f}{p99 - base99:9.3f}")
    print(f"{'ratio':14}{median / base:9.2f}{p99 / base99:9.2f}")


# --- many at once -----------------------------------------------------------

def volley(lab, resolver):
    """Ask for all names at the rate; (answers, those with SERVFAIL, lost, us
    of processor time each)."""
    path = os.path.join(lab.work, "questions")
    with open(path, "w", encoding="ascii") as f:
        f.writelines(f"b{i}.{DOMAIN} A\n" for i in range(NAMES))
    before = cpu_us(resolver.pid)
    done = subprocess.run(
        ["dnsperf", "-s", resolver.address, "-p", str(resolver.port), "-d",
         path, "-n", "1", "-c", "4", "-q", "1000", "-Q",
         str(BINDINGS // EACH)], text=True, capture_output=True, check=True)
    spent = cpu_us(resolver.pid) - before
    answers = int(re.search(r"Queries completed: +(\d+)", done.stdout)[1])
    lost = int(re.search(r"Queries lost: +(\d+)", done.stdout)[1])
    failed = re.search(r"SERVFAIL (\d+)", done.stdout)
    return (answers, int(failed[1]) if failed else 0, lost,
            spent / answers)


def in_kernel():
    done = subprocess.run(["nft", "list", "set", "inet", "dnspin",
                           "allowed4"], text=True, capture_output=True,
                          check=True)
    return done.stdout.count(" expires ")


def volleys(lab, resolvers):
    print(f"{NAMES} answers of {EACH} new addresses, "
          f"{BINDINGS // EACH} a second")
    print(f"{'':14}{'answers':>9}{'SERVFAIL':>9}{'lost':>6}{'us each':>9}"
          f"{'ratio':>7}")
    base = None
    for resolver in resolvers:
        *row, cost = volley(lab, resolver)
        base = base or cost
        print(f"{resolver.name:14}{row[0]:9}{row[1]:9}{row[2]:6}"
              f"{cost:9.1f}{cost / base:7.2f}")
    return row[0] - row[1]


def show_kernel(lab, resolver, answers, before, there):
    """What the last of the volleys left, with so many answers."""
    begin = time.monotonic()
    eventually(lambda: in_kernel() - there >= answers * EACH, 10)
    after, now = time.monotonic() - begin, counters(resolver)
    held, withheld = (now[n] - before[n] for n in ("held", "withheld"))
    lab.check("all that was answered is in the kernel",
              in_kernel() - there >= answers * EACH)
    print(f"{resolver.name}: {held} answers waited, {withheld} in vain; "
          f"{in_kernel() - there} of {answers * EACH} addresses in the kernel "
          f"{after:.1f} s after the last")


def extra():
    text = zone(ASKED)["windows.net."] + load_zone()
    return {"windows.net.": text + "ready 60 A 23.127.0.1\n"}


with Lab("bench-barrier", extra=extra()) as the_lab:
    if not the_lab.own_network:
        sys.exit("bench_barrier: no network namespace: it would change the "
                 "firewall of this machine")
    plain = the_lab.resolver("plain", module=False)
    off, closed = [the_lab.resolver(
        barrier, zones=POLICY, map_capacity=CAPACITY, barrier=barrier)
                   for barrier in ("off", "fail-closed")]
    the_agent = start_agent(the_lab, closed)
    show_latencies([off, closed])
    old = counters(closed), in_kernel()
    given = volleys(the_lab, [plain, off, closed])
    show_kernel(the_lab, closed, given, *old)
    the_agent.stop()
sys.exit(the_lab.finish())
