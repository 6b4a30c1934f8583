"""A firewall agent that is as slow as one likes (slow_agent.c)."""
import os
import subprocess

from daemon import LabError


class SlowAgent:
    """delay_ms: between a change of the map and its confirmation; None: it
    never comes."""

    def __init__(self, lab, resolver, delay_ms=0):
        os.makedirs(os.path.join(resolver.state, "sync"), exist_ok=True)
        binary = os.path.join(lab.tree.build, "tests", "e2e", "slow_agent")
        self._process = subprocess.Popen(
            [binary, resolver.state], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.delay(delay_ms)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def delay(self, delay_ms):
        line = "never" if delay_ms is None else f"delay {delay_ms}"
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "done\n":
            raise LabError(f"slow_agent ended: {self._process.wait()}")

    def kill(self):
        """As kill -9 would."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
