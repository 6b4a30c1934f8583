"""What do matcher, map, ring and callback cost, each alone?

	tests/bench/bench_parts.py [-q] [-n] [-o FILE] [-c OLD] [-i FILE]

Runs bench_policy, bench_map, bench_ring and bench_hit, then once more under
callgrind for the instructions; dnspin-bench(7) tells the rest.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

from results import Table
from server import program

PARTS = {"bench_policy": ["1000000"], "bench_map": [], "bench_ring": [],
         "bench_hit": []}
QUICK = {**PARTS, "bench_policy": ["100000"], "bench_map": ["65536"]}
IN_FOLDER = {"bench_map": 0, "bench_policy": 1, "bench_ring": 0}  # argument
COUNTED = 20000  # times that bench.h does what callgrind counts
TIMES = ("warm", "warm_2", "cold", "cold_2")
HEADS = ("warm", "2 threads", "cold", "2 threads")
FORMAT = 1


def path_of(part):
    return os.path.join(os.environ["DNSPIN_BUILDDIR"], "tests/bench", part)


def run(part, args, folder, under=()):
    """Its lines. What it writes goes into folder."""
    path, args = path_of(part), args[:]
    if part in IN_FOLDER:
        args.insert(IN_FOLDER[part], folder)
    return subprocess.run([*under, path, *args], text=True, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE if under else None
                          ).stdout.splitlines()


def times(part, args, folder):
    """{operation: {column: ns}}, and the lines about what is done once."""
    told, notes = {}, []
    for line in run(part, args, folder):
        name, *cells = re.split(r" {2,}", line)
        if len(cells) != len(TIMES):
            if part in IN_FOLDER:  # the other one's are the framework's
                notes.append(line)
        elif cells[0] != "warm":
            told[name] = {column: None if cell == "-" else float(cell)
                          for column, cell in zip(TIMES, cells)}
    return told, notes


def instructions(part, args, folder):
    """{operation: instructions each}"""
    out = os.path.join(folder, "callgrind")
    run(part, args, folder, [
        program("valgrind"), "--tool=callgrind", "--instr-atstart=no",
        f"--callgrind-out-file={out}"])
    told = {}
    for path in glob.glob(out + ".*"):
        with open(path, encoding="ascii") as f:
            text = f.read()
        os.unlink(path)
        name = re.search("^desc: Trigger: Client Request: (.*)$", text, re.M)
        total = re.search(r"^totals: (\d+)$", text, re.M)
        told[name[1]] = round(int(total[1]) / COUNTED, 1)
    return told


def measure(options):
    results = {"format": FORMAT, "parts": {}}
    for part, args in (QUICK if options.quick else PARTS).items():
        if not os.path.exists(path_of(part)):
            print(f"{part} is left out: this Unbound has no objects for it",
                  file=sys.stderr)
            continue
        print(f"measuring {part}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            told, notes = times(part, args, folder)
            if not options.only_times:
                for name, count in instructions(part, args, folder).items():
                    told[name]["instructions"] = count
        results["parts"][part] = {"args": args, "operations": told,
                                  "once": notes}
    return results


def figure(value):
    return "-" if value is None else f"{value:.1f}"


def show(results, before):
    columns = [*TIMES, "instructions"]
    heads = [*HEADS, "instructions"]
    print("ns each of a thread's processor time")
    for part, told in results["parts"].items():
        old = before["parts"].get(part, {"operations": {}}) if before else None
        table = Table(" ".join([part, *told["args"]]), "", *(
            h for head in heads
            for h in [head] + ["was"] * (old is not None)))
        for name, costs in told["operations"].items():
            cells = []
            for column in columns:
                cells.append(figure(costs.get(column)))
                if old is not None:
                    cells.append(figure(
                        old["operations"].get(name, {}).get(column)))
            table.row(name, *cells)
        table.show()
        for line in told["once"]:
            print(line)


def read(path):
    with open(path, encoding="utf-8") as f:
        results = json.load(f)
    if results.get("format") != FORMAT or "parts" not in results:
        sys.exit(f"bench_parts: {path}: not of format {FORMAT}")
    return results


def parse():
    parser = argparse.ArgumentParser(
        prog="bench_parts.py", description="Measure matcher, map and ring; "
        "see dnspin-bench(7).")
    parser.add_argument("-q", dest="quick", action="store_true",
                        help="a tenth of the rules and bindings")
    parser.add_argument("-n", dest="only_times", action="store_true",
                        help="no instructions")
    parser.add_argument("-o", dest="out", metavar="FILE",
                        default="bench-parts.json",
                        help="the results (bench-parts.json)")
    parser.add_argument("-c", "--compare", metavar="OLD",
                        help="earlier results, to print beside")
    parser.add_argument("-i", dest="show", metavar="FILE",
                        help="measure nothing, print these results")
    options = parser.parse_args()
    if not options.only_times and not options.show and not program("valgrind"):
        print("no instructions: valgrind is not installed", file=sys.stderr)
        options.only_times = True
    return options


def main():
    options = parse()
    before = read(options.compare) if options.compare else None
    results = read(options.show) if options.show else measure(options)
    if not options.show:
        with open(options.out, "w", encoding="utf-8") as f:
            json.dump(results, f, indent=1)
            f.write("\n")
    show(results, before)


main()
