"""Firewall agents: the real one, and one that is as slow as one likes."""
import contextlib
import os
import signal
import subprocess

from daemon import Daemon, LabError, wait_until


class SyncAgent:
    """dnspin sync for a resolver's state directory, in the network namespace
    of the test. command: what runs it, where that is not the plain command."""

    def __init__(self, lab, resolver, *options, command=None):
        self._lab, self._resolver = lab, resolver
        self._argv = [*(command or [lab.tree.dnspin]), "-C", lab.tree.conf,
                      "-d", resolver.state, "sync", *options]
        self.log = os.path.join(lab.work, "sync.log")
        self._daemon = None

    def start(self):
        self._daemon = Daemon(self._lab.guard, "dnspin sync", self._argv,
                              self.log, env=self._resolver.env)
        return self

    @property
    def pid(self):
        return self._daemon.pid

    def alive(self):
        return self._daemon is not None and self._daemon.alive()

    def stop(self, sig=signal.SIGTERM):
        """The exit status; 0 when none was started."""
        return self._daemon.stop(sig) if self._daemon else 0

    def kill9(self):
        return self.stop(signal.SIGKILL)

    def hang_up(self):
        """It is to compare the kernel with the map."""
        os.kill(self.pid, signal.SIGHUP)

    @contextlib.contextmanager
    def stopped(self):
        """It does nothing inside; afterwards it goes on."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def wait_compared(self):
        """With -v it says so."""
        before = self.log_text().count("compared:")
        self.hang_up()
        wait_until(lambda: self.log_text().count("compared:") > before,
                   "a comparison", alive=self.alive)

    def log_text(self):
        return self._daemon.log_text()

    def log_tail(self):
        return self._daemon.log_tail()


class SlowAgent:
    """slow_agent.c. delay_ms: between a change of the map and its
    confirmation; None: it never comes."""

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
