"""What does it cost Unbound that the addresses of answers are recorded?

	tests/bench/bench_record.py [ROUNDS [NAMES]]

Answers that are in no cache, of one address (as fast as they come) and of ten
(2,000 a second), NAMES (4,000) of each in each of ROUNDS (5), from Unbound
without the module and with it, in turns: processor time of all threads for each
answer, and the ratio within a round, in the median. Every name is asked for
once, and its addresses are of no other name.
"""
import os
import re
import statistics
import subprocess
import sys

from lab import Lab

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
NAMES = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
RATE = 2000  # a second
EACH = {"one": 1, "ten": 10}
POLICY = """$ORIGIN bench.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.windows.net TXT "allow" "tcp/443"
"""
CAPACITY = 1 << 20


def address(i):
    return f"23.{128 + i // 62500}.{i // 250 % 250}.{i % 250 + 1}"


def zone():
    lines, n = [], 0
    for kind, each in EACH.items():
        for i in range(ROUNDS * NAMES):
            for _ in range(each):
                lines.append(f"{kind}{i} 60 A {address(n)}\n")
                n += 1
    return "".join(lines)


def cpu_us(pid):
    """Of all threads."""
    ns = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat",
                  encoding="ascii") as f:
            ns += int(f.read().split()[0])
    return ns / 1e3


def volley(lab, resolver, kind, begin):
    """us of processor time for each answer."""
    path = os.path.join(lab.work, "questions")
    with open(path, "w", encoding="ascii") as f:
        f.writelines(f"{kind}{i}.windows.net A\n"
                     for i in range(begin, begin + NAMES))
    how = ["-q", "1000", "-Q", str(RATE)] if EACH[kind] > 1 else ["-q", "100"]
    before = cpu_us(resolver.pid)
    done = subprocess.run(
        ["dnsperf", "-s", resolver.address, "-p", str(resolver.port), "-d",
         path, "-n", "1", "-c", "4", *how], text=True, capture_output=True,
        check=True)
    spent = cpu_us(resolver.pid) - before
    lost = int(re.search(r"Queries lost: +(\d+)", done.stdout)[1])
    if lost:
        print(f"{resolver.name}: {lost} questions of {NAMES} without answer")
    return spent / (NAMES - lost)


def measure(lab, resolvers, kind):
    costs = [[] for _ in resolvers]
    for n in range(ROUNDS):
        turn = list(zip(resolvers, costs))
        for resolver, found in turn if n % 2 else reversed(turn):
            found.append(volley(lab, resolver, kind, n * NAMES))
    return costs


def show(lab, resolvers, kind):
    base, *_ = costs = measure(lab, resolvers, kind)
    print(f"{NAMES} answers with addresses: {EACH[kind]}, {ROUNDS} rounds")
    for resolver, found in zip(resolvers, costs):
        ratio = statistics.median(a / b for a, b in zip(found, base))
        print(f"{resolver.name:14}{statistics.median(found):8.1f} us each"
              f"{ratio:7.2f}", flush=True)


def extra():
    return {"windows.net.": zone()}


with Lab("bench-record", extra=extra()) as the_lab:
    plain = the_lab.resolver("plain", module=False)
    module = the_lab.resolver("module", zones=POLICY, map_capacity=CAPACITY)
    for the_kind in EACH:
        show(the_lab, [plain, module], the_kind)
    counts = module.status()["resolver"]["counters"]
    the_lab.check("no address was refused", counts["map-full"] == 0)
sys.exit(the_lab.finish())
