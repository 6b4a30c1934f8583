"""Is the lab what it claims to be? Plain Unbound, no module: referrals, name
servers out of zone, CNAME chains, DNSSEC; and nothing outlives a lab.
"""
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


def session_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            rest = f.read().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return None
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
    print(r.pid, *[d.pid for d in lab.authority._daemons], lab.work,
        flush=True)
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
    lab.check(f"{name}: four servers ran", len(sessions) == 4
              and len(running(sessions)) >= 4, line)
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
