"""The results as a file, and as tables."""
import json
import os
import platform
import statistics
import subprocess

from server import program
from workloads import WORKLOADS

FORMAT = 1


def spread(values):
    values = list(values)
    return {key: round(of(values), 4) for key, of in (
        ("median", statistics.median), ("least", min), ("most", max))}


def _first_line(*argv):
    try:
        said = subprocess.run(argv, text=True, capture_output=True,
                              check=False)
    except OSError:
        return None
    return (said.stdout or said.stderr).split("\n", 1)[0]


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def _load():
    return [round(n, 2) for n in os.getloadavg()]


def _count(rules):
    for size, word in ((1000000, "M"), (1000, "k")):
        if rules >= size and rules % size == 0:
            return f"{rules // size}{word}"
    return str(rules)


class Table:
    """Lines whose columns begin below each other; numbers end so."""

    def __init__(self, title, *heads):
        self._title, self._rows = title, [list(heads)]

    def row(self, *cells):
        self._rows.append(list(cells))

    def show(self):
        if len(self._rows) == 1:
            return
        widths = [max(len(row[i]) for row in self._rows)
                  for i in range(len(self._rows[0]))]
        print(f"\n{self._title}")
        for first, *rest in self._rows:
            print("  ".join([first.ljust(widths[0]), *(
                cell.rjust(width) for cell, width in zip(rest, widths[1:]))])
                .rstrip())


class Results:
    def __init__(self, told):
        self._told = told
        self._costs = {(c["workload"], c["server"], c["rules"]): c
                       for c in told["costs"]}
        self._lives = {(c["server"], c["rules"]): c for c in told["lives"]}

    @classmethod
    def begin(cls, form, lab):
        return cls({
            "format": FORMAT, "processor": _processor(),
            "processors": os.cpu_count(), "kernel": platform.release(),
            "unbound": _first_line(lab.tree.unbound, "-V"),
            "dnsmasq": _first_line(
                program("dnsmasq") or "dnsmasq", "--version"),
            "load_before": _load(), "rounds": form.rounds,
            "seconds": form.seconds, "costs": [], "lives": []})

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as f:
            told = json.load(f)
        if told.get("format") != FORMAT:
            raise SystemExit(f"bench_peers: {path}: not of format {FORMAT}")
        return cls(told)

    def write(self, path):
        self._told["load_after"] = _load()
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump(self._told, f, indent=1)
            f.write("\n")
        os.rename(path + ".new", path)

    def add_costs(self, figures):
        for record in figures.records():
            self._told["costs"].append(record)
            self._costs[figures.workload, record["server"],
                        figures.rules] = record

    def add_life(self, life):
        record = life.record()
        self._told["lives"].append(record)
        self._lives[record["server"], record["rules"]] = record

    @staticmethod
    def _axis(records, key):
        return list(dict.fromkeys(r[key] for r in records))

    def _show_workload(self, workload, before):
        told = [c for c in self._told["costs"] if c["workload"] == workload]
        sizes = self._axis(told, "rules")
        heads = []
        for n in sizes:
            heads += [_count(n), "least", "most"] + ["was"] * bool(before)
        table = Table(f"{workload}: {WORKLOADS[workload][0]}", "", *heads)
        if not told:
            return
        for name in self._axis(told, "server"):
            row = []
            for n in sizes:
                row += self._cells((workload, name, n), before)
            table.row(name, *row)
        table.row("plain, us", *(c for n in sizes for c in self._base(
            workload, n, before)))
        table.show()

    def _cells(self, key, before):
        cost = self._costs.get(key)
        cells = [f"{cost[k]:.2f}" for k in ("median", "least", "most")] \
            if cost else ["-"] * 3
        if before:
            old = before._costs.get(key)
            cells.append(f"{old['median']:.2f}" if old else "-")
        return cells

    def _base(self, workload, rules, before):
        cells = []
        cost = self._costs.get((workload, "plain", rules))
        us = sorted(cost["us"]) if cost else []
        cells = [f"{t:.2f}" for t in (us[len(us) // 2], us[0], us[-1])] \
            if us else ["-"] * 3
        if before:
            old = before._costs.get((workload, "plain", rules))
            us = sorted(old["us"]) if old else []
            cells.append(f"{us[len(us) // 2]:.2f}" if us else "-")
        return cells

    def _show_events(self):
        """Servers with events beside the one without, in the same rounds."""
        table = Table("Events: as a ratio to no-events", "", "", "median",
                      "least", "most")
        for (workload, server, rules), cost in self._costs.items():
            base = self._costs.get((workload, "no-events", rules))
            if base and server in ("dnspin", "unread"):
                told = spread(a / b for a, b in zip(cost["us"], base["us"]))
                table.row(server, f"{workload}, {_count(rules)}", *(
                    f"{n:.2f}" for n in told.values()))
        table.show()

    def _show_lives(self, before):
        columns = (("start_s", "start s"), ("memory_mib", "memory MiB"),
                   ("change_s", "change s"), ("quiet_ms", "quiet ms"),
                   ("silence_ms", "silence ms"))
        for rules in self._axis(self._told["lives"], "rules"):
            heads = [h for _, head in columns
                     for h in [head] + ["was"] * bool(before)]
            table = Table(f"{_count(rules)} rules: beginning, and another list",
                          "", *heads)
            for name in self._axis(self._told["lives"], "server"):
                life = self._lives.get((name, rules))
                if not life:
                    continue
                old = before and before._lives.get((name, rules))
                table.row(name, *(
                    cell for key, _ in columns for cell in
                    [_figure(life[key])] +
                    ([_figure(old[key] if old else None)] if before else [])))
            table.show()

    def show(self, before=None):
        told = self._told
        print(f"{told['processor']}, {told['processors']} processors, Linux "
              f"{told['kernel']}, {told['unbound']}, load "
              f"{told['load_before'][0]} to {told.get('load_after', [0])[0]}; "
              f"{told['rounds']} rounds of {told['seconds']} s")
        print("processor time of the server for an answer, as a ratio to plain "
              "in the same round: median, least, most")
        for workload in WORKLOADS:
            self._show_workload(workload, before)
        self._show_events()
        self._show_lives(before)


def _figure(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"
