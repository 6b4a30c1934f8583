"""dnspin log as a daemon, and what is in the logs that it writes."""
import json
import os
import signal
import subprocess

from daemon import Daemon


class Logger:
    """dnspin log of a state directory. command: what runs it, where that is
    not the plain command."""

    def __init__(self, lab, state, *options, command=None, env=None):
        self._lab, self._env = lab, env
        self._argv = [*(command or []), lab.tree.dnspin, "-C", os.devnull,
                      "-d", state, "log", *options]
        self.errors = os.path.join(lab.work, "log.errors")
        self._daemon = None

    def start(self):
        self._daemon = Daemon(self._lab.guard, "dnspin log", self._argv,
                              self.errors, env=self._env)
        return self

    @property
    def pid(self):
        return self._daemon.pid

    def alive(self):
        return self._daemon.alive()

    def stop(self, sig=signal.SIGTERM):
        return self._daemon.stop(sig)

    def hang_up(self):
        os.kill(self.pid, signal.SIGHUP)

    def once(self):
        """With -1: the exit status."""
        return subprocess.run([*self._argv, "-1"], env=self._env,
                              check=False, timeout=60).returncode

    def said(self):
        return self._daemon.log_text() if self._daemon else ""


def lines(path):
    """The whole lines of a file; a last half one is left out."""
    try:
        with open(path, encoding="ascii") as f:
            text = f.read()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split("\n")[:-1]]


def of_kind(path, kind="event"):
    return [line for line in lines(path)
            if line.get("event", {}).get("kind") == kind]


def turned(path):
    """A log and those it was before, oldest first."""
    folder, base = os.path.split(path)
    return sorted(os.path.join(folder, name) for name in os.listdir(folder)
                  if name.startswith(base + ".2")) + [path]


def faults(paths):
    """What is missing or twice, where the lines say no loss; the numbers of
    events and of declared losses."""
    wrong, expected, events, lost = [], {}, 0, 0
    for line in (line for path in paths for line in lines(path)):
        kind = line.get("event", {}).get("kind")
        own = line["dnspin"]
        if kind == "pipeline_error":
            lost += own["lost"]
            if own["next"] - own["lost"] != expected.get(own["ring"], 1):
                wrong.append(line)
            expected[own["ring"]] = own["next"]
        elif kind == "event":
            events += 1
            number = line["event"]["sequence"]
            if number != expected.get(own["ring"], number):
                wrong.append(line)
            expected[own["ring"]] = number + 1
    return wrong, events, lost
