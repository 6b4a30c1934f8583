"""An Unbound with the module in it, the policy it enforces, and questions."""
import glob
import json
import os
import shutil
import signal
import socket
import subprocess

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from daemon import Daemon, LabError, wait_until

UNPRIVILEGED = "nobody"  # whom Unbound becomes when the lab runs as root


class Answer:
    """What came back, in words."""

    def __init__(self, message, seconds):
        self.message = message
        self.seconds = seconds
        self.rcode = dns.rcode.to_text(message.rcode())
        self.rrs = self._section(message.answer)
        self.authority = self._section(message.authority)
        self.ede = [(o.code.value, o.text or "") for o in message.options
                    if o.otype == dns.edns.OptionType.EDE]

    @staticmethod
    def _section(rrsets):
        return [(s.name.to_text().lower(), s.ttl,
                 dns.rdatatype.to_text(s.rdtype), rr.to_text())
                for s in rrsets for rr in s]

    def texts(self, rdtype):
        return sorted(text for _, _, t, text in self.rrs if t == rdtype)

    @property
    def addresses(self):
        return self.texts("A") + self.texts("AAAA")

    @property
    def types(self):
        return sorted({t for _, _, t, _ in self.rrs})

    def flag(self, name):
        return bool(self.message.flags & dns.flags.from_text(name))

    def __str__(self):
        rrs = "; ".join(f"{o} {t} {x}" for o, _, t, x in self.rrs)
        soa = [t for _, _, t, _ in self.authority]
        return f"{self.rcode} [{rrs}] authority {soa} ede {self.ede}"


def ask(address, name, rdtype="A", *, port=53, tcp=False, cd=False, do=False,
        edns=True, rd=True, rdclass="IN", seconds=5.0, payload=1232,
        source=None):
    """One question. LabError when nothing comes back in time."""
    query = dns.message.make_query(
        name, rdtype, rdclass, use_edns=0 if edns or do else -1,
        want_dnssec=do, payload=payload if edns or do else None)
    if cd:
        query.flags |= dns.flags.CD
    if not rd:
        query.flags &= ~dns.flags.RD
    try:
        send = dns.query.tcp if tcp else dns.query.udp
        reply = send(query, address, timeout=seconds, port=port,
                     source=source)
    except (OSError, dns.exception.DNSException) as e:
        raise LabError(f"{name} {rdtype} at {address}: "
                       f"{type(e).__name__} {e}") from e
    return Answer(reply, reply.time)


def shipped_zones(source_dir):
    found = sorted(glob.glob(os.path.join(source_dir, "zones/intune-*/*.zone")))
    if not found:
        raise LabError(f"{source_dir}/zones: no policy zones there")
    return found


class Resolver:
    """Made by Lab.resolver(), which says what the arguments mean."""

    def __init__(self, guard, tree, work, name, *, address, port, threads,
                 module, state, hints, anchor, server_conf, env, binary, key,
                 stock):
        self.address, self.port = address, port
        self.name = name
        self.state = state or os.path.join(work, f"state-{name}")
        self.module = module
        self.stock = stock
        self.binary = binary or stock or tree.unbound
        self.under = []  # words of a command that runs it
        self.env = {**os.environ, **tree.sanitizer_env,
                    **self._python_env(key), **(env or {})}
        self._guard, self._tree, self._work = guard, tree, work
        self._threads, self._key = threads, key
        self._hints, self._anchor = hints, anchor
        self._server_conf = server_conf
        self._control = os.path.join(work, f"{name}.control")
        self._conf = os.path.join(work, f"{name}.conf")
        self.log = os.path.join(work, f"{name}.log")
        self._daemon = None
        self.faults = []  # seen by stop(); Lab reports them
        self._make_state()

    def _python_env(self, key):
        """Where Debian has pythonmod's own part, and the words that dynlib
        gets in its section."""
        if not self.stock or not self.module:
            return {}
        packages = os.path.join(os.path.dirname(os.path.dirname(self.stock)),
                                "lib", "python3", "dist-packages")
        return {"PYTHONPATH": packages, "DNSPIN_DIR": self.state,
                "PYTHONDONTWRITEBYTECODE": "1",
                "DNSPIN_TRUSTED_KEY": key or ""}

    def _make_state(self):
        owned = os.path.join(self.state, "unbound")
        os.makedirs(owned, exist_ok=True)
        if not self._tree.one_user:
            shutil.chown(owned, UNPRIVILEGED, "nogroup")

    def _write_conf(self):
        username = ""
        if not self._tree.one_user:
            username = UNPRIVILEGED
        modules = "validator iterator"
        if self.module:
            modules = "dynlib " + modules
        lines = [
            "server:",
            f"\tinterface: {self.address}@{self.port}",
            "\taccess-control: 127.0.0.0/8 allow",
            f"\tnum-threads: {self._threads}",
            "\tdo-ip6: no", "\tdo-daemonize: no", "\tuse-syslog: no",
            '\tlogfile: ""', '\tpidfile: ""', '\tchroot: ""',
            f'\tusername: "{username}"', f'\tdirectory: "{self._work}"',
            f'\tmodule-config: "{modules}"',
        ]
        if self._hints:
            lines += [f'\troot-hints: "{self._hints}"',
                      f'\ttrust-anchor-file: "{self._anchor}"',
                      "\tdo-not-query-localhost: no"]
        lines += ["\t" + line for line in self._server_conf]
        lines += ["remote-control:", "\tcontrol-enable: yes",
                  f'\tcontrol-interface: "{self._control}"',
                  "\tcontrol-use-cert: no"]
        if self.module and self.stock:
            lines = [line.replace('"dynlib ', '"python ').replace(
                ' dynlib ', ' python ') for line in lines]
            lines += ["python:", f'\tpython-script: "{self.module}"']
        elif self.module:
            lines += ["dynlib:", f'\tdynlib-file: "{self.module}"',
                      f'\tdynlib-file: "{self.state}"']
            if self._key:
                lines += [f'\tdynlib-file: "{self._key}"']
        with open(self._conf, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    # --- the policy -------------------------------------------------------

    def _dnspin(self, *args, stdin=None):
        return subprocess.run(
            [self._tree.dnspin, "-C", self._tree.conf, "-d", self.state,
             *args], input=stdin, text=True, capture_output=True, check=False)

    def dnspin(self, *args, stdin=None, expect=0):
        """Run the command on this state directory; its standard output.
        expect: the exit status, None for any."""
        done = self._dnspin(*args, stdin=stdin)
        if expect is not None and done.returncode != expect:
            raise LabError(f"dnspin {' '.join(args)}: exit "
                           f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def compile(self, zones, **settings):
        """zones: paths, or one text. settings: mode="observe", ..."""
        options = []
        for key, value in settings.items():
            options += ["-o", f"{key.replace('_', '-')}={value}"]
        if isinstance(zones, str):
            return self.dnspin(*options, "compile", "-", stdin=zones)
        return self.dnspin(*options, "compile", *zones)

    def enforce(self, zones, **settings):
        """The same, and wait until it is what the resolver goes by."""
        self.compile(zones, **settings)
        wait_until(lambda: json.loads(self._dnspin(
            "status", "-f", "json").stdout)["policy_in_use"],
                   "the new policy")

    def bindings(self):
        return json.loads(self.dnspin("export", "-f", "json", "-F"))["bindings"]

    def status(self, ready=True):
        """What dnspin status tells; its exit status has to agree."""
        done = self._dnspin("status", "-f", "json")
        told = json.loads(done.stdout)
        well = told["ready"] and told["confirmed"] is not False
        if told["ready"] != ready or done.returncode != (0 if well else 1):
            raise LabError(f"dnspin status: exit {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
        return told

    # --- the process ------------------------------------------------------

    def launch(self):
        """Start the process and return at once."""
        self._write_conf()
        self._daemon = Daemon(
            self._guard, self.name,
            [*self.under, self.binary, "-d", "-p", "-c", self._conf],
            self.log, env=self.env)
        return self

    def start(self):
        self.launch()
        self._daemon.wait_ready(self.responds, 120 if self.under else 20)
        return self

    def start_refused(self, seconds=20.0):
        """Start it where it must end by itself; (exit status, its log)."""
        self.launch()
        try:
            self._daemon.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} runs on\n{self.log_tail()}") from None
        status = self._daemon.stop()
        self._daemon = None
        return status, self.log_text()

    def responds(self):
        done = subprocess.run(
            [self._tree.unbound_control, "-c", self._conf, "status"],
            capture_output=True, check=False)
        return done.returncode == 0

    def control(self, *args, stdin=None):
        done = subprocess.run(
            [self._tree.unbound_control, "-c", self._conf, *args],
            input=stdin, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise LabError(f"unbound-control {' '.join(args)}: "
                           f"{done.stdout}{done.stderr}")
        return done.stdout

    @property
    def conf(self):
        """Its unbound.conf, which is there once it was started."""
        return self._conf

    @property
    def pid(self):
        return self._daemon.pid

    def alive(self):
        return self._daemon is not None and self._daemon.alive()

    def wait(self):
        """Until it ends by itself."""
        self._daemon.process.wait()

    def stop(self, seconds=10.0):
        """End it in good order, within seconds; the exit status."""
        if self._daemon is None:
            return 0
        status = self._daemon.stop(seconds=seconds)
        self._daemon = None
        if status != 0:
            self.faults.append(f"{self.name}: ended with status {status}")
        return status

    def kill9(self):
        status = self._daemon.stop(signal.SIGKILL)
        self._daemon = None
        return status

    def restart(self):
        self.stop()
        return self.start()

    def sanitizer_reports(self):
        if not os.path.exists(self.log):
            return []
        return [line for line in self.log_text().splitlines()
                if "Sanitizer: " in line and "Matched" not in line
                or "runtime error:" in line]

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def log_tail(self, lines=40):
        tail = self.log_text().splitlines()[-lines:]
        return "\n".join([f"--- end of {self.log}", *tail])

    # --- questions --------------------------------------------------------

    def send(self, name, rdtype="A", cd=False, source=None):
        """Ask and do not wait: the socket, for reply()."""
        query = dns.message.make_query(name, rdtype, use_edns=0)
        if cd:
            query.flags |= dns.flags.CD
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if source:
            s.bind((source, 0))
        s.connect((self.address, self.port))
        s.send(query.to_wire())
        return s

    @staticmethod
    def reply(s, seconds=10.0):
        with s:
            s.settimeout(seconds)
            try:
                return Answer(dns.message.from_wire(s.recv(65535)), 0.0)
            except OSError as e:
                raise LabError(f"no reply: {e}") from e

    def waits_for(self, name, rdtype):
        """Is a query for that in flight? (first thread only)"""
        return any(line.split()[1:4] == [rdtype, "IN", name]
                   for line in self.control("dump_requestlist").splitlines())

    def ask(self, name, rdtype="A", **how):
        try:
            return ask(self.address, name, rdtype, port=self.port, **how)
        except LabError as e:
            raise LabError(f"{e}\n{self.log_tail()}") from None
