"""Answers that are held while something else goes on: clients of other groups
join them, a prefetch renews what is cached, the barrier changes, the map moves
to another capacity.
"""
import sys
import time

from agents import SlowAgent
from daemon import wait_until
from lab import Lab
from resolver import ask

LEAF = "127.53.0.3"  # the server of windows.net
DOMAIN = "held.windows.net"
FIRST, SECOND = "23.96.1.1", "23.96.1.2"
ZONE = {"windows.net.": f"*.held 3600 A {FIRST}\nbrief.held 10 A {FIRST}\n"
                        "one.held 3600 CNAME target.held\n"
                        "two.held 3600 CNAME target.held\n"
                        f"target.held 3600 A {FIRST}\n"}
HEAD = """$ORIGIN {0}.dnspin.
$TTL 3600
@	SOA	localhost. hostmaster.localhost. 1 3600 600 86400 60
@	NS	localhost.
"""
EVERYBODY = HEAD.format("all") + f'*.{DOMAIN} TXT "allow" "tcp/443"\n'
MANAGED, GUEST = "127.53.20.7", "127.53.30.7"
ONLY_MANAGED = (HEAD.format("managed") + "@ APL 1:127.53.20.0/24\n"
                f'*.{DOMAIN} TXT "allow" "tcp/443"\n')


def counters(resolver):
    return resolver.status()["resolver"]["counters"]


def is_given(answer, address=FIRST):
    return answer.rcode == "NOERROR" and answer.addresses == [address]


def is_refused(answer):
    return answer.rcode == "NXDOMAIN" and not answer.rrs


def start(lab, name, zones=EVERYBODY, conf=(), **settings):
    """With an agent that is there, and says nothing more; barrier fail-closed
    where settings say nothing else."""
    resolver = lab.resolver(
        name, zones=zones, server_conf=conf,
        settings={"barrier": "fail-closed", "barrier-timeout": 1500,
                  **settings})
    agent = SlowAgent(lab, resolver)
    wait_until(lambda: not resolver.status()["resolver"]["trouble"],
               "the agent to be seen")
    wait_until(lambda: resolver.ask(f"first.{DOMAIN}", source=MANAGED).rrs,
               "an answer")
    agent.delay(None)
    return resolver, agent


def send_held(resolver, name, source=MANAGED):
    """Ask; when this returns, the answer is held."""
    before = counters(resolver)["held"]
    client = resolver.send(name, source=source)
    wait_until(lambda: counters(resolver)["held"] > before, "a hold")
    return client


def clients_of_several_groups(lab):
    """Who joins a held answer is judged as if it had asked first."""
    resolver, agent = start(lab, "groups", ONLY_MANAGED)
    name = f"groups.{DOMAIN}"
    clients = [(MANAGED, send_held(resolver, name))]
    clients += [(s, resolver.send(name, source=s))
                for s in (GUEST, MANAGED, GUEST)]
    wait_until(lambda: resolver.waits_for(name + ".", "A"), "all to join")
    agent.delay(0)
    answers = [(source, resolver.reply(s)) for source, s in clients]
    lab.check("groups: who may is answered, who may not is refused",
              all((is_given if s == MANAGED else is_refused)(a)
                  for s, a in answers), [f"{s}: {a}" for s, a in answers])
    lab.check("groups: nothing of it is cached for others",
              is_refused(resolver.ask(name, source=GUEST)) and
              counters(resolver)["admitted"] == 0, counters(resolver))
    agent.kill()
    resolver.stop()


def change_authority(lab, name, to):
    """Its address, and that of all names that have it, becomes another."""
    was = FIRST if to == SECOND else SECOND
    lab.authority.forge("windows.net.", was, to)
    wait_until(lambda: is_given(ask(LEAF, name), to), f"{name} at {to}")


def record_renewed(lab):
    """Another name leads to the same record, which is another one by now."""
    resolver, agent = start(lab, "renewed")
    agent.delay(0)
    one, target = f"one.{DOMAIN}", f"target.{DOMAIN}"
    before = resolver.ask(one)
    agent.delay(None)
    change_authority(lab, target, SECOND)
    resolver.control("flush", target)
    two = send_held(resolver, f"two.{DOMAIN}")
    cached = resolver.ask(one)
    agent.delay(0)
    answer = resolver.reply(two)
    lab.check("renewed: the other name waits for the new address",
              answer.addresses == [SECOND], answer)
    lab.check("renewed: what is cached keeps the old one meanwhile",
              before.addresses == cached.addresses == [FIRST] and
              cached.seconds < 0.5, f"{before}; {cached}")
    change_authority(lab, target, FIRST)
    agent.kill()
    resolver.stop()


def change(resolver, **settings):
    resolver.enforce(EVERYBODY, barrier_timeout=1500, **settings)


def switched_on(lab):
    """What was cached without a barrier waits with one."""
    resolver, agent = start(lab, "switched", barrier="off")
    name = f"switched.{DOMAIN}"
    before = [resolver.ask(name) for _ in range(2)]
    change(resolver, barrier="fail-closed")
    client = send_held(resolver, name)
    agent.delay(0)
    answer = resolver.reply(client)
    lab.check("switched on: what was cached waits, and is given",
              all(map(is_given, before)) and is_given(answer), answer)
    agent.kill()
    resolver.stop()


def the_new_barrier_counts(lab):
    """For what is held when it comes in force, and not confirmed."""
    for old, new in (("fail-open", "fail-closed"),
                     ("fail-closed", "fail-open")):
        resolver, agent = start(lab, f"from-{old}", barrier=old)
        client = send_held(resolver, f"from-{old}.{DOMAIN}")
        change(resolver, barrier=new)
        answer = resolver.reply(client)
        right = is_given(answer) if new == "fail-open" else \
            answer.rcode == "SERVFAIL" and not answer.rrs
        lab.check(f"{old}, then {new}: an answer that was held before", right,
                  answer)
        lab.check(f"{old}, then {new}: it is not cached",
                  counters(resolver)["admitted"] <= 1, counters(resolver))
        agent.kill()
        resolver.stop()


def prefetched(resolver):
    return "total.num.prefetch=0" not in resolver.control("stats_noreset")


def prefetch(lab):
    """In the last tenth of its TTL an answer is renewed in the background."""
    resolver, agent = start(lab, "prefetch", conf=["prefetch: yes"])
    agent.delay(0)
    name = f"brief.{DOMAIN}"
    given = [resolver.ask(name)]
    agent.delay(None)
    change_authority(lab, name, SECOND)
    before = counters(resolver)["held"]
    while not prefetched(resolver):
        given.append(resolver.ask(name))
        time.sleep(0.1)  # the TTL is one of the real clock
    held = wait_until(lambda: counters(resolver)["held"] - before, "a hold")
    given.append(resolver.ask(name))
    agent.delay(0)
    answer = wait_until(lambda: is_given(resolver.ask(name), SECOND),
                        "the new address")
    lab.check("prefetch: the new address waits, the old one is given",
              all(map(is_given, given)) and held == 1 and answer,
              [str(a) for a in given if not is_given(a)] + [held])
    change_authority(lab, name, FIRST)
    agent.kill()
    resolver.stop()


def map_moves(lab):
    """The new map counts its changes anew: fewer than the old one had."""
    settings = {"min-lifetime": 86400}  # so that each hit is a change
    resolver, agent = start(lab, "moves", **settings)
    agent.delay(0)
    for _ in range(3):
        resolver.ask(f"first.{DOMAIN}")
        time.sleep(1)  # lives are counted in whole seconds
    agent.delay(None)
    client = send_held(resolver, f"moves.{DOMAIN}")
    resolver.compile(EVERYBODY, barrier="fail-closed", barrier_timeout=1500,
                     map_capacity=1000, **settings)
    wait_until(lambda: "moved from a capacity" in resolver.log_text(),
               "the map to move")
    agent.delay(0)
    began = time.monotonic()
    answer = resolver.reply(client)
    lab.check("moves: an answer that is held is given soon after",
              is_given(answer) and time.monotonic() - began < 0.5, answer)
    lab.check("moves: and is in the new map", f"moves.{DOMAIN}" in
              [b["name"] for b in resolver.bindings()])
    agent.kill()
    resolver.stop()


with Lab("held", extra=ZONE) as the_lab:
    clients_of_several_groups(the_lab)
    record_renewed(the_lab)
    switched_on(the_lab)
    the_new_barrier_counts(the_lab)
    prefetch(the_lab)
    map_moves(the_lab)
sys.exit(the_lab.finish())
