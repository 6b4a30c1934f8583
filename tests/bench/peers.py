"""The servers that are measured: how each gets its list, starts, takes another
list while it runs, and ends. All forward to one authority and have room for
every answer.
"""
import itertools
import os
import shutil
import subprocess

from daemon import Daemon, wait_until
from server import AUTHORITY, Peer, program

UNBOUND = [
    "do-not-query-localhost: no", "so-rcvbuf: 4m", "msg-cache-size: 64m",
    "rrset-cache-size: 128m"]
FORWARD = ["forward-zone:", 'name: "."', f"forward-addr: {AUTHORITY}"]
MAP_CAPACITY = 1 << 20
LOG_SIZE = "256M"  # that the log of dnspin is turned at
ZONE_HEAD = """$ORIGIN bench.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
"""
RPZ_HEAD = """$ORIGIN {0}.
$TTL 60
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
"""
PYTHON = """\
exact, above = set(), set()
with open("{0}") as f:
    for line in f:
        name = line.strip()
        (above.add if name[:2] == "*." else exact.add)(
            name[2:] if name[:2] == "*." else name)

def allowed(name):
    name = name.rstrip(".").lower()
    if name in exact:
        return True
    while "." in name:
        name = name.split(".", 1)[1]
        if name in above:
            return True
    return False

def from_cache(qinfo, qstate, rep, rcode, edns, opts, region, **kwargs):
    allowed(qinfo.qname_str)
    return True

def init_standard(id, env):
    return register_inplace_cb_reply_cache(from_cache, env, id)

def deinit(id):
    return True

def inform_super(id, qstate, superqstate, qdata):
    return True

def operate(id, event, qstate, qdata):
    if event in (MODULE_EVENT_NEW, MODULE_EVENT_PASS):
        if allowed(qstate.qinfo.qname_str):
            qstate.ext_state[id] = MODULE_WAIT_MODULE
        else:
            qstate.return_rcode = RCODE_NXDOMAIN
            qstate.ext_state[id] = MODULE_FINISHED
    elif event == MODULE_EVENT_MODDONE:
        qstate.ext_state[id] = MODULE_FINISHED
    else:
        qstate.ext_state[id] = MODULE_ERROR
    return True
"""


class Unbound(Peer):
    """Plain; the base of all that are measured."""

    name = "plain"
    denies = reloads = False
    conf = ()
    module = False

    def prepare(self):
        self.resolver = self.lab.resolver(
            self.label, start=False, module=False,
            server_conf=UNBOUND + self.lines() + FORWARD)
        self.resolver.under = self.under

    def lines(self):
        return list(self.conf)

    @property
    def address(self):
        return self.resolver.address

    @property
    def pid(self):
        return self.resolver.pid

    def alive(self):
        return self.resolver.alive()

    def launch(self):
        self.resolver.launch()

    def stop(self):
        self.resolver.stop(60)


class Twin(Unbound):
    """Plain once more: how far two that are the same come apart."""

    name = "twin"


class Dnspin(Unbound):
    """Strict, with the map and rings, and a reader who writes JSON."""

    name = "dnspin"
    denies = reloads = True
    events = 65536
    reader = None

    def prepare(self):
        self.policies = {}
        self.resolver = self._compiled(self.label, self.rules)
        self.resolver.under = self.under

    stock = None

    def _compiled(self, label, rules):
        return self.lab.resolver(
            label, start=False, stock=self.stock, zones=[self.zone(rules)], mode="strict",
            map_capacity=MAP_CAPACITY, settings={"event-ring": self.events},
            server_conf=UNBOUND + FORWARD)

    def zone(self, rules):
        path = os.path.join(self.lab.work,
                            f"rules-{rules.count}{rules.edition}.zone")
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as f:
                f.write(ZONE_HEAD)
                f.writelines(f'{pattern} TXT "allow" "tcp/443"\n'
                             for pattern in rules.patterns())
        return path

    def started(self):
        self.reader = Daemon(self.lab.guard, "dnspin log", [
            self.lab.tree.dnspin, "-C", self.lab.tree.conf, "-d",
            self.resolver.state, "log", "-O", self.path("json"), "-s",
            LOG_SIZE], self.path("reader"))
        wait_until(lambda: os.path.exists(self.path("json")), "dnspin log",
                   alive=self.reader.alive)

    def tidy(self):
        folder, base = os.path.split(self.path("json"))
        for name in os.listdir(folder):
            if name.startswith(base + ".2"):
                os.unlink(os.path.join(folder, name))

    def stop(self):
        super().stop()
        if self.reader:
            self.reader.stop()

    def hits(self):
        return self.resolver.status()["resolver"]["counters"]["hit"]

    def lacks(self):
        counts = self.resolver.status()["resolver"]["counters"]
        return {name: counts[name] for name in ("map-full", "unlogged")
                if counts[name]}

    def prepare_change(self, rules):
        """Compiled once, in another folder."""
        if rules.edition not in self.policies:
            compiled = self._compiled(f"{self.label}-{rules.edition}", rules)
            with open(os.path.join(compiled.state, "policy"), "rb") as f:
                self.policies[rules.edition] = f.read()
        if os.path.exists(self.path("former")):
            os.unlink(self.path("former"))
        self._next = self.path("next")
        with open(self._next, "wb") as f:
            f.write(self.policies[rules.edition])

    def change(self):
        """Written before, as the lists of the others, and what it replaces is
        kept until later: what the system does to write or to forget a file
        keeps a processor for milliseconds."""
        path = os.path.join(self.resolver.state, "policy")
        os.link(path, self.path("former"))
        os.replace(self._next, path)


class Unread(Dnspin):
    """With rings that nobody reads."""

    name = "unread"
    reloads = False

    def started(self):
        pass


class Silent(Unread):
    """Without events."""

    name = "no-events"
    events = 0


class Loader(Unread):
    """The same in Debian's own Unbound, by way of pythonmod. It admits nothing
    to the cache of clients, so that all are judged as questions."""

    name = "loader"
    stock = os.environ.get("STOCK_UNBOUND")

    def hits(self):
        return self.resolver.status()["resolver"]["counters"]["allow"]


class Rpz(Unbound):
    """A zone that lets the list through, and one that refuses the rest."""

    name = "rpz"
    denies = reloads = True

    def lines(self):
        self._write(self.rules)
        self.write("rest", [RPZ_HEAD.format("rest.bench"), "* CNAME .\n"])
        return ['module-config: "respip validator iterator"', "rpz:",
                "name: rules.bench", f"zonefile: {self.path('allow')}",
                "rpz:", "name: rest.bench", f"zonefile: {self.path('rest')}"]

    def _write(self, rules):
        self.write("allow", [RPZ_HEAD.format("rules.bench"), *(
            f"{pattern} CNAME rpz-passthru.\n"
            for pattern in rules.patterns())])

    def prepare_change(self, rules):
        self._write(rules)

    def change(self):
        self.resolver.control("auth_zone_reload", "rules.bench")


class LocalZone(Unbound):
    """local-zone: everything is refused but what is on the list."""

    name = "local-zone"
    denies = reloads = True

    def lines(self):
        self._write(self.rules)
        return ['local-zone: "." always_nxdomain',
                f'include: "{self.path("list")}"']

    def _write(self, rules):
        self.write("list", (f"local-zone: {base} always_transparent\n"
                            for base, _ in rules.bases()))

    def prepare_change(self, rules):
        self._write(rules)

    def change(self):
        self.resolver.control("reload")


class LogQueries(Unbound):
    """No list, but every question and answer in the log."""

    name = "log-queries"
    conf = ("log-queries: yes", "log-replies: yes")

    def tidy(self):
        os.truncate(self.resolver.log, 0)


class Dnstap(Unbound):
    """No list, but every question and answer through dnstap."""

    name = "dnstap"
    programs = ("fstrm_capture",)

    def lines(self):
        return ["dnstap:", "dnstap-enable: yes",
                f'dnstap-socket-path: "{self.path("sock")}"',
                "dnstap-log-client-query-messages: yes",
                "dnstap-log-client-response-messages: yes"]

    def launch(self):
        self.reader = Daemon(self.lab.guard, "fstrm_capture", [
            "fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u",
            self.path("sock"), "-w", self.path("frames")],
            self.path("reader"))
        wait_until(lambda: os.path.exists(self.path("sock")),
                   "fstrm_capture", alive=self.reader.alive)
        os.chmod(self.path("sock"), 0o666)
        super().launch()

    def tidy(self):
        os.truncate(self.path("frames"), 0)

    def stop(self):
        super().stop()
        self.reader.stop()
        os.unlink(self.path("sock"))


class Python(Unbound):
    """The list in a set of Python, looked up for every question."""

    name = "python"
    denies = True
    most = 100000

    def lines(self):
        rules = self.write("list", (f"{pattern}\n"
                                    for pattern in self.rules.patterns()))
        script = self.write("py", [PYTHON.format(rules)])
        built = os.path.join(os.path.dirname(self.lab.tree.unbound),
                             "pythonmod", "unboundmodule.py")
        if os.path.exists(built):
            shutil.copy(built, self.lab.work)
        return ['module-config: "python iterator"', "python:",
                f'python-script: "{script}"']


class Dnsmasq(Peer):
    """A server for each name on the list, no such name for the rest. It reads
    its list at the beginning only."""

    name = "dnsmasq"
    programs = ("dnsmasq",)
    numbers = itertools.count(1)

    def prepare(self):
        self.address = f"127.53.2.{next(self.numbers)}"
        self.prepare_change(self.rules)

    def prepare_change(self, rules):
        self.write("conf", [f"""\
port=53
listen-address={self.address}
bind-interfaces
user=nobody
group=nogroup
pid-file=
no-resolv
no-hosts
dns-forward-max=1000
cache-size=200000
address=/#/
""", *(f"server=/{base}/{AUTHORITY}\n" for base, _ in rules.bases()),
            *self.more()])

    def more(self):
        return []

    def launch(self):
        self._daemon = Daemon(self.lab.guard, self.label, [
            *self.under, program("dnsmasq"), "-k", "-C", self.path("conf")],
            self.path("log"))

    @property
    def pid(self):
        return self._daemon.pid

    def alive(self):
        return self._daemon.alive()

    def stop(self):
        self._daemon.stop(seconds=60)

    def change(self):
        self.stop()
        self.launch()


class Nftset(Dnsmasq):
    """dnsmasq that puts the addresses into a set of the kernel."""

    name = "nftset"
    programs = ("dnsmasq", "nft")
    most = 100000
    most_quick = 200  # a minute to fill its cache otherwise
    reloads = False

    def more(self):
        table = f"bench{self.rules.count}"
        subprocess.run(
            [program("nft"), "-f", "-"], text=True, check=True,
            input=f"add table inet {table}\nadd set inet {table} allowed "
                  "{ type ipv4_addr; }\n")
        return (f"nftset=/{base}/4#inet#{table}#allowed\n"
                for base, _ in self.rules.bases())


PEERS = {p.name: p for p in (
    Unbound, Twin, Dnspin, Unread, Silent, Loader, Rpz, LocalZone, LogQueries,
    Dnstap, Python, Dnsmasq, Nftset) if p is not Loader or Loader.stock}
