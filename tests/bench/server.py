"""A server that is measured, of whatever make, and the authority that all of
them ask.
"""
import os
import shutil
import socket
import time

import dns.message
import dns.rcode

from daemon import Daemon, LabError, wait_until

AUTHORITY = "127.53.0.5"
ADDRESS = "23.96.0.1"
ZONE = f""". 86400 SOA a. h. 1 3600 600 86400 60
. 86400 NS a.
* 86400 A {ADDRESS}
""" + "".join(f"*.ten 86400 A 23.96.1.{i}\n" for i in range(1, 11))


def start_authority(lab):
    """An NSD that has the root zone only."""
    conf, zone = (os.path.join(lab.work, "authority." + end)
                  for end in ("conf", "zone"))
    with open(zone, "w", encoding="ascii") as f:
        f.write(ZONE)
    with open(conf, "w", encoding="ascii") as f:
        f.write(f"""server:
 ip-address: {AUTHORITY}
 username: ""
 chroot: ""
 database: ""
 server-count: 1
 pidfile: "{conf}.pid"
 zonelistfile: "{conf}.list"
 xfrdfile: "{conf}.xfrd"
 xfrdir: "{lab.work}"
 rrl-ratelimit: 0
 rrl-whitelist-ratelimit: 0
remote-control:
 control-enable: no
zone:
 name: "."
 zonefile: "{zone}"
""")
    daemon = Daemon(lab.guard, "nsd", [program("nsd"), "-d", "-c", conf],
                    os.path.join(lab.work, "nsd.log"))
    daemon.wait_ready(lambda: rcode_of(AUTHORITY, "ready.") == "NOERROR")
    return daemon


def rcode_of(address, name, seconds=0.3):
    """None: no answer."""
    query = dns.message.make_query(name, "A")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        try:
            s.connect((address, 53))
            s.send(query.to_wire())
            return dns.rcode.to_text(s.recv(4096)[3] & 15)
        except OSError:
            return None


def program(name):
    """Where it is; None: nowhere."""
    return shutil.which(name, path=os.environ.get("PATH", "") +
                        ":/usr/sbin:/sbin")


def cpu_us(pid):
    """Of all threads."""
    ns = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat",
                  encoding="ascii") as f:
            ns += int(f.read().split()[0])
    return ns / 1e3


class Peer:
    """A server with a list of rules. name: its row; programs: what it needs
    besides Unbound; most: rules that it bears, most_quick: in the
    quick form; denies: does it refuse what is
    off the list? reloads: can it take another list while it runs?"""

    programs = ()
    port = 53
    most = most_quick = 1000000
    denies = reloads = True

    def __init__(self, lab, rules, core):
        self.lab, self.rules = lab, rules
        self.label = f"{self.name}-{rules.count}"
        self.under = ["taskset", "-c", str(core)]
        self.prepare()

    def path(self, end):
        return os.path.join(self.lab.work, f"{self.label}.{end}")

    def write(self, end, lines):
        path = self.path(end)
        with open(path, "w", encoding="ascii") as f:
            f.writelines(lines)
        return path

    def answers(self):
        """Is it there, with its list?"""
        listed, other = self.rules.probe()
        return (rcode_of(self.address, listed, 0.05) == "NOERROR" and
                rcode_of(self.address, other) ==
                ("NXDOMAIN" if self.denies else "NOERROR"))

    def start(self):
        """Seconds until it answers."""
        begin = time.monotonic()
        self.launch()
        wait_until(self.answers, self.label, 300, self.alive)
        seconds = time.monotonic() - begin
        self.started()
        return seconds

    def started(self):
        """What belongs to it, once it answers."""

    def tidy(self):
        """Away with what it wrote while it was measured."""

    def lacks(self):
        """Counters that tell of work left out."""
        return {}

    def hits(self):
        """Answers from the cache that it judged so far; None: it does not
        tell."""

    def cpu_us(self):
        return cpu_us(self.pid)

    def memory_mib(self):
        """That no other process can share: not of a file."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as f:
            for line in f:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1]) / 1024
        raise LabError(f"{self.label}: no memory")
