"""Other modules in the stack: dns64 in front, subnetcache, cachedb and respip
behind; and views, whose clients are told other things. What is meant for some
clients must not reach the cache that all are answered from.
"""
import os
import shutil
import subprocess
import sys

import attack
from daemon import Daemon
from lab import Lab

NAME = "foo.bar.manage.microsoft.com"
REAL = "13.107.219.10"
OTHER = "20.1.2.3"
REDIS = shutil.which("redis-server")


def dns64(lab):
    """It makes addresses where AAAA is missing; a refusal has no SOA then."""
    for more in ([], ["dns64-synthall: yes"]):
        path = "dns64" + "".join(more).partition(":")[0].replace("dns64", "")
        resolver = attack.strict(lab, path, server_conf=[
            'module-config: "dns64 dynlib validator iterator"',
            "dns64-prefix: 64:ff9b::/96", *more])
        made = [probe for probe in attack.ADDRESSES if probe[1] == "AAAA"]
        attack.run(lab, resolver, path, bare=True, apart=made)
        a = resolver.ask("one.answers.example", "AAAA")
        lab.check(f"{path}: an address is made",
                  a.addresses == ["64:ff9b::1435:201"], a)
        lab.check(f"{path}: and recorded", a.addresses[0] in {
            b["address"] for b in resolver.bindings()}, a)
        resolver.stop()


def subnetcache(lab):
    """What is cached for one network looks like any answer."""
    resolver = attack.strict(lab, "subnetcache", server_conf=[
        'module-config: "dynlib subnetcache validator iterator"',
        "send-client-subnet: 127.0.0.0/8"])
    attack.run(lab, resolver, "subnetcache")
    attack.check(lab, "subnetcache: another network is no way around",
                 attack.leaks(resolver, source="127.77.0.1"))
    counters = resolver.status()["resolver"]["counters"]
    lab.check("subnetcache: nothing is admitted to the cache of all clients",
              counters["admitted"] == 0 and counters["hit"] == 0, counters)
    resolver.stop()


def linked_modules(lab):
    said = subprocess.run([lab.tree.unbound, "-V"], text=True, check=True,
                          capture_output=True).stdout
    line = next(line for line in said.splitlines()
                if line.startswith("Linked modules:"))
    return line.split()[2:]


def cachedb(lab):
    """A cache behind, shared with others: the test frame that every build
    with cachedb has keeps one answer; redis keeps them all."""
    if "cachedb" not in linked_modules(lab):
        lab.skip("cachedb", "this build of Unbound does not have it")
        return
    modules = 'module-config: "dynlib validator cachedb iterator"'
    resolver = attack.strict(lab, "testframe", server_conf=[modules])
    attack.run(lab, resolver, "cachedb, testframe")
    resolver.stop()
    if not REDIS:
        lab.skip("cachedb, redis", "no redis-server")
        return
    path = os.path.join(lab.work, "redis.socket")
    redis = Daemon(lab.guard, "redis", [
        REDIS, "--port", "0", "--unixsocket", path, "--unixsocketperm", "777",
        "--save", "", "--dir", lab.work], os.path.join(lab.work, "redis.log"))
    redis.wait_ready(lambda: os.path.exists(path))
    shared = [modules, "cachedb:", 'backend: "redis"',
              f'redis-server-path: "{path}"']
    plain = lab.resolver("plain-redis", module=False, server_conf=[
        'module-config: "validator cachedb iterator"', *shared[1:]])
    attack.leaks(plain, [attack.UDP])  # somebody else asks for all of it
    plain.stop()
    resolver = attack.strict(lab, "redis", server_conf=shared)
    attack.run(lab, resolver, "cachedb, redis")
    resolver.stop()
    redis.stop()


def respip(lab):
    """response-ip changes what is answered, not what is asked for."""
    resolver = attack.strict(lab, "respip", server_conf=[
        'module-config: "dynlib respip validator iterator"',
        "response-ip: 20.54.0.0/16 always_transparent",
        "response-ip: 198.51.100.0/24 always_transparent",
        "response-ip: 20.57.0.0/16 redirect"])
    attack.run(lab, resolver, "response-ip")
    resolver.stop()


def views(lab):
    """A view with an address of its own for an allowed name: only its clients
    get that, from recursion as from the caches."""
    resolver = attack.strict(lab, "views", server_conf=[
        'module-config: "dynlib respip validator iterator"',
        "access-control-view: 127.0.0.2/32 inside",
        "view:", 'name: "inside"', "view-first: yes",
        'local-data: "printer.view.example. A 192.168.7.7"',
        f"response-ip: {REAL}/32 redirect",
        f'response-ip-data: {REAL}/32 "A {OTHER}"'])
    inside = "127.0.0.2"
    for when in ("first asked", "asked again"):
        for source, address in ((inside, OTHER), (None, REAL)):
            a = resolver.ask(NAME, source=source)
            lab.check(f"views: {address} for its clients, {when}",
                      a.texts("A") == [address], a)
        attack.check(lab, f"views: nothing leaks to a client inside, {when}",
                     attack.leaks(resolver, source=inside))
        a = resolver.ask("printer.view.example", source=inside)
        lab.check(f"views: its local data is the operator's, {when}",
                  a.addresses == ["192.168.7.7"], a)
        a = resolver.ask("printer.view.example")
        lab.check(f"views: and no other client's, {when}",
                  a.rcode == "NXDOMAIN" and not a.rrs, a)
    recorded = {b["address"] for b in resolver.bindings()
                if b["name"] == NAME}
    lab.check("views: both addresses are recorded",
              recorded == {REAL, OTHER}, recorded)
    attack.run(lab, resolver, "views", also={NAME: {OTHER}})
    resolver.stop()


with Lab("modules") as the_lab:
    dns64(the_lab)
    subnetcache(the_lab)
    cachedb(the_lab)
    respip(the_lab)
    views(the_lab)
sys.exit(the_lab.finish())
