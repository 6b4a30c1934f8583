"""A new policy takes effect while Unbound runs, within two seconds and without
a lost answer; a bad one changes nothing and is said; without one nobody is
answered.
"""
import os
import shutil
import sys
import threading

from daemon import LabError, eventually
from lab import Lab

NOT_READY = 14  # RFC 8914, 4.15
WITHIN_S = 2.0

HEAD = """$ORIGIN swap.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
"""
BASE = HEAD + """manage.microsoft.com TXT "allow" "tcp/443"
*.manage.microsoft.com TXT "allow" "tcp/443"
"""
WITH_LOGIN = BASE + """login.microsoftonline.com TXT "allow" "tcp/443"
"""
DENYING = WITH_LOGIN + """foo.bar.manage.microsoft.com TXT "deny"
"""


def refused(a):
    return a.rcode == "NXDOMAIN" and [c for c, _ in a.ede] == [15]


def answered(a):
    return a.rcode == "NOERROR" and bool(a.addresses)


def becomes(lab, resolver, what, name, true_of):
    done = eventually(lambda: true_of(resolver.ask(name)), WITHIN_S)
    a = resolver.ask(name)
    lab.check(f"{what}, within {WITHIN_S:.0f} s", done and true_of(a), a)


def changes(lab, resolver):
    names = ("login.microsoftonline.com", "foo.bar.manage.microsoft.com")
    for name in names:  # cached either way
        resolver.ask(name)
    a = resolver.ask(names[0])
    lab.check("a name off the list is refused", refused(a), a)
    resolver.compile(WITH_LOGIN)
    becomes(lab, resolver, "a name that was added is answered", names[0],
            answered)
    a = resolver.ask(names[1])
    lab.check("a name that stayed is answered", answered(a), a)
    resolver.compile(DENYING)
    becomes(lab, resolver, "a cached name under a new deny is refused",
            names[1], refused)
    resolver.compile(BASE)
    becomes(lab, resolver, "a cached name that was removed is refused",
            names[0], refused)
    becomes(lab, resolver, "and the denied one is answered again", names[1],
            answered)
    lab.check("what left the policy left the export", not [
        b for b in resolver.bindings() if b["name"].startswith("login.")])
    resolver.compile(BASE, mode="observe")
    becomes(lab, resolver, "mode observe answers what is off the list",
            "evilmanage.microsoft.com", answered)
    resolver.compile(BASE, mode="strict")
    becomes(lab, resolver, "mode strict refuses it again, though cached",
            "evilmanage.microsoft.com", refused)


def without_pause(lab, resolver):
    """Questions all the while: never anything but an answer."""
    wrong, stop = [], threading.Event()

    def asking():
        while not stop.is_set():
            try:
                a = resolver.ask("portal.manage.microsoft.com", seconds=2)
            except LabError as e:
                wrong.append(str(e))
                continue
            if not answered(a):
                wrong.append(str(a))

    thread = threading.Thread(target=asking)
    thread.start()
    try:
        for text in (WITH_LOGIN, DENYING, BASE):
            resolver.enforce(text)
    finally:
        stop.set()
        thread.join()
    lab.check("an allowed name is answered all the while", not wrong,
              wrong[:3])


def bad_files(lab, resolver):
    policy = os.path.join(resolver.state, "policy")
    with open(policy, "rb") as f:
        good = f.read()
    damaged = bytearray(good)
    damaged[len(good) // 2] ^= 1
    cases = {
        "truncated": good[:len(good) // 2],
        "empty": b"",
        "one bit changed": bytes(damaged),
        "no policy at all": b"not a policy\n" * 100,
    }
    for what, content in cases.items():
        mark = len(resolver.log_text())
        with open(policy + ".new", "wb") as f:
            f.write(content)
        os.rename(policy + ".new", policy)
        eventually(lambda m=mark: "policy" in resolver.log_text()[m:], 5)
        lab.check(f"{what}: the log says it",
                  "policy" in resolver.log_text()[mark:]
                  and "stays in force" in resolver.log_text()[mark:],
                  resolver.log_text()[mark:])
        trouble = resolver.dnspin("status", "-f", "json", expect=None)
        lab.check(f"{what}: status says it", "policy" in trouble
                  and "stays in force" in trouble, trouble)
        a = resolver.ask("foo.bar.manage.microsoft.com")
        b = resolver.ask("evilmanage.microsoft.com")
        lab.check(f"{what}: the last good policy stays in force",
                  answered(a) and refused(b), f"{a} / {b}")
    os.unlink(policy)
    a = resolver.ask("foo.bar.manage.microsoft.com")
    lab.check("removed: the last good policy stays in force", answered(a), a)
    resolver.compile(WITH_LOGIN)
    becomes(lab, resolver, "a good one is taken after all that",
            "login.microsoftonline.com", answered)
    lab.check("and status has no trouble any more", eventually(
        lambda: not resolver.status()["resolver"]["trouble"], WITHIN_S),
              resolver.status())


def none_at_start(lab):
    resolver = lab.resolver("empty", zones=[])
    for name in ("manage.microsoft.com", "evilmanage.microsoft.com"):
        a = resolver.ask(name)
        lab.check(f"no policy: {name} is SERVFAIL with EDE 14",
                  a.rcode == "SERVFAIL"
                  and NOT_READY in [c for c, _ in a.ede] and not a.rrs, a)
    lab.check("no policy: the log says so",
              "state-empty/policy" in resolver.log_text()
              and "SERVFAIL until there is one" in resolver.log_text(),
              resolver.log_tail())
    resolver.compile(BASE)
    becomes(lab, resolver, "the first policy is taken without a restart",
            "manage.microsoft.com", answered)
    a = resolver.ask("evilmanage.microsoft.com")
    lab.check("and enforced", refused(a), a)
    resolver.stop()


def no_map(lab):
    """Strict without a map answers nobody: what is not recorded would be let
    through by no firewall."""
    resolver = lab.resolver("mapless", zones=BASE, start=False)
    owned = os.path.join(resolver.state, "unbound")
    shutil.rmtree(owned)
    with open(owned, "w", encoding="ascii") as f:
        f.write("in the way\n")
    resolver.start()
    a = resolver.ask("manage.microsoft.com")
    lab.check("no map: SERVFAIL with EDE 14", a.rcode == "SERVFAIL"
              and NOT_READY in [c for c, _ in a.ede], a)
    lab.check("no map: the log names it", "unbound/map" in resolver.log_text()
              or "unbound/status" in resolver.log_text(), resolver.log_tail())
    resolver.stop()


with Lab("swap") as the_lab:
    the_resolver = the_lab.resolver(zones=BASE, mode="strict", threads=2)
    changes(the_lab, the_resolver)
    without_pause(the_lab, the_resolver)
    bad_files(the_lab, the_resolver)
    the_lab.check("the same process all the time", the_resolver.alive())
    the_resolver.stop()
    none_at_start(the_lab)
    no_map(the_lab)
sys.exit(the_lab.finish())
