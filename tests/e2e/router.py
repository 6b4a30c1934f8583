"""A network of three machines, each a namespace of its own: a client, a router
with tools/dnspin.nft and Unbound, a server that owns thousands of addresses.

	client lan0 --- lan0 router wan0 --- wan0 server

The lab's own process is the router; the other two are children that call
functions for it.
"""
import multiprocessing
import os
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import time

import dns.exception
import dns.message
import dns.query
import dns.rcode

import netns
from agents import SyncAgent
from daemon import LabError, wait_until

DOMAIN = "fresh.windows.net"
ROUTER4, ROUTER6 = "10.20.0.1", "fd00:20::1"  # as dnspin.nft has them
CLIENT4, CLIENT6 = "10.20.0.2", "fd00:20::2"
SERVED4, SERVED6 = "23.96.0.0/11", "2620:1ec::/32"  # all of it the server's
AGENT = "daemon"  # whom the agent runs as
PORTS = (443, 853, 8443)  # at which the server listens
UNBOUND = ["do-ip6: yes", f"interface: {ROUTER6}@53",
           "access-control: 10.20.0.0/24 allow",
           "access-control: fd00:20::/64 allow"]
POLICY = f"""$ORIGIN router.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.{DOMAIN} TXT "allow" "tcp/443"
any-service.{DOMAIN} TXT "allow"
"""
TCP_INFO_RETRANS = 100  # tcpi_total_retrans in struct tcp_info


# --- names and addresses ----------------------------------------------------

def case(i):
    """Name, type and address number i: each its own."""
    if i % 2:
        return f"h{i}.{DOMAIN}", "AAAA", f"2620:1ec:f::{i:x}"
    return f"h{i}.{DOMAIN}", "A", f"23.96.{i // 250}.{i % 250 + 1}"


ANY_SERVICE = f"any-service.{DOMAIN}", "A", "23.97.0.1"


def zone(count):
    """For Lab(extra=): count names with an address each."""
    label = DOMAIN.split(".", maxsplit=1)[0]
    lines = [f"{name.split('.')[0]}.{label} 60 {rdtype} {address}\n"
             for name, rdtype, address in map(case, range(count))]
    lines.append(f"any-service.{label} 60 A {ANY_SERVICE[2]}\n")
    return {"windows.net.": "".join(lines)}


# --- machines ---------------------------------------------------------------

def run(*argv, text=None):
    done = subprocess.run(argv, input=text, text=True, capture_output=True,
                          check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {done.stderr or done.stdout}")
    return done.stdout


class Host:
    """A process in a network namespace of its own."""

    def __init__(self):
        self._pipe, theirs = multiprocessing.Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._pipe.close()
            self._serve(theirs)
        theirs.close()
        refused = self.call(netns.enter)
        if refused:
            raise LabError(f"no namespace for another machine: {refused}")

    @staticmethod
    def _serve(pipe):
        """In the child: never returns."""
        try:
            while True:
                function, args = pipe.recv()
                try:
                    pipe.send((function(*args), None))
                except Exception as e:  # told to who called
                    pipe.send((None, f"{type(e).__name__}: {e}"))
        except (EOFError, OSError):
            pass
        finally:
            os._exit(0)

    def begin(self, function, *args):
        self._pipe.send((function, args))

    def end(self):
        """What the function that began returns."""
        try:
            value, wrong = self._pipe.recv()
        except EOFError:
            raise LabError("a machine of the lab ended") from None
        if wrong:
            raise LabError(f"a machine of the lab: {wrong}")
        return value

    def call(self, function, *args):
        self.begin(function, *args)
        return self.end()

    def close(self):
        """Later machines hold copies of the pipe, so closing it is not
        enough."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._pipe.close()


def commands(text):
    for line in text.strip().splitlines():
        run(*line.split())


def sysctl(name, value):
    path = "/proc/sys/" + name.replace(".", "/")
    with open(path, "w", encoding="ascii") as f:
        f.write(value)


# --- what the server does ---------------------------------------------------

def listen(family, port):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("", port))
    s.listen(4096)
    return s


def echo(selector, s):
    data = s.recv(4096)
    if data:
        s.send(data)
    else:
        selector.unregister(s)
        s.close()


def serve():
    """TCP that sends back what it gets, in a child of the machine."""
    if os.fork():
        return
    selector = selectors.DefaultSelector()
    for port in PORTS:
        for family in (socket.AF_INET, socket.AF_INET6):
            selector.register(listen(family, port),
                              selectors.EVENT_READ, "listener")
    parent = os.getppid()
    while os.getppid() == parent:
        for key, _ in selector.select(1):
            if key.data == "listener":
                selector.register(key.fileobj.accept()[0],
                                  selectors.EVENT_READ)
                continue
            try:
                echo(selector, key.fileobj)
            except ConnectionError:
                selector.unregister(key.fileobj)
                key.fileobj.close()
    os._exit(0)


# --- what the client does ---------------------------------------------------

def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connect(address, port, seconds=5.0):
    """None when the first packet got through, else what happened."""
    with socket.socket(family_of(address), socket.SOCK_STREAM) as s:
        s.settimeout(seconds)
        try:
            s.connect((address, port))
        except OSError as e:
            return type(e).__name__ if not e.errno else os.strerror(e.errno)
        info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        again, = struct.unpack_from("I", info, TCP_INFO_RETRANS)
        return f"{again} packets sent again" if again else None


def connects(targets, seconds=5.0):
    return [connect(address, port, seconds) for address, port in targets]


def first_connects(cases):
    """Ask for each name and connect to its address at once: [(name, what
    happened)] of those that failed, and the seconds that each answer took."""
    failed, times = [], []
    queries = [(name, dns.message.make_query(name, rdtype).to_wire(),
                socket.inet_pton(family_of(address), address), address)
               for name, rdtype, address in cases]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5.0)
        s.connect((ROUTER4, 53))
        for name, wire, packed, address in queries:
            begin = time.monotonic()
            s.send(wire)
            reply = s.recv(4096)
            times.append(time.monotonic() - begin)
            wrong = connect(address, 443)
            if reply[:2] != wire[:2] or packed not in reply:
                wrong = f"answer with rcode {reply[3] & 15}"
            if wrong:
                failed.append((name, wrong))
    return failed, times


def question(server, name, rdtype="A", tcp=False, seconds=2.0):
    """rcode and texts of the answer that comes from server, None for none."""
    send = dns.query.tcp if tcp else dns.query.udp
    try:
        reply = send(dns.message.make_query(name, rdtype), server,
                     timeout=seconds)
    except (OSError, dns.exception.DNSException) as e:
        return f"{type(e).__name__}: {e}", []
    return (dns.rcode.to_text(reply.rcode()),
            [rr.to_text() for rrset in reply.answer for rr in rrset])


_kept = {}  # connections that stay open, by address


def keep_open(address, port):
    _kept[address] = socket.create_connection((address, port), 5.0)


def still_open(address):
    """Does an open connection carry octets both ways?"""
    _kept[address].settimeout(2.0)
    try:
        _kept[address].send(b"x")
        return _kept[address].recv(1) == b"x"
    except OSError:
        return False


# --- the three of them ------------------------------------------------------

class Network:
    """In a Lab that has a network of its own; close() before the lab ends."""

    def __init__(self, lab):
        self._lab = lab
        self.rules = os.path.join(lab.tree.source, "tools", "dnspin.nft")
        self.agent = None
        self.client = Host()
        self.server = Host()
        self._connect(self.client, "lan0", ROUTER4, ROUTER6, CLIENT4, CLIENT6)
        self._connect(self.server, "wan0", "10.30.0.1", "fd00:30::1",
                      "10.30.0.2", "fd00:30::2")
        commands(f"""
            ip route add {SERVED4} via 10.30.0.2
            ip -6 route add {SERVED6} via fd00:30::2""")
        sysctl("net.ipv4.ip_forward", "1")
        sysctl("net.ipv6.conf.all.forwarding", "1")
        self.client.call(commands, f"""
            ip route add default via {ROUTER4}
            ip -6 route add default via {ROUTER6}""")
        self.server.call(commands, f"""
            ip route add default via 10.30.0.1
            ip -6 route add default via fd00:30::1
            ip route add local {SERVED4} dev lo
            ip -6 route add local {SERVED6} dev lo""")
        self.server.call(serve)
        self._found()

    def _found(self):
        """Neighbours know each other."""
        there = [(address, 443) for _, _, address in map(case, range(2))]
        wait_until(lambda: self.client.call(connects, there, 1.0)
                   == [None, None], "the server")

    @staticmethod
    def _connect(host, link, near4, near6, far4, far6):
        commands(f"""
            ip link add {link} type veth peer name {link} netns {host.pid}
            ip address add {near4}/24 dev {link}
            ip address add {near6}/64 dev {link} nodad
            ip link set {link} up""")
        host.call(commands, f"""
            ip address add {far4}/24 dev {link}
            ip address add {far6}/64 dev {link} nodad
            ip link set {link} up""")

    def load(self, change=lambda text: text):
        with open(self.rules, encoding="ascii") as f:
            return run("nft", "-f", "-", text=change(f.read()))

    def start_agent(self, resolver):
        """As the unit does: a user of its own with one capability."""
        tree, command = self._lab.tree, []
        binary = os.path.join(self._lab.work, "dnspin")
        folder = os.path.join(resolver.state, "sync")
        os.makedirs(folder, exist_ok=True)
        if not tree.one_user:
            shutil.chown(folder, AGENT, AGENT)
            command = ["setpriv", f"--reuid={AGENT}", f"--regid={AGENT}",
                       "--clear-groups", "--no-new-privs",
                       "--inh-caps=-all,+net_admin",
                       "--ambient-caps=-all,+net_admin",
                       "--bounding-set=-all,+net_admin"]
        shutil.copy(tree.dnspin, binary)  # that one may not be for this user
        self.agent = SyncAgent(self._lab, resolver,
                               command=[*command, binary]).start()
        return self.agent

    def stop_agent(self, **how):
        status = self.agent.stop(**how)
        self.agent = None
        return status

    def answers(self, seconds=20.0):
        """Wait until a client is told addresses."""
        name, rdtype, address = ANY_SERVICE
        wait_until(lambda: self.client.call(question, ROUTER4, name, rdtype)
                   == ("NOERROR", [address]), "answers with addresses",
                   seconds)

    def close(self):
        if self.agent:
            self.stop_agent()
        for host in (self.client, self.server):
            host.close()
