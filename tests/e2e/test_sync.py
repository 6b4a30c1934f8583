"""dnspin sync with a real resolver and a real kernel: the sets of nftables
follow the bindings, whatever happens to policy, map, table and agent.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

from agents import SyncAgent
from daemon import eventually, wait_until
from kernel import held, nft, wanted
from lab import Lab

SECONDS = 2  # within which the sets must be right
MANY = 20000
ZONE = """$ORIGIN test.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
manage.microsoft.com TXT "allow" "tcp/443"
*.many.example TXT "allow" "tcp/443"
"""


def follows(lab, resolver, what, least=1, seconds=SECONDS):
    right = eventually(lambda: held() == wanted(resolver)
                       and len(held()) >= least, seconds)
    lab.check(f"{what}: the sets equal the bindings", right,
              f"held {len(held())}, wanted {len(wanted(resolver))}, "
              f"differ in {sorted(held() ^ wanted(resolver))[:5]}")


def fill(lab, resolver, lines):
    path = os.path.join(resolver.state, "unbound", "map")
    subprocess.run([os.path.join(lab.tree.build, "tests", "e2e", "map_fill"),
                    path, "65536"], input="".join(lines), text=True,
                   check=True)


def privileges(lab, agent):
    with open(f"/proc/{agent.pid}/status", encoding="ascii") as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f
                      if ":\t" in line)
    for name, value in (("CapPrm", 0x1000), ("CapEff", 0x1000),
                        ("CapInh", 0), ("CapAmb", 0), ("CapBnd", 0)):
        lab.check(f"the agent's {name} is {value:#x}",
                  int(status[name], 16) == value, status[name])
    lab.check("it takes no new privileges", status["NoNewPrivs"] == "1")
    if not lab.tree.sanitizer:
        lab.check("its system calls are filtered", status["Seccomp"] == "2")
    if not lab.tree.one_user:
        lab.check("it is not root",
                  set(status["Uid"].split()) == {"65534"}, status["Uid"])


def second_agent(lab, resolver):
    done = subprocess.run(
        [lab.tree.dnspin, "-C", os.devnull, "-d", resolver.state, "sync"],
        text=True, capture_output=True, check=False, timeout=20)
    lab.check("a second agent is refused", done.returncode == 1
              and "another dnspin sync runs already" in done.stderr,
              done.stderr)


def answers(lab, resolver):
    for name in ("manage.microsoft.com", "foo.bar.manage.microsoft.com"):
        answer = resolver.ask(name)
        lab.check(f"{name} is answered", answer.addresses, answer)
    resolver.ask("foo.bar.manage.microsoft.com", "AAAA")
    resolver.ask("evilmanage.microsoft.com")
    follows(lab, resolver, "answers", 3)


def policy(lab, resolver):
    resolver.compile(ZONE)
    right = eventually(lambda: held() == wanted(resolver)
                       and len(held()) == 2, SECONDS)
    lab.check("a new policy takes out what it does not allow", right, held())
    with open(os.path.join(resolver.state, "policy"), "r+b") as f:
        good = f.read()
        f.seek(len(good) // 2)
        f.write(b"damage")
    lab.check("a bad one changes nothing",
              not eventually(lambda: len(held()) != 2, 1), held())
    resolver.compile(ZONE)


def by_hand(lab, resolver):
    for what, words in (
            ("a flushed set", "flush set inet dnspin allowed4"),
            ("a flushed table", "flush table inet dnspin"),
            ("a deleted table", "delete table inet dnspin"),
            ("a flushed ruleset", "flush ruleset"),
            ("a foreign element",
             "add element inet dnspin allowed4_any { 66.66.66.66 }")):
        nft(*words.split())
        follows(lab, resolver, what, 2)
    lab.check("the chain is there again", nft(
        "list", "chain", "inet", "dnspin", "dnspin_allow").count("accept") == 4)
    nft("add", "table", "inet", "other")
    follows(lab, resolver, "another table")
    lab.check("which stays", "other" in nft("list", "tables"))


def killed(lab, resolver, agent):
    agent.kill9()
    lab.check("a killed agent leaves the sets", held() == wanted(resolver))
    fill(lab, resolver, ["x.many.example 20.0.9.9 300 300\n"])
    nft("flush", "set", "inet", "dnspin", "allowed4")
    agent.start()
    follows(lab, resolver, "the next agent", 3)
    lab.check("SIGTERM ends it", agent.stop() == 0)
    lab.check("and leaves the sets", held() == wanted(resolver))
    agent.start()
    resolver.restart()
    follows(lab, resolver, "a restart of the resolver", 3)


def ends(lab, resolver):
    fill(lab, resolver, ["short.many.example 20.0.9.8 2 2\n"])
    follows(lab, resolver, "a short life", 4)
    gone = eventually(lambda: not any("20.0.9.8" in e for e in held()), 2 + 2)
    lab.check("is out within two seconds after its end", gone, held())


def many(lab, resolver, agent):
    before = len(held())
    began = time.monotonic()
    fill(lab, resolver, [
        f"m{i}.many.example 20.1.{i >> 8}.{i & 255} 300 300\n"
        for i in range(MANY)])
    right = eventually(lambda: len(held()) == before + MANY, 10)
    print(f"{MANY} bindings in the kernel after "
          f"{time.monotonic() - began:.1f} s")
    lab.check(f"{MANY} elements", right, len(held()))
    follows(lab, resolver, "many", MANY)
    agent.wait_compared()
    follows(lab, resolver, "compared", MANY)


def map_lost(lab, resolver):
    os.unlink(os.path.join(resolver.state, "unbound", "map"))
    wait_until(lambda: json.loads(resolver.dnspin(
        "status", "-f", "json", expect=None))["map"], "a new map")
    follows(lab, resolver, "a removed map", 0, 5 * SECONDS)  # of MANY
    resolver.ask("manage.microsoft.com")
    follows(lab, resolver, "the map made anew")


def sound_but_hostile(lab, resolver):
    """Bindings that are well-formed, as the resolver's user could write."""
    fill(lab, resolver, ["off.example 66.66.66.66 300 300\n",
                         "in.many.example 10.1.2.3 300 300\n",
                         "lo.many.example ::1 300 300\n",
                         "long.many.example 20.0.9.7 604800 604800\n"])
    wait_until(lambda: any("20.0.9.7" in e for e in held()), "the last one")
    lab.check("off-list and private addresses stay out", not [
        e for e in held() if re.search(r" (66\.|10\.|::1)", e)], held())
    life = [int(s) for s in re.findall(
        r'"20.0.9.7", "tcp", 443\]}, "timeout": (\d+)',
        nft("-j", "list", "table", "inet", "dnspin"))]
    lab.check("in the kernel it lives max-lifetime and its slack, no more",
              life and 86400 < life[0] <= 86400 * 5 // 4, life)


def hostile(lab, resolver, agent):
    """Bytes of the map are changed at random under a running agent. Whatever
    it makes of them: nothing gets in but what the policy allows, which is one
    service for all names; and a next agent puts all right."""
    resolver.stop()
    agent.stop()
    path = os.path.join(resolver.state, "unbound", "map")
    copy = path + ".good"
    fill(lab, resolver, [f"h{i}.many.example 20.2.0.{i} 300 300\n"
                         for i in range(200)])
    shutil.copy2(path, copy)
    dice = random.Random(4)
    allowed, wrong = wanted(resolver), set()
    size = os.path.getsize(path)
    agent.start()
    for _ in range(30):
        with open(path, "r+b") as f:
            for _ in range(2000):
                f.seek(dice.randrange(4096 if dice.random() < .2 else size))
                f.write(dice.randbytes(dice.choice((1, 4, 8))))
        if not agent.alive():
            agent.stop()
            agent.start()
        agent.hang_up()
        time.sleep(0.05)  # no condition: it may do nothing at all
        wrong |= held() - allowed
        shutil.copyfile(copy, path)
    lab.check("hostile bytes let nothing in", not wrong, sorted(wrong)[:5])
    agent.stop()
    agent.start()
    follows(lab, resolver, "the good map", 200)


def main():
    with Lab("sync") as lab:
        if not lab.own_network or not shutil.which("nft"):
            lab.skip("sync", "no network namespace or no nft: it would "
                     "change the firewall of this machine")
            return lab.finish()
        resolver = lab.resolver(mode="strict", threads=2)
        user = [] if lab.tree.one_user else ["-u", "nobody"]
        agent = SyncAgent(lab, resolver, "-v", *user).start()
        try:
            answers(lab, resolver)
            privileges(lab, agent)
            second_agent(lab, resolver)
            policy(lab, resolver)
            by_hand(lab, resolver)
            killed(lab, resolver, agent)
            ends(lab, resolver)
            many(lab, resolver, agent)
            map_lost(lab, resolver)
            sound_but_hostile(lab, resolver)
            hostile(lab, resolver, agent)
        finally:
            agent.stop()
            if lab.failed:
                print(agent.log_tail())
    return lab.finish()


sys.exit(main())
