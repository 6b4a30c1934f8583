"""The barrier: answers wait for the firewall. An agent confirms late, never,
dies and comes back; clients come and go; policies change, Unbound is reloaded
and stopped while answers are held. Everybody is answered, nothing is cached
before it is confirmed.
"""
import itertools
import os
import select
import socket
import struct
import sys
import time

import dns.message

from agents import SlowAgent
from daemon import eventually, wait_until
from lab import Lab
from resolver import Answer
from volley import Volley, Way

DOMAIN = "hold.windows.net"
ADDRESS = "23.96.1.1"
ZONE = {"windows.net.": f"*.hold 3600 A {ADDRESS}\n"}
POLICY = f"""$ORIGIN hold.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.{DOMAIN} TXT "allow" "tcp/443"
"""
OTHER = POLICY.replace("hold.dnspin", "other.dnspin")
WITHOUT = POLICY.replace(f"*.{DOMAIN}", "*.elsewhere.example")
TOLD = [(14, "dnspin: the firewall did not confirm")]
NAMES = (f"n{number}.{DOMAIN}" for number in itertools.count())
UDP = Way("UDP")
AT_ONCE = 500 if os.environ.get("DNSPIN_SANITIZER") else 1000
TRIES = 5


def counters(resolver):
    return resolver.status()["resolver"]["counters"]


def start(lab, name, barrier, *, timeout=200, threads=1, conf=()):
    return lab.resolver(
        name, zones=POLICY, threads=threads,
        server_conf=["so-rcvbuf: 4m", *conf],
        settings={"barrier": barrier, "barrier-timeout": timeout})


def change(resolver, text, barrier, timeout=200, **settings):
    resolver.enforce(text, barrier=barrier, barrier_timeout=timeout,
                     **settings)


def is_given(answer):
    return answer.rcode == "NOERROR" and answer.addresses == [ADDRESS]


def is_withheld(answer):
    return answer.rcode == "SERVFAIL" and answer.ede == TOLD and not answer.rrs


def timed(resolver, name, **how):
    """The answer, and whether it took as long as an agent with 100 ms."""
    answer = resolver.ask(name, **how)
    return answer, answer.seconds > 0.09


def without_agent(lab, path, resolver, closed):
    resolver.ask(next(NAMES), "TXT")  # so that the zone is known
    before = counters(resolver)
    name = next(NAMES)
    answers = [resolver.ask(name) for _ in range(2)]
    after = counters(resolver)
    what = "withheld" if closed else "unconfirmed"
    right = is_withheld if closed else is_given
    lab.check(f"{path}: no agent: {what}, each time",
              all(right(a) for a in answers), [str(a) for a in answers])
    lab.check(f"{path}: no agent: counted, not cached, not held",
              after[what] - before[what] == 2 and
              after["admitted"] == before["admitted"] and
              after["held"] == before["held"], (before, after))
    told = resolver.status()
    lab.check(f"{path}: no agent: the status says so",
              told["confirmed"] is False and "no dnspin sync is running" in
              told["resolver"]["trouble"], told)
    lab.check(f"{path}: no agent: what has no address is answered",
              resolver.ask(name, "TXT").rcode == "NOERROR")
    off = resolver.ask("off.example")
    lab.check(f"{path}: no agent: what is off the list is refused",
              off.rcode == "NXDOMAIN", off)


def slow(lab, path, resolver, agent):
    agent.delay(100)
    name = next(NAMES)
    answer, waited = timed(resolver, name)
    lab.check(f"{path}: slow agent: the answer waits for it",
              is_given(answer) and waited, f"{answer} {answer.seconds}")
    again, waited = timed(resolver, name)
    lab.check(f"{path}: then it is cached", is_given(again) and not waited,
              f"{again} {again.seconds}")
    agent.delay(150)
    clients = [resolver.send(name) for name in [next(NAMES)] * 5]
    answers = [resolver.reply(s) for s in clients]
    lab.check(f"{path}: several clients of one name are all answered",
              all(map(is_given, answers)), [str(a) for a in answers])
    answer, waited = timed(resolver, next(NAMES), tcp=True)
    lab.check(f"{path}: TCP", is_given(answer) and waited, answer)
    agent.delay(0)


def asked_again(lab, path, resolver, agent):
    """Nobody gets from the cache what is not confirmed."""
    agent.delay(None)
    before = counters(resolver)
    name = next(NAMES)
    first = resolver.send(name)
    wait_until(lambda: counters(resolver)["held"] > before["held"], "held")
    second = resolver.send(name)
    replied, _, _ = select.select([first, second], [], [], 0.1)
    after = counters(resolver)
    agent.delay(0)
    answers = [resolver.reply(first), resolver.reply(second)]
    lab.check(f"{path}: asked again meanwhile, it waits, too",
              not replied and all(map(is_given, answers)) and
              after["admitted"] == before["admitted"],
              [str(a) for a in answers])
    wait_until(lambda: counters(resolver)["admitted"] > before["admitted"],
               "it is cached")


def never(lab, path, resolver, agent, closed):
    before = counters(resolver)
    agent.delay(None)
    name = next(NAMES)
    right = is_withheld if closed else is_given
    answers = [resolver.ask(name) for _ in range(2)]
    after = counters(resolver)
    what = "withheld" if closed else "unconfirmed"
    lab.check(f"{path}: an agent that says nothing: {what} after the timeout",
              all(right(a) and 0.19 < a.seconds < 0.6 for a in answers),
              [f"{a} {a.seconds}" for a in answers])
    lab.check(f"{path}: and nothing is cached",
              after["admitted"] == before["admitted"] and
              after[what] - before[what] == 2 and
              after["held"] - before["held"] == 2, (before, after))
    agent.delay(0)
    answer = wait_until(lambda: resolver.ask(name), "an answer")
    lab.check(f"{path}: when it speaks again, it is given", is_given(answer),
              answer)


def dies(lab, path, resolver, agent, closed):
    """While an answer is held; then at once; another agent comes."""
    right = is_withheld if closed else is_given
    agent.delay(None)
    held = resolver.send(next(NAMES))
    agent.kill()
    answer = resolver.reply(held)
    lab.check(f"{path}: the agent dies under a held answer", right(answer),
              answer)
    wait_until(lambda: resolver.ask(next(NAMES)).seconds < 0.1, "it is dead")
    name = next(NAMES)
    answer = resolver.ask(name)
    lab.check(f"{path}: then nobody waits",
              right(answer) and answer.seconds < 0.1, answer)
    with SlowAgent(lab, resolver):
        wait_until(lambda: is_given(resolver.ask(name)), "it is back")
        before = counters(resolver)
        answers = [resolver.ask(next(NAMES)) for _ in range(20)]
        after = counters(resolver)
    lab.check(f"{path}: it comes back, and all is confirmed",
              all(map(is_given, answers)) and
              after["unconfirmed"] == before["unconfirmed"] and
              after["withheld"] == before["withheld"] and
              after["admitted"] - before["admitted"] >= 20, (before, after))


def clients_go(lab, path, resolver, agent):
    agent.delay(100)
    names = [next(NAMES) for _ in range(20)]
    for name in names:
        resolver.send(name).close()
        query = dns.message.make_query(name, "A").to_wire()
        with socket.create_connection((resolver.address, 53)) as s:
            s.sendall(struct.pack("!H", len(query)) + query)
    time.sleep(0.15)
    answers = [resolver.ask(name) for name in names]
    lab.check(f"{path}: clients that go away leave all in order",
              resolver.alive() and all(map(is_given, answers)),
              [str(a) for a in answers if not is_given(a)])
    agent.delay(0)


def outstanding(lab, path, resolver, agent, count):
    """A busy machine may need longer for the last than the first may wait:
    then all are answered, but not all were held at once."""
    def volley_held():
        before = counters(resolver)["held"]
        agent.delay(None)
        volley = Volley(resolver, [(next(NAMES), "A") for _ in range(count)],
                        UDP)
        waiting = len(volley.waiting())
        eventually(lambda: counters(resolver)["held"] >= before + count, 0.7)
        agent.delay(0)
        replies = volley.collect()
        given = sum(is_given(Answer(dns.message.from_wire(r), 0.0))
                    for r in replies.values())
        tries.append((len(replies), waiting,
                      counters(resolver)["held"] - before, given))
        return tries[-1] == (count, count, count, count)

    tries = []
    lab.check(f"{path}: {count} answers held at once, all are answered",
              any(volley_held() for _ in range(TRIES)) and
              all(replied == count for replied, *_ in tries), tries)


def policies_change(lab, path, resolver, agent, barrier):
    """Under a held answer: to one that allows it, one that does not, one
    without a barrier."""
    for text, settings, right in (
            (OTHER, {"barrier": barrier}, is_given),
            (WITHOUT, {"barrier": barrier}, lambda a: a.rcode == "NXDOMAIN"),
            (POLICY, {"barrier": "off"}, is_given),
            (POLICY, {"barrier": barrier, "mode": "observe"}, is_given)):
        change(resolver, POLICY, barrier, 1500)
        wait_until(lambda: is_given(resolver.ask(next(NAMES))), "agent")
        agent.delay(None)
        before = counters(resolver)["held"]
        held = resolver.send(next(NAMES))
        wait_until(lambda b=before: counters(resolver)["held"] > b, "held")
        change(resolver, text, timeout=1500, **settings)
        agent.delay(0)
        answer = resolver.reply(held)
        lab.check(f"{path}: a new policy under a held answer, {settings}",
                  right(answer), answer)
    change(resolver, POLICY, barrier)


def reload(lab, path, resolver, agent):
    """Unbound forgets who waits when it is reloaded; nothing else may
    happen."""
    agent.delay(None)
    held = [resolver.send(next(NAMES)) for _ in range(50)]
    time.sleep(0.05)
    starts = resolver.log_text().count("start of service")
    resolver.control("reload")
    wait_until(lambda: resolver.log_text().count("start of service") > starts,
               "a reload")
    for s in held:
        s.close()
    agent.delay(0)
    wait_until(lambda: is_given(resolver.ask(next(NAMES))), "an answer")
    lab.check(f"{path}: a reload under held answers", resolver.alive())


def stop(lab, path, resolver, agent):
    agent.delay(None)
    held = [resolver.send(next(NAMES)) for _ in range(50)]
    time.sleep(0.05)
    lab.check(f"{path}: the end under held answers", resolver.stop() == 0)
    for s in held:
        s.close()


def all_of_it(lab, barrier, threads):
    path = f"{barrier}, threads {threads}"
    closed = barrier == "fail-closed"
    resolver = start(lab, f"{barrier}-{threads}", barrier, threads=threads,
                     conf=["num-queries-per-thread: 2048"])
    without_agent(lab, path, resolver, closed)
    agent = SlowAgent(lab, resolver)
    wait_until(lambda: not resolver.status()["resolver"]["trouble"],
               "the agent is seen")
    slow(lab, path, resolver, agent)
    never(lab, path, resolver, agent, closed)
    clients_go(lab, path, resolver, agent)
    change(resolver, POLICY, barrier, 1500)
    asked_again(lab, path, resolver, agent)
    outstanding(lab, path, resolver, agent, AT_ONCE)
    policies_change(lab, path, resolver, agent, barrier)
    dies(lab, path, resolver, agent, closed)
    agent = SlowAgent(lab, resolver)
    wait_until(lambda: not resolver.status()["resolver"]["trouble"],
               "the agent is seen")
    reload(lab, path, resolver, agent)
    stop(lab, path, resolver, agent)
    agent.kill()


def expired(lab):
    """They cannot wait: they are given while their bindings are known to be
    in the firewall."""
    path = "fail-closed, serve-expired"
    resolver = start(lab, "expired", "fail-closed", conf=[
        "serve-expired: yes", "serve-expired-client-timeout: 100",
        "cache-max-ttl: 1"])
    agent = SlowAgent(lab, resolver)
    wait_until(lambda: is_given(resolver.ask(next(NAMES))), "an answer")
    name = next(NAMES)
    lab.check(f"{path}: fresh", is_given(resolver.ask(name)))
    lab.check(f"{path}: not cached for clients: it would expire there",
              counters(resolver)["admitted"] == 0)
    time.sleep(2.1)  # TTLs are whole seconds of the real clock
    for folder in ("leaf", "tld", "root"):
        lab.authority.pause(folder)
    known = resolver.ask(name)
    agent.kill()
    wait_until(lambda: not is_given(resolver.ask(name)), "it is dead")
    unknown = resolver.ask(name)
    for folder in ("leaf", "tld", "root"):
        lab.authority.resume(folder)
    lab.check(f"{path}: given while the firewall has them", is_given(known),
              known)
    lab.check(f"{path}: withheld when nobody knows",
              unknown.rcode == "SERVFAIL" and not unknown.rrs, unknown)


def behind_dns64(lab):
    modules = ['module-config: "dns64 dynlib validator iterator"',
               "dns64-prefix: 64:ff9b::/96"]
    for barrier, rcode in (("fail-closed", "SERVFAIL"),
                           ("fail-open", "NOERROR")):
        resolver = start(lab, f"dns64-{barrier}", barrier, conf=modules)
        answer = resolver.ask(next(NAMES), "AAAA")
        lab.check(f"dns64 in front, {barrier}: {rcode}",
                  answer.rcode == rcode, answer)
        status = resolver.status(ready=barrier == "fail-open")["resolver"]
        if barrier == "fail-closed":
            lab.check("dns64 in front: such a policy is not taken",
                      "cannot wait for the firewall" in status["trouble"],
                      status)
            continue
        lab.check("dns64 in front: what it makes is counted as unconfirmed",
                  status["counters"]["unconfirmed"] == 1 and
                  status["counters"]["admitted"] == 0, status)


with Lab("barrier", extra=ZONE) as the_lab:
    for the_barrier in ("fail-open", "fail-closed"):
        for number in (1, 4):
            all_of_it(the_lab, the_barrier, number)
    expired(the_lab)
    behind_dns64(the_lab)
sys.exit(the_lab.finish())
