"""Whatever ends the logger, and whatever the disk does: each event is in the
log once, or in a gap that the log declares.
"""
import os
import random
import signal
import subprocess
import sys
import time

from daemon import Daemon, eventually, wait_until
from lab import Lab
from logs import Logger, faults, turned

KILLS = int(os.environ.get("DNSPIN_LOG_KILLS", 0)) or (
    6 if os.environ.get("DNSPIN_QUICK") else 20)
RATE, RINGS = "20000", "2"
SEED = 5


class Source:
    """Something that fills rings as a resolver does."""

    def __init__(self, lab, name, *size):
        build = os.environ["DNSPIN_BUILDDIR"]
        self.state = os.path.join(lab.work, name)
        os.makedirs(self.state)
        self._argv = [os.path.join(build, "tests", "e2e", "ring_fill"),
                      self.state, RINGS, "100000000", RATE, *size]
        self._lab, self._name = lab, name
        self._daemon = None

    def start(self):
        self._daemon = Daemon(self._lab.guard, "ring_fill", self._argv,
                              os.path.join(self._lab.work,
                                           self._name + ".filled"))
        return self

    def stop(self):
        """How many events there were."""
        self._daemon.stop(signal.SIGTERM)
        return int(self._daemon.log_text().split()[-2])


def killed(lab, name, *options, most_s=0.25, readable=turned):
    """readable: of a log the files to read, once it is whole."""
    chance = random.Random(SEED)
    source = Source(lab, name).start()
    log = os.path.join(lab.work, name + ".json")
    logger = Logger(lab, source.state, "-O", log, *options)
    for _ in range(KILLS):
        logger.start()
        time.sleep(chance.uniform(0.01, most_s))  # the random moment
        logger.stop(signal.SIGKILL)
    filled = source.stop()
    lab.check(f"{name}: it takes up the end", logger.once() == 0,
              logger.said())
    wrong, events, lost = faults(readable(log))
    lab.check(f"{name}: {KILLS} kills, each event once or declared lost",
              not wrong and events + lost == filled and events > 0,
              (wrong[:2], events, lost, filled))
    print(f"        {events} events, {lost} lost")
    return log


def keys(lab, name):
    path = os.path.join(lab.work, name)
    subprocess.run([lab.tree.dnspin, "keygen", path], check=True,
                   stdout=subprocess.DEVNULL)
    return path, path + ".pub"


def sealed(lab):
    """In files that are turned often, with copies of the checkpoints."""
    key, public = keys(lab, "key")
    copies = os.path.join(lab.work, "copies")
    log = killed(lab, "sealed", "-k", key, "-P", copies, "-s", "8M")
    done = subprocess.run([lab.tree.dnspin, "verify", "-k", public, "-P",
                           copies, *turned(log)],
                          capture_output=True, text=True, check=False)
    lab.check("sealed: verify says that it is intact", done.returncode == 0,
              done)
    print("        " + done.stdout.replace("\n", "\n        "))


def encrypted(lab):
    """What is in no closed block dies with the logger, and is read once
    more; killed before and behind the ends of blocks."""
    key, public = keys(lab, "encrypting")
    auditor, auditor_public = keys(lab, "auditor")

    def decrypted(log):
        with open(log + ".plain", "wb") as to:
            done = subprocess.run(
                [lab.tree.dnspin, "verify", "-k", public, "-x", auditor,
                 *turned(log)], stdout=to, stderr=subprocess.PIPE, text=True,
                check=False)
        lab.check("encrypted: verify says that it is intact",
                  done.returncode == 0, done)
        print("        " + done.stderr.replace("\n", "\n        "))
        return [log + ".plain"]

    killed(lab, "encrypted", "-k", key, "-a", auditor_public, "-s", "8M",
           most_s=0.8, readable=decrypted)


def full_disk(lab):
    """A file system of 8 MiB that only the logger sees is filled, then has
    room again. The rings hold a quarter of a second, so that events get lost.
    """
    source = Source(lab, "full", "262144").start()
    disk = os.path.join(lab.work, "disk")
    os.makedirs(disk)
    log = os.path.join(disk, "log.json")
    logger = Logger(lab, source.state, "-O", log, command=[
        "unshare", "-m", "sh", "-c",
        f"mount -t tmpfs -o size=8m tmpfs {disk} && exec \"$@\"", "sh"])
    logger.start()
    inside = f"/proc/{logger.pid}/root{log}"
    full = eventually(lambda: "No space left" in logger.said(), 20)
    if "mount:" in logger.said() or "unshare:" in logger.said():
        lab.skip("a full disk", logger.said())
        source.stop()
        return
    lab.check("a full disk is said", full, logger.said())
    with open(inside, "rb") as f:
        f.seek(-1, os.SEEK_END)
        lab.check("no half line is left", f.read() == b"\n")
    before = logger_cpu(logger)
    time.sleep(1)  # the time in which it must not spin
    used = logger_cpu(logger) - before
    lab.check("it does not spin meanwhile", used < 0.5, used)
    kept = os.path.join(lab.work, "kept.json")
    with open(inside, "rb") as f, open(kept, "wb") as to:
        to.write(f.read())
    os.unlink(inside)
    lab.check("it goes on when there is room", eventually(
        lambda: "goes on" in logger.said(), 10), logger.said())
    wait_until(lambda: faults([inside])[1] > 0, "new events", 10)
    os.kill(logger.pid, signal.SIGSTOP)
    wrong, events, lost = faults([kept, inside])
    os.kill(logger.pid, signal.SIGCONT)
    lab.check("the gap is declared, and nothing is twice",
              not wrong and lost > 0, (wrong[:2], events, lost))
    lab.check("each time is said once", logger.said().count("No space left")
              <= logger.said().count("goes on") + 1, logger.said())
    source.stop()
    logger.stop(signal.SIGKILL)


def logger_cpu(logger):
    with open(f"/proc/{logger.pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


with Lab("log-kill", authority=False) as the_lab:
    killed(the_lab, "plain")
    sealed(the_lab)
    encrypted(the_lab)
    full_disk(the_lab)
sys.exit(the_lab.finish())
