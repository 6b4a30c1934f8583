"""Does nft take what `dnspin export -f nft` prints, and does the kernel then
let through what it should and nothing else? In a network namespace: nothing is
ever loaded into the firewall of the machine.
"""
import errno
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import netns
from checks import skip_all
from exporter import Exporter

ZONE = """$ORIGIN test.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
served.example TXT "allow" "tcp/9443" "udp/9443"
*.many.example TXT "allow" "tcp/443" "udp/443"
any.example TXT "allow"
shared.example TXT "allow" "tcp/9443"
"""
MANY = 500
SERVED, ANY, OTHER = "127.0.0.2", "127.0.0.3", "127.0.0.4"


class Firewall(Exporter):
    """And nft."""

    def __init__(self, work):
        super().__init__("nft", work, ZONE)

    def export(self, *options):
        return self.dnspin("export", "-f", "nft", "-O", self.list, *options)

    def nft(self, *argv, text=None):
        return subprocess.run(["nft", *argv], input=text, text=True,
                              check=False, capture_output=True)

    def load(self):
        return self.nft("-f", self.list)

    def elements(self):
        """{set: {key: (timeout, expires)}} as the kernel has them."""
        done = self.nft("-j", "list", "table", "inet", "dnspin")
        sets = {}
        for item in json.loads(done.stdout)["nftables"]:
            if "set" in item:
                sets[item["set"]["name"]] = dict(
                    map(one_element, item["set"].get("elem", [])))
        return sets


def one_element(item):
    value = item["elem"]["val"]
    key = tuple(value["concat"]) if isinstance(value, dict) else value
    return key, (item["elem"]["timeout"], item["elem"]["expires"])


def expected(bindings, now):
    """The same sets derived from the JSON export; values: seconds left."""
    sets = {"allowed4": {}, "allowed6": {}, "allowed4_any": {},
            "allowed6_any": {}}
    for b in bindings:
        family = "6" if ":" in b["address"] else "4"
        left = b["expires"] - now
        for service in b["services"] or [None]:
            if service is None:
                name, key = f"allowed{family}_any", b["address"]
            else:
                protocol, port = service.split("/")
                name = f"allowed{family}"
                key = (b["address"], protocol, int(port))
            sets[name][key] = max(left, sets[name].get(key, 0))
    return sets


def sample_bindings():
    return [("served.example", SERVED, 600), ("shared.example", SERVED, 900),
            ("served.example", "::1", 600), ("any.example", ANY, 600),
            ("any.example", "2620:1ec:1::1", 600),
            *[(f"h{i}.many.example", f"40.{i // 65536}.{i // 256 % 256}."
               f"{i % 256}", 300 + i) for i in range(1, MANY)],
            *[(f"h{i}.many.example", f"2620:1ec::{i:x}", 300 + i)
              for i in range(1, MANY)]]


def sets_are_exact(fw):
    fw.fill(*sample_bindings())
    done = fw.export()
    fw.check("the export is written", done.returncode == 0, done.stderr)
    before = int(time.time())
    for turn in ("first", "second"):
        done = fw.load()
        fw.check(f"nft takes it the {turn} time", done.returncode == 0,
                 done.stderr)
    bindings = fw.bindings()
    wanted, got = expected(bindings, before), fw.elements()
    fw.check("5 + 2 x 499 bindings", len(bindings) == 5 + 2 * (MANY - 1),
             len(bindings))
    for name, keys in wanted.items():
        fw.check(f"{name}: {len(keys)} elements, none else",
                 keys and keys.keys() == got[name].keys(),
                 f"{len(got[name])} there; {set(keys) ^ set(got[name])}")
        off = [(k, s, got[name][k]) for k, s in keys.items()
               if k in got[name] and abs(got[name][k][0] - s) > 5]
        fw.check(f"{name}: timeouts are the seconds left", not off, off[:5])
    fw.check("nothing without a timeout", all(
        t > 0 for s in got.values() for t, _ in s.values()))


def example_of_export(fw):
    """The base chain that the comment of the export shows."""
    with open(fw.list, encoding="ascii") as f:
        lines = [line[2:] for line in f if line.startswith("#\t")]
    return "".join(lines)


def passes(kind, address, port):
    """Does a packet get out? TCP: does the listener answer?"""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as s:
        s.settimeout(5)
        try:
            if kind == socket.SOCK_DGRAM:
                s.sendto(b"x", (address, port))
            else:
                s.connect((address, port))
        except OSError as e:
            if e.errno in (errno.EPERM, errno.ECONNREFUSED):
                return False
            raise
        return True


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(16)
    return s


def packets_are_judged(fw):
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    cases = (
        (tcp, SERVED, 9443, True), (udp, SERVED, 9443, True),
        (tcp, "::1", 9443, True), (udp, "::1", 9443, True),
        (tcp, ANY, 9444, True), (udp, ANY, 9, True),
        (tcp, SERVED, 9444, False), (udp, SERVED, 9444, False),
        (tcp, "::1", 9444, False), (udp, "::1", 9444, False),
        (tcp, OTHER, 9443, False), (udp, OTHER, 9443, False))
    listeners = [listen(a, p) for k, a, p, _ in cases if k == tcp]
    fw.check("without a jump everything passes",
             all(passes(k, a, p) for k, a, p, _ in cases))
    example = example_of_export(fw)
    done = fw.nft("-f", "-", text=example)
    fw.check("the example in the export loads", done.returncode == 0
             and "jump dnspin_allow" in example, done.stderr)
    # the same chain for what this machine sends, with a word to TCP
    done = fw.nft("-f", "-", text=example.replace("forward", "output").replace(
        "jump dnspin_allow\n",
        "jump dnspin_allow\n meta l4proto tcp reject with tcp reset\n", 1))
    fw.check("and so for output", done.returncode == 0, done.stderr)
    for kind, address, port, wanted in cases:
        word = "tcp" if kind == tcp else "udp"
        fw.check(f"{address} {word}/{port} "
                 f"{'passes' if wanted else 'is stopped'}",
                 passes(kind, address, port) == wanted)
    for s in listeners:
        s.close()


def reload_has_no_gap(fw):
    """Allowed packets all the time, while the list is loaded anew."""
    stop = threading.Event()
    counts = {True: 0, False: 0}

    def send():
        while not stop.is_set():
            counts[passes(socket.SOCK_DGRAM, SERVED, 9443)] += 1

    sender = threading.Thread(target=send)
    sender.start()
    loads = [fw.load().returncode for _ in range(10)]
    stop.set()
    sender.join()
    fw.check("ten reloads", loads == [0] * 10, loads)
    fw.check(f"{counts[True]} packets meanwhile, none lost",
             counts[True] > 100 and counts[False] == 0, counts)


def reload_replaces(fw):
    fw.fill(("served.example", OTHER, 600))
    fw.export()
    fw.check("a shorter list loads", fw.load().returncode == 0)
    got = fw.elements()
    fw.check("and replaces all", got["allowed4"].keys() ==
             {(OTHER, "tcp", 9443), (OTHER, "udp", 9443)}
             and not got["allowed6"] and not got["allowed4_any"], got)
    fw.check("the new address passes",
             passes(socket.SOCK_DGRAM, OTHER, 9443))
    fw.check("the old one does not",
             not passes(socket.SOCK_DGRAM, SERVED, 9443))


def elements_end(fw):
    fw.fill(("served.example", SERVED, 2))
    fw.export()
    fw.check("a list of two seconds loads", fw.load().returncode == 0)
    fw.check("its address passes", passes(socket.SOCK_DGRAM, SERVED, 9443))
    end = time.monotonic() + 10
    while passes(socket.SOCK_DGRAM, SERVED, 9443) and time.monotonic() < end:
        time.sleep(0.05)
    fw.check("and is stopped when its life ends",
             not passes(socket.SOCK_DGRAM, SERVED, 9443))


def empty_list(fw):
    with open(fw.list, encoding="ascii") as f:
        kept = f.read()
    fw.fill()
    done = fw.export()
    with open(fw.list, encoding="ascii") as f:
        fw.check("an empty list is refused", done.returncode == 1
                 and "-F" in done.stderr and f.read() == kept, done.stderr)
    done = fw.export("-F")
    fw.check("unless forced", done.returncode == 0, done.stderr)
    done = fw.load()
    fw.check("and loads", done.returncode == 0 and
             not any(fw.elements().values()), done.stderr)
    fw.fill(("served.example", SERVED, 600))
    fw.compile(private_addresses="refuse")
    done = fw.export()
    fw.check("loopback is no host to open", done.returncode == 1
             and "1 special-purpose" in done.stderr, done.stderr)


def names_of_tables(fw):
    """A name is refused where nft would not find the table by it."""
    for name in ("filter", "table", "tables", "log", "tcp", "typeof", "nat",
                 "gc-interval", "Table", "x-1"):
        taken = fw.nft("-c", f"add table inet {name}").returncode == 0
        done = fw.dnspin("export", "-F", "-f", "nft", "-t", name)
        fw.check(f"{name}: {'a name' if taken else 'no name'}, to nft and us",
                 done.returncode == (0 if taken else 2), done.stderr)


def main():
    reason = netns.enter()
    if not reason and not shutil.which("nft"):
        reason = "no nft in the path: apt install nftables"
    if not reason:
        done = subprocess.run(["nft", "list", "ruleset"], check=False,
                              capture_output=True, text=True)
        reason = done.stderr.strip()
    if reason:
        return skip_all("nft", reason)
    with tempfile.TemporaryDirectory(prefix="dnspin-nft-") as work:
        fw = Firewall(work)
        fw.compile(private_addresses="allow")
        for part in (sets_are_exact, packets_are_judged, reload_has_no_gap,
                     reload_replaces, elements_end, empty_list,
                     names_of_tables):
            part(fw)
    return fw.finish()


sys.exit(main())
