"""Is the lab what it claims to be? Plain Unbound, no module: referrals, name
servers out of zone, chains, answers of every kind, DNSSEC, servers that behave
badly; and nothing outlives a lab.
"""
import glob
import os
import signal
import subprocess
import sys

from daemon import LabError, wait_until
from lab import Lab


def resolving(lab):
    resolver = lab.resolver(module=False)
    a = resolver.ask("manage.microsoft.com", do=True)
    lab.check("the CNAME of 2016 leads to the documented addresses",
              a.texts("CNAME") == ["manage.microsoft.com.nsatc.net."]
              and a.addresses == ["134.170.168.254", "134.170.51.126"], a)
    a = resolver.ask("chain.manage.microsoft.com")
    lab.check("a chain of three CNAMEs", len(a.texts("CNAME")) == 3
              and a.addresses == ["13.82.96.212"], a)
    a = resolver.ask("x.tree.manage.microsoft.com")
    lab.check("a DNAME", a.types == ["A", "CNAME", "DNAME"], a)
    a = resolver.ask("ns1.lab-dns.net")
    lab.check("name servers have names", a.addresses == ["127.53.0.3"], a)
    a = resolver.ask("fef.msua01.manage.microsoft.com", do=True)
    lab.check("a signed answer is secure", a.flag("AD"), a)
    a = resolver.ask("com", "DNSKEY")
    lab.check("com has a key", a.types == ["DNSKEY"], a)
    a = resolver.ask("forged.officeconfig.msocdn.com")
    lab.check("a forged answer is bogus", a.rcode == "SERVFAIL", a)
    a = resolver.ask("forged.officeconfig.msocdn.com", cd=True)
    lab.check("which only CD shows", a.addresses == ["66.66.66.66"], a)
    a = resolver.ask("svc.manage.microsoft.com", "HTTPS", tcp=True)
    lab.check("service bindings have hints",
              "ipv4hint" in "".join(a.texts("HTTPS")), a)
    chains(lab, resolver)
    kinds_of_answers(lab, resolver)
    odd_servers(lab, resolver)
    name_servers(lab)


CHAINS = [  # below chains.example: CNAMEs on the way, address or rcode
    ("on-on", 1, "20.53.1.1"), ("on-on-on", 2, "20.53.1.1"),
    ("on-off", 1, "20.54.1.1"), ("on-off-on", 2, "20.53.1.1"),
    ("on-nowhere", 1, "NXDOMAIN"), ("hops12", None, "SERVFAIL"),
    ("x.wild", 0, "20.53.1.2"), ("x.wild-on", 1, "20.53.1.1"),
    ("x.wild-off", 1, "20.54.1.1"), ("x.below-on", 1, "20.53.1.3"),
    ("x.below-off", 1, "20.54.1.3"), ("x.below-denied", 1, "20.53.66.2"),
    ("on-denied", 1, "20.53.66.2"),
    ("loop1", None, None), ("loop2", None, None), ("loop3", None, None),
]


def chains(lab, resolver):
    for owner, hops, end in CHAINS:
        a = resolver.ask(f"{owner}.chains.example")
        if hops is None:
            good = not a.addresses and end in (None, a.rcode)
        else:
            good = len(a.texts("CNAME")) == hops and \
                end in (*a.addresses, a.rcode)
        lab.check(f"chain {owner}: {hops} hops to {end}", good, a)


def kinds_of_answers(lab, resolver):
    a = resolver.ask("hops11.answers.example")
    lab.check("eleven CNAMEs", len(a.texts("CNAME")) == 11
              and a.addresses == ["20.53.1.12"], a)
    a = resolver.ask("twenty.answers.example", tcp=True)
    lab.check("twenty addresses", len(a.addresses) == 20, a)
    a = resolver.ask("large.answers.example", "TXT")
    lab.check("a large answer does not fit", a.flag("TC") and not a.rrs, a)
    a = resolver.ask("large.answers.example", "TXT", tcp=True)
    lab.check("but into TCP it does", len(a.texts("TXT")) == 40, a)
    a = resolver.ask("alias.answers.example", "HTTPS")
    lab.check("an alias among service bindings",
              a.texts("HTTPS") == ["0 svc.answers.example."], a)
    a = resolver.ask("private.answers.example")
    lab.check("addresses inside", "10.53.2.8" in a.addresses, a)
    a = resolver.ask("end.off.example", do=True)
    lab.check("an insecure delegation", a.rcode == "NOERROR"
              and not a.flag("AD"), a)
    a = resolver.ask("one.answers.example", do=True)
    lab.check("next to a secure one", a.flag("AD"), a)
    for zone in ("expired", "wrong-key", "stripped"):
        a = resolver.ask(f"a.{zone}.example")
        b = resolver.ask(f"a.{zone}.example", cd=True)
        lab.check(f"{zone}: bogus, with an address for those who set CD",
                  a.rcode == "SERVFAIL" and b.addresses, f"{a} / {b}")


def odd_servers(lab, resolver):
    for zone in ("dead", "lame", "slow"):
        a = resolver.ask(f"a.{zone}.example")
        lab.check(f"{zone}: answered all the same", a.addresses, a)
    lab.check("slow: not at once", a.seconds > 0.2, a.seconds)
    a = resolver.ask("a.failing.example")
    lab.check("failing: SERVFAIL", a.rcode == "SERVFAIL", a)
    a = resolver.ask("a.fickle.example")
    lab.check("fickle: answers", a.addresses, a)
    lab.authority.fail()
    a = resolver.ask("end.fickle.example")
    lab.check("fickle: and fails", a.rcode == "SERVFAIL", a)
    lab.authority.mend()
    a = resolver.ask("to-off.fickle.example")
    lab.check("fickle: and answers again", a.addresses, a)
    s = resolver.send("a.gone.example")
    wait_until(lambda: resolver.waits_for("a.gone.example.", "A"),
               "a query without an end")
    s.close()


def name_servers(lab):
    """No zone's server has its name in it, but for the one they all have."""
    here = os.path.dirname(os.path.abspath(__file__))
    zones = glob.glob(os.path.join(here, "authority", "leaf", "*.zone"))
    inside = []
    for path in zones:
        origin = os.path.basename(path)[:-len("zone")]
        with open(path, encoding="ascii") as f:
            servers = [line.split()[-1] for line in f
                       if line.split()[:2] == ["@", "NS"]]
        if not servers or any(("." + s).endswith("." + origin)
                              for s in servers):
            inside.append(origin)
    lab.check("name servers stand out of their zones",
              inside == ["lab-dns.net."] and len(zones) > 20, inside)


def session_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            rest = f.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended, before the file was opened or after
    return None if rest[0] in "ZX" else int(rest[3])


def running(sessions):
    return [pid for pid in os.listdir("/proc")
            if pid.isdigit() and session_of(pid) in sessions]


CHILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from lab import Lab
with Lab("child") as lab:
    r = lab.resolver(module=False)
    print(r.pid, *lab.authority.pids(), lab.work, flush=True)
    time.sleep(60)
"""


def ending(lab, sig):
    """A lab that is killed takes its servers with it."""
    here = os.path.dirname(os.path.abspath(__file__))
    child = subprocess.Popen([sys.executable, "-B", "-c", CHILD, here],
                             stdout=subprocess.PIPE, text=True)
    line = child.stdout.readline().split()
    while line and not line[0].isdigit():  # a word about namespaces
        line = child.stdout.readline().split()
    if not line:
        raise LabError("the lab in a lab did not start")
    sessions = {int(pid) for pid in line[:-1]}
    name = signal.Signals(sig).name
    lab.check(f"{name}: five servers ran", len(sessions) == 5
              and len(running(sessions)) >= 5, line)
    child.send_signal(sig)
    child.communicate()
    wait_until(lambda: not running(sessions), f"servers end after {name}")
    lab.check(f"{name}: none is left", not running(sessions))
    if sig == signal.SIGKILL:  # nobody was left to remove it
        subprocess.run(["rm", "-rf", line[-1]], check=True)
    lab.check(f"{name}: no folder is left", not os.path.exists(line[-1]),
              line[-1])


with Lab("lab") as the_lab:
    resolving(the_lab)
    the_lab.authority.stop()
    for the_signal in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        ending(the_lab, the_signal)
sys.exit(the_lab.finish())
