"""Do other firewalls take what `dnspin export` prints for them? Each list is
read by the parser of who is to load it, or held against its documentation, and
must open what the bindings say and nothing else. Servers choose names, so the
map is full of hostile ones.
"""
import ipaddress
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import netns
from checks import skip_all
from exporter import Exporter

try:
    import yaml
except ImportError:
    yaml = None

ZONE = """$ORIGIN test.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.web.example TXT "allow" "tcp/80" "tcp/443" "udp/443"
*.mail.example TXT "allow" "tcp/25"
*.any.example TXT "allow"
"""
HOSTILE = ("a\\034b", "a'b", "a\\010b", "a\\013\\010create\\032x", "$\\(id\\)",
           "`id`", "\\226\\128\\153b", "\\000", "\\#", "a:\\032b", "-\\032b",
           "{{x}}", "%s%n", "!x", "&x", "*\\046", "\\092n", "\\@\\(", "'\\@")


def sample():
    found = [("a.any.example", "17.57.144.10", 600),
             ("b.any.example", "2620:149:a44::a", 700),
             ("a.mail.example", "40.1.0.1", 900),
             ("a.web.example", "40.1.0.1", 800),
             ("b.web.example", "2620:1ec::1", 800),
             ("c.web.example", "17.57.144.10", 650)]
    for i, name in enumerate(HOSTILE):
        found.append((f"{name}.web.example", f"40.2.0.{i + 1}", 300 + i))
        found.append((f"{name}.any.example", f"2620:1ec:2::{i + 1:x}", 400))
    return found


def opened(ex):
    """{(address, protocol or None, port or None): seconds left}."""
    now, found = time.time(), {}
    for b in ex.bindings():
        for service in b["services"] or [None]:
            protocol, port = service.split("/") if service else (None, 0)
            key = b["address"], protocol, int(port)
            found[key] = max(found.get(key, 0), b["expires"] - now)
    return found


def addresses(ex):
    return sorted({b["address"] for b in ex.bindings()})


# --- ipset --------------------------------------------------------------


def restore(ex, text):
    done = subprocess.run(["ipset", "restore"], input=text, text=True,
                          capture_output=True, check=False)
    return done.returncode == 0, done.stderr


def members(name):
    """{set: {element: timeout}} of the kernel's sets that begin with name."""
    done = subprocess.run(["ipset", "list", "-output", "xml"], text=True,
                          capture_output=True, check=True)
    return {s.get("name"): {m.findtext("elem"): int(m.findtext("timeout"))
                            for m in s.iter("member")}
            for s in xml.etree.ElementTree.fromstring(done.stdout)
            if s.get("name").startswith(name)}


def as_ipset(keys):
    sets = {"dnspin4": {}, "dnspin6": {}, "dnspin4_any": {},
            "dnspin6_any": {}}
    for (address, protocol, port), left in keys.items():
        name = f"dnspin{'6' if ':' in address else '4'}"
        if protocol is None:
            sets[name + "_any"][address] = left
        else:
            sets[name][f"{address},{protocol}:{port}"] = left
    return sets


def ipset(ex):
    done = subprocess.run(["ipset", "list"], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        ex.skip("ipset", done.stderr.strip())
        return
    text = ex.dnspin("export", "-f", "ipset").stdout
    for turn in ("first", "second"):
        good, why = restore(ex, text)
        ex.check(f"ipset restore takes it the {turn} time", good, why)
    wanted, got = as_ipset(opened(ex)), members("dnspin")
    ex.check("four sets and no other", got.keys() == wanted.keys(),
             got.keys())
    for name, keys in wanted.items():
        ex.check(f"{name}: {len(keys)} elements, none else",
                 keys and keys.keys() == got[name].keys(),
                 keys.keys() ^ got[name].keys())
        off = [k for k, left in keys.items()
               if abs(got[name][k] - left) > 5]
        ex.check(f"{name}: timeouts are the seconds left", not off, off)
    ipset_again(ex, text)


def ipset_again(ex, text):
    """What an attempt that failed half-way left does not matter."""
    half = text[:text.index("swap")] + "add dnspin4.new nonsense\n"
    before = {k: v.keys() for k, v in members("dnspin").items()}
    good, _ = restore(ex, half)
    after = {k: v.keys() for k, v in members("dnspin").items()}
    ex.check("half a load fails", not good)
    ex.check("and leaves the sets as they were",
             all(after[k] == v for k, v in before.items()), after.keys())
    good, why = restore(ex, text)
    ex.check("the next one cleans up",
             good and members("dnspin").keys() == before.keys(), why)
    empty = ex.dnspin("export", "-f", "ipset", "-F", "-g", "test", "-4",
                      "-c", "10.0.0.1", "-t", "dnspin").stdout
    good, why = restore(ex, empty)
    got = members("dnspin")
    ex.check("-4 empties the sets for IPv6", good and not got["dnspin6"]
             and not got["dnspin6_any"] and got["dnspin4"], why)
    other = ex.dnspin("export", "-f", "ipset", "-t", "a23456789012345678901b")
    good, why = restore(ex, other.stdout)
    ex.check("the longest name fits", good, why)


# --- lists of addresses ---------------------------------------------------


def plain_lists(ex):
    for name in ("edl", "pf"):
        text = ex.dnspin("export", "-f", name).stdout
        lines = text.splitlines()
        ex.check(f"{name}: an address a line, IPv4 first, none twice",
                 [ipaddress.ip_address(x) for x in lines] == sorted(
                     {ipaddress.ip_address(x) for x in lines},
                     key=lambda a: (a.version, a)), lines)
        ex.check(f"{name}: all of them and no other",
                 sorted(lines) == addresses(ex), lines)


# --- YAML -----------------------------------------------------------------


def prefix(text):
    """A host's prefix in the form that the schema calls cidr."""
    net = ipaddress.ip_network(text)
    return str(net.network_address) if net.num_addresses == 1 else None


def cilium(ex):
    """The schema of the CustomResourceDefinition of Cilium."""
    done = ex.dnspin("export", "-f", "cilium", "-t", "egress-1")
    tree = yaml.safe_load(done.stdout)
    ex.check("cilium: kind and version",
             (tree["apiVersion"], tree["kind"], tree["metadata"]["name"])
             == ("cilium.io/v2", "CiliumCIDRGroup", "egress-1"), tree)
    ex.check("cilium: no other key than documented",
             tree.keys() == {"apiVersion", "kind", "metadata", "spec"}
             and tree["spec"].keys() == {"externalCIDRs"}, tree.keys())
    ex.check("cilium: a prefix for each address and no other", sorted(
        map(prefix, tree["spec"]["externalCIDRs"])) == addresses(ex), tree)


def rule_opens(rule):
    """NetworkPolicyEgressRule: each of `to` with each of `ports`."""
    ports = [(p["protocol"].lower(), p["port"]) for p in rule["ports"]
             ] if "ports" in rule else [(None, 0)]
    return {(prefix(to["ipBlock"]["cidr"]), *port)
            for to in rule["to"] for port in ports}


def k8s(ex):
    tree = yaml.safe_load(ex.dnspin("export", "-f", "k8s").stdout)
    ex.check("k8s: kind and version",
             (tree["apiVersion"], tree["kind"], tree["metadata"]["name"])
             == ("networking.k8s.io/v1", "NetworkPolicy", "dnspin"), tree)
    spec = tree["spec"]
    ex.check("k8s: for egress of all pods", spec["podSelector"] == {}
             and spec["policyTypes"] == ["Egress"], spec)
    ex.check("k8s: no other key than documented",
             spec.keys() == {"podSelector", "policyTypes", "egress"}
             and all(r.keys() <= {"to", "ports"} and r["to"]
                     and r.get("ports", [1]) for r in spec["egress"]), spec)
    got = set().union(*map(rule_opens, spec["egress"]))
    wide = {a for a, protocol, _ in opened(ex) if protocol is None}
    wanted = {k for k in opened(ex) if k[1] is None or k[0] not in wide}
    ex.check("k8s: opens what it should and no more", got == wanted,
             got ^ wanted)
    ex.check("k8s: equal services share a rule", len(spec["egress"]) == 3,
             len(spec["egress"]))


# --- PowerShell -----------------------------------------------------------

LIST = re.compile(
    r"\t@\{ Id = '\{([0-9a-f-]{36})\}'; Rule = @\{ Name = '([a-z0-9-]+)'"
    r"(?:; Protocol = '(TCP|UDP)'; RemotePort = '([0-9]+)')? \};"
    r" Addresses = '([0-9a-f.:,]+)' \}")


def windows(ex):
    """Nothing in Debian reads PowerShell: a list is to be of one form, in
    which nothing can mean anything else."""
    text = ex.dnspin("export", "-f", "windows").stdout
    lines = text[text.index("@(\n") + 3:text.index("\n)\n")].splitlines()
    lists = [LIST.fullmatch(line) for line in lines]
    ex.check("windows: each list is of the one form", lists and all(lists),
             lines)
    got = {(a, m[3].lower() if m[3] else None, int(m[4] or 0))
           for m in lists for a in m[5].split(",")}
    ex.check("windows: opens what it should and no more",
             got == set(opened(ex)), got ^ set(opened(ex)))
    ex.check("windows: a rule and an identity for each service",
             len({m[1] for m in lists}) == len({m[2] for m in lists})
             == len(lists) == 5, lines)
    other = ex.dnspin("export", "-f", "windows", "-t", "other").stdout
    ids = set(re.findall(r"Id = '\{([0-9a-f-]+)\}", other))
    ex.check("windows: other names, other identities",
             ids and not ids & {m[1] for m in lists}, ids)


def main():
    reason = netns.enter()
    if not reason and not shutil.which("ipset"):
        reason = "no ipset in the path: apt install ipset"
    if not reason and not yaml:
        reason = "no yaml in Python: apt install python3-yaml"
    if reason:
        return skip_all("formats", reason)
    with tempfile.TemporaryDirectory(prefix="dnspin-formats-") as work:
        ex = Exporter("formats", work, ZONE)
        ex.compile()
        ex.fill(*sample())
        ex.check("all bindings are there", len(ex.bindings())
                 == len(sample()), len(ex.bindings()))
        for part in (ipset, plain_lists, cilium, k8s, windows):
            part(ex)
    return ex.finish()


sys.exit(main())
