"""The loopback Internet: three NSD processes that serve root, top level and
leaf zones, signed where a table below says so, so that a resolver meets real
referrals, out-of-zone name servers and DNSSEC; and servers that behave badly.
"""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import dns.message
import dns.rcode

from daemon import Daemon, LabError, wait_until

SERVERS = {  # folder of zones: addresses, all at port 53
    "root": ["127.53.0.1"],
    "tld": ["127.53.0.2"],
    "leaf": ["127.53.0.3", "127.53.0.4"],
}
FICKLE = "127.53.0.9"  # of odd_servers.py: fails when told to
# Children before parents: the parent carries the child's DS.
SIGNED = ["microsoft.com.", "msocdn.com.", "answers.example.",
          "chains.example.", "expired.example.", "stripped.example.",
          "wrong-key.example.", "com.", "net.", "example.", "."]
EXPIRED = ["expired.example."]
STRIPPED = ["stripped.example."]
WRONG_KEY = ["wrong-key.example."]
# Changed after signing, in the signed file: a forged answer.
FORGED = {"msocdn.com.": ("52.109.8.19", "66.66.66.66")}

HERE = os.path.dirname(os.path.abspath(__file__))
NSD = shutil.which("nsd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _run(argv, cwd):
    try:
        done = subprocess.run(argv, cwd=cwd, text=True, capture_output=True,
                              check=False)
    except OSError as e:
        raise LabError(f"{argv[0]}: {e.strerror}") from e
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {done.stderr or done.stdout}")
    return done.stdout.strip()


def rcode_of(address, name, port=53):
    """What a server at address says about name; None: nothing."""
    query = dns.message.make_query(name, "SOA")
    query.flags = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.3)
        try:
            s.connect((address, port))  # a closed port is told at once
            s.send(query.to_wire())
            return dns.rcode.to_text(s.recv(4096)[3] & 15)
        except OSError:
            return None


class Authority:
    """extra: {zone: text}, master file lines added to a zone; a zone that is
    not there becomes a leaf."""

    def __init__(self, guard, work, extra=None):
        self.work = os.path.join(work, "authority")
        self.root_hints = os.path.join(self.work, "root.hints")
        self.trust_anchor = os.path.join(self.work, "root.key")
        self._guard = guard
        self._daemons = {}
        self._zones = {}  # origin: (folder, path)
        os.makedirs(self.work)
        self._copy(extra or {})
        for origin in SIGNED:
            self._sign(origin)
        with open(self.root_hints, "w", encoding="ascii") as f:
            f.write(". 3600 NS a.root-servers.net.\n"
                    "a.root-servers.net. 3600 A 127.53.0.1\n")

    def _copy(self, extra):
        for folder in SERVERS:
            os.makedirs(os.path.join(self.work, folder))
            for path in sorted(glob.glob(
                    os.path.join(HERE, "authority", folder, "*.zone"))):
                name = os.path.basename(path)[:-len(".zone")]
                origin = "." if name == "root" else name + "."
                to = os.path.join(self.work, folder, name)
                shutil.copyfile(path, to)
                self._zones[origin] = (folder, to)
        for origin, text in extra.items():
            _, path = self._zones.setdefault(origin, (
                "leaf", os.path.join(self.work, "leaf", origin[:-1])))
            with open(path, "a", encoding="ascii") as f:
                f.write(text)

    def _parent(self, origin):
        while origin != ".":
            origin = origin.split(".", 1)[1] or "."
            if origin in self._zones:
                return origin
        return None

    def _sign(self, origin):
        folder, path = self._zones[origin]
        key = self._key(origin)
        signed = path + ".signed"
        when = ["-i", "20200101", "-e", "20200201"]
        _run(["ldns-signzone", *(when if origin in EXPIRED else []),
              "-f", signed, path, key], self.work)
        if origin not in STRIPPED:
            self._zones[origin] = (folder, signed)
        self._vouch(origin, self._key(origin) if origin in WRONG_KEY else key)
        if origin in FORGED:
            self._forge(signed, *FORGED[origin])

    def _key(self, origin):
        return _run(["ldns-keygen", "-k", "-a", "ECDSAP256SHA256", origin],
                    self.work)

    def _vouch(self, origin, key):
        """In the parent, or as the trust anchor."""
        parent = self._parent(origin)
        if parent is None:
            shutil.copyfile(os.path.join(self.work, key + ".key"),
                            self.trust_anchor)
            return
        with open(os.path.join(self.work, key + ".ds"),
                  encoding="ascii") as ds, \
                open(self._zones[parent][1], "a", encoding="ascii") as to:
            to.write(ds.read())

    @staticmethod
    def _forge(path, true, forged):
        with open(path, encoding="ascii") as f:
            text = f.read()
        changed = re.sub(rf"(\s(A|CNAME)\s+){re.escape(true)}(?=\s)",
                         rf"\g<1>{forged}", text)
        if changed == text:
            raise LabError(f"{path}: no {true} to forge")
        with open(path, "w", encoding="ascii") as f:
            f.write(changed)

    def _conf(self, folder, addresses):
        path = os.path.join(self.work, folder + ".conf")
        lines = ["server:"]
        lines += [f"\tip-address: {a}@53" for a in addresses]
        lines += [
            '\tusername: ""', '\tchroot: ""', '\tdatabase: ""',
            "\tserver-count: 1", "\tdo-ip6: no", "\ttcp-count: 200",
            f'\tpidfile: "{self.work}/{folder}.pid"',
            f'\tzonelistfile: "{self.work}/{folder}.list"',
            f'\txfrdfile: "{self.work}/{folder}.xfrd"',
            f'\txfrdir: "{self.work}"', f'\tzonesdir: "{self.work}"',
            # Debian's build limits answers per source by default.
            "\trrl-ratelimit: 0", "\trrl-whitelist-ratelimit: 0",
            "remote-control:", "\tcontrol-enable: no",
        ]
        for origin, (where, zonefile) in sorted(self._zones.items()):
            if where == folder:
                lines += ["zone:", f'\tname: "{origin}"',
                          f'\tzonefile: "{zonefile}"',
                          "\tprovide-xfr: 127.0.0.0/8 NOKEY"]
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        return path

    def start(self):
        if NSD is None:
            raise LabError("nsd is missing: apt install nsd")
        for folder, addresses in SERVERS.items():
            taken = [a for a in addresses if rcode_of(a, ".")]
            if taken:
                raise LabError(f"another lab answers at {taken[0]} port 53")
            self._daemons[folder] = Daemon(
                self._guard, f"nsd ({folder})",
                [NSD, "-d", "-c", self._conf(folder, addresses)],
                os.path.join(self.work, folder + ".log"))
        self._daemons["odd"] = Daemon(
            self._guard, "odd servers",
            [sys.executable, "-B", os.path.join(HERE, "odd_servers.py")],
            os.path.join(self.work, "odd.log"))
        for folder, addresses in SERVERS.items():
            for address in addresses:
                self._daemons[folder].wait_ready(
                    lambda a=address: rcode_of(a, "."))
        self._daemons["odd"].wait_ready(lambda: rcode_of(FICKLE, "."))

    def pause(self, folder):
        """Its servers fall silent; what is asked meanwhile waits."""
        self._signal(folder, signal.SIGSTOP)

    def resume(self, folder):
        self._signal(folder, signal.SIGCONT)

    def fail(self):
        """fickle.example and fickle-off.example are SERVFAIL from now on."""
        self._tell_fickle(signal.SIGUSR1, "SERVFAIL")

    def mend(self):
        self._tell_fickle(signal.SIGUSR2, "NOERROR")

    def forge(self, origin, true, forged):
        """From now on that zone says forged, with the signature of true."""
        folder, path = self._zones[origin]
        self._forge(path, true, forged)
        self._signal(folder, signal.SIGHUP)

    def _tell_fickle(self, sig, rcode):
        self._signal("odd", sig)
        wait_until(lambda: rcode_of(FICKLE, "fickle.example") == rcode,
                   f"{FICKLE}: {rcode}")

    def _signal(self, folder, sig):
        os.killpg(self._daemons[folder].pid, sig)

    def pids(self):
        return [d.pid for d in self._daemons.values()]

    def stop(self):
        for daemon in self._daemons.values():
            daemon.stop()

    def log_tail(self):
        return "\n".join(d.log_tail(10) for d in self._daemons.values())
