"""What a server's list costs besides answers: the time until it answers, the
memory, and the silence when another list takes its place.
"""
import os
import statistics
import time

from daemon import wait_until
from load import Load
from server import rcode_of
from workloads import CHANGED, Rules

RATE = 20000    # questions a second meanwhile
NAMES = 1000    # all cached before
WINDOW_S = 0.5  # watched when nothing changes, and behind each change
LONGEST_S = 300


def real_time(pid, on):
    """Let all threads of it go before those of others, or no more: who else
    uses the machine is not to be measured. On any processor: those that are
    equal would wait for each other on one."""
    how = (os.SCHED_RR, 10) if on else (os.SCHED_OTHER, 0)
    for thread in map(int, os.listdir(f"/proc/{pid}/task")):
        try:
            os.sched_setaffinity(thread, range(os.cpu_count()))
            os.sched_setscheduler(thread, how[0], os.sched_param(how[1]))
        except PermissionError:
            pass


class Life:
    """change_s, quiet_ms and silence_ms: of each change, if it can."""

    def __init__(self, server):
        self.server = server
        self.start_s = server.start()
        self.memory_mib = server.memory_mib()
        self.times = {"change_s": [], "quiet_ms": [], "silence_ms": []}

    def change(self, lab, times):
        """To a list with one rule more, and back, while questions come."""
        if not self.server.reloads:
            return
        for turn in range(times):
            edition = "AB"[(turn + 1) % 2]
            self.server.prepare_change(Rules(self.server.rules.count, edition))
            with Load(lab, self.server, RATE, NAMES, kinds=["both"]) as load:
                for key, value in self._watch(load, edition).items():
                    self.times[key].append(value)

    def _watch(self, load, edition):
        server = self.server
        load.policy("A")
        load.judged(2 * NAMES)
        for pid in (load.pid, server.pid):
            real_time(pid, True)
        load.policy("A")
        time.sleep(WINDOW_S)
        quiet_ms = load.policy("A")["silence_us"] / 1e3
        begin = time.monotonic()
        server.change()
        wanted = "NOERROR" if edition == "B" else "NXDOMAIN"
        wait_until(lambda: rcode_of(server.address, CHANGED, 1.0) == wanted,
                   f"{server.label}: the other list", LONGEST_S)
        change_s = time.monotonic() - begin
        time.sleep(WINDOW_S)
        silence_ms = load.policy("A")["silence_us"] / 1e3
        real_time(server.pid, False)
        return {"change_s": change_s, "quiet_ms": quiet_ms,
                "silence_ms": silence_ms}

    def record(self):
        return {"server": self.server.name, "rules": self.server.rules.count,
                "start_s": round(self.start_s, 3),
                "memory_mib": round(self.memory_mib, 1),
                **{key: round(statistics.median(values), 3) if values else None
                   for key, values in self.times.items()}}
