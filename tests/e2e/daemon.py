"""Servers as children: started, waited for, and ended whatever happens.

A guard process holds one end of a pipe. When the test dies, even by SIGKILL,
the pipe closes and the guard kills the process groups it was told of. Nothing
is ever killed by name.
"""
import ctypes
import os
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36


class LabError(Exception):
    """The lab itself is broken: no verdict on what it was to test."""


def wait_until(ready, what, seconds=20.0, alive=None):
    """Poll ready() until it is true; its value. LabError after seconds."""
    end = time.monotonic() + seconds
    pause = 0.005
    while True:
        value = ready()
        if value:
            return value
        if alive is not None and not alive():
            raise LabError(f"{what}: the process ended")
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {seconds:.0f} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def eventually(ready, seconds):
    """Does ready() become true within seconds? What cannot be told yet, is
    not."""
    def is_ready():
        try:
            return ready()
        except LabError:
            return False

    try:
        wait_until(is_ready, "", seconds)
    except LabError:
        return False
    return True


class Guard:
    """Knows the process groups that must not outlive this process."""

    def __init__(self):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        read_end, self._pipe = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._watch(read_end)
        os.close(read_end)
        self._pid = pid

    def _watch(self, read_end):
        """In the guard: never returns."""
        groups = set()
        try:
            for sig in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                signal.signal(sig, signal.SIG_IGN)
            os.setsid()
            os.close(self._pipe)
            with os.fdopen(read_end, "r", encoding="ascii") as lines:
                for line in lines:
                    sign, group = line[0], int(line[1:])
                    (groups.add if sign == "+" else groups.discard)(group)
            for group in groups:
                try:
                    os.killpg(group, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        finally:
            os._exit(0)

    def add(self, group):
        os.write(self._pipe, f"+{group}\n".encode("ascii"))

    def remove(self, group):
        os.write(self._pipe, f"-{group}\n".encode("ascii"))

    def close(self):
        os.close(self._pipe)
        os.waitpid(self._pid, 0)


class Daemon:
    """One server in the foreground, a process group of its own, one log."""

    def __init__(self, guard, name, argv, log, env=None, cwd=None):
        self.name = name
        self.log = log
        self._guard = guard
        with open(log, "ab") as out:
            try:
                self.process = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                    env=env, cwd=cwd, start_new_session=True)
            except OSError as e:
                raise LabError(f"{name}: {argv[0]}: {e.strerror}") from e
        guard.add(self.process.pid)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def wait_ready(self, ready, seconds=20.0):
        try:
            wait_until(ready, self.name, seconds, self.alive)
        except LabError as e:
            raise LabError(f"{e}\n{self.log_tail()}") from None

    def stop(self, sig=signal.SIGTERM, seconds=10.0):
        """End it; the exit status, negative for a signal."""
        if self.alive():
            self.process.send_signal(sig)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status = self.process.wait()
        self._reap_group()
        self._guard.remove(self.process.pid)
        return status

    def _reap_group(self):
        """Children that the server left behind came to us (subreaper)."""
        try:
            while True:
                os.waitpid(-self.process.pid, 0)
        except ChildProcessError:
            pass

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def log_tail(self, lines=40):
        tail = self.log_text().splitlines()[-lines:]
        return "\n".join([f"--- {self.name}: end of {self.log}", *tail])
