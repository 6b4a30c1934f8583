"""What unbound-control does to the caches: load and dump, every flush, reloads,
options set while running. load_cache alone gets something past the policy, for
a moment: what is loaded goes to who asks first, is counted as a leak, and the
cache is cleared.
"""
import sys
import time

import attack
from daemon import LabError, eventually, wait_until
from lab import Lab

# Of what was loaded, Unbound gives this out before it validates anything.
INSECURE = ("www.evil.example", "A")
PATIENCE_S = 20.0
LEAK_S = 1.0  # how long a loaded answer may live after it was noticed

FLUSHES = [
    ("flush", "www.evil.example"), ("flush", "manage.microsoft.com"),
    ("flush_type", "manage.microsoft.com", "A"), ("flush_type", ".", "NS"),
    ("flush_zone", "microsoft.com"), ("flush_zone", "lab-dns.net"),
    ("flush_negative",), ("flush_bogus",), ("flush_infra", "all"),
    ("flush_zone", "."), ("flush_requestlist",), ("flush_stats",),
]
OPTIONS = [("minimal-responses:", "no"), ("qname-minimisation:", "no"),
           ("harden-referral-path:", "yes"), ("prefetch:", "yes"),
           ("ignore-cd-flag:", "yes"), ("cache-min-ttl:", "5"),
           ("serve-expired:", "yes"), ("val-permissive-mode:", "yes")]


def everything(lab, resolver, path, **how):
    """The short form of the matrix, on a resolver that is warm."""
    attack.check(lab, f"{path}: nothing leaks",
                 attack.leaks(resolver) + attack.leaks(resolver))
    attack.check(lab, f"{path}: what is allowed is answered",
                 attack.wrong(resolver, [attack.UDP], **how))
    attack.check(lab, f"{path}: nothing leaks afterwards",
                 attack.leaks(resolver))


def leak_count(resolver):
    return resolver.status()["resolver"]["counters"]["leak"]


def no_leak(lab, resolver, path):
    lab.check(f"{path}: nothing is counted as a leak",
              leak_count(resolver) == 0, resolver.status())


def flushes(lab, resolver):
    for command in FLUSHES:
        resolver.control(*command)
        everything(lab, resolver, " ".join(command))
    no_leak(lab, resolver, "flush")


def dumped(dump):
    """The messages; records are there of all that recursion needed."""
    found = set()
    for line in dump.splitlines():
        if line.startswith("msg "):
            _, name, _, rdtype = line.split()[:4]
            found.add((name.lower().rstrip(".") or ".", rdtype))
    return found


def dumps(lab, resolver):
    """The cache that is dumped holds what clients may have, and so it can be
    loaded again."""
    attack.wrong(resolver, [attack.UDP, attack.CD])
    attack.leaks(resolver)
    dump = resolver.control("dump_cache")
    listed = {(name.lower(), rdtype) for name, rdtype in attack.ON_LIST}
    found = dumped(dump)
    lab.check("dump_cache: no message but those that clients may have",
              found and found <= listed, found - listed)
    resolver.control("flush_zone", ".")
    resolver.control("load_cache", stdin=dump)
    everything(lab, resolver, "load_cache of its own dump")
    no_leak(lab, resolver, "load_cache of its own dump")


def is_failure(line):
    """A message with rcode SERVFAIL, which is kept for five seconds: whether
    it can still be loaded is luck."""
    return line.startswith("msg ") and int(line.split()[4]) & 15 == 2


def foreign_dump(lab):
    """All that is off the list, as a plain Unbound knows it."""
    plain = lab.resolver("plain", module=False)
    attack.leaks(plain, [attack.UDP, attack.CD])
    dump = plain.control("dump_cache").splitlines(keepends=True)
    plain.stop()
    return "".join(line for line in dump if not is_failure(line))


def loads(lab, dump, threads, when):
    loaded = [probe for probe in attack.OFF_LIST if probe in dumped(dump)]
    path = f"load_cache {when}, threads {threads}"
    resolver = attack.strict(lab, path.replace(" ", "-"), threads=threads)
    if when == "after warm-up":
        attack.wrong(resolver, [attack.UDP])
    resolver.control("load_cache", stdin=dump)
    leaked = attack.leaks(resolver, [attack.UDP], probes=[INSECURE])
    leaked += attack.leaks(resolver, [attack.UDP], probes=loaded)
    leaked = [text for text in leaked  # bogus ones are SERVFAIL
              if "SERVFAIL" not in text and "no reply" not in text]
    # Of several threads, the one that loads may have no clients; and what
    # threads answer from that were not asked yet is emptied now and then.
    if threads == 1 and when == "after warm-up":
        lab.check(f"{path}: what is loaded goes out", leaked, "nothing did")
    eventually(lambda: leak_count(resolver) == len(leaked), PATIENCE_S)
    time.sleep(LEAK_S)
    count = leak_count(resolver)
    lab.check(f"{path}: each answer that went out is counted",
              count == len(leaked), f"{count} counted, {len(leaked)} seen: "
              + "; ".join(leaked))
    lab.check(f"{path}: the log says it once", resolver.log_text().count(
        "was found in the cache") == bool(leaked), resolver.log_tail())
    everything(lab, resolver, f"{path}: a second later")
    lab.check(f"{path}: and the count stays", leak_count(resolver) == count,
              f"{leak_count(resolver)}, was {count}")
    attack.check(lab, f"{path}: none of it is in the map",
                 attack.misrecorded(resolver))
    resolver.stop()


def kept(lab, dump):
    """What is loaded before a reload that keeps the cache is not kept."""
    path = "reload_keep_cache after load_cache"
    resolver = attack.strict(lab, "kept")
    resolver.control("load_cache", stdin=dump)
    resolver.control("reload_keep_cache")
    wait_until(resolver.responds, path, 10)
    attack.check(lab, f"{path}: nothing leaks",
                 attack.leaks(resolver, probes=[INSECURE])
                 + attack.leaks(resolver))
    no_leak(lab, resolver, path)
    resolver.stop()


def reloads(lab, resolver):
    bindings = attack.misrecorded(resolver)
    pid = resolver.pid
    for command in ("reload", "reload_keep_cache", "fast_reload"):
        try:
            said = resolver.control(command)
        except LabError as e:
            said = str(e)
        if "unknown command" in said:
            lab.skip(command, "this version of Unbound does not have it")
            continue
        lab.check(f"{command}: done", said.strip().endswith("ok"), said)
        wait_until(resolver.responds, command, 10)
        everything(lab, resolver, command)
        no_leak(lab, resolver, command)
        attack.check(lab, f"{command}: the bindings stay as they were",
                     [] if attack.misrecorded(resolver) == bindings else
                     attack.misrecorded(resolver))
    lab.check("reload: the same process", resolver.alive()
              and resolver.pid == pid)


def options(lab, resolver):
    for option, value in OPTIONS:
        resolver.control("set_option", option, value)
        how = {"validates": False} if "permissive" in option else {}
        everything(lab, resolver, f"set_option {option} {value}", **how)
    no_leak(lab, resolver, "set_option")
    forged = {name for name, _ in attack.BOGUS}
    recorded = forged & {b["name"] for b in resolver.bindings()}
    lab.check("set_option: nothing forged is recorded", not recorded, recorded)


with Lab("control") as the_lab:
    the_resolver = attack.strict(the_lab, "control", threads=2)
    attack.run(the_lab, the_resolver, "unbound-control")
    flushes(the_lab, the_resolver)
    dumps(the_lab, the_resolver)
    reloads(the_lab, the_resolver)
    options(the_lab, the_resolver)
    the_lab.check("unbound-control: stops in good order",
                  the_resolver.stop() == 0)
    the_dump = foreign_dump(the_lab)
    kept(the_lab, the_dump)
    for the_threads in (1, 4):
        for the_moment in ("before any question", "after warm-up"):
            loads(the_lab, the_dump, the_threads, the_moment)
sys.exit(the_lab.finish())
