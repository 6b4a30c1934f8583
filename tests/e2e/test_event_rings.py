"""The rings of events: that they change, are missing, are shared with another
resolver, and outlive theirs.
"""
import os
import sys

from daemon import wait_until
from events import ONE, POLICY, Trail, start, told
from lab import Lab
from volley import Volley, Way


def rings_change(lab):
    """While questions come in and somebody reads: none is lost."""
    resolver = start(lab, "rings", threads=2, event_ring=4096)
    trail = Trail(resolver)
    events, asked = [], 0
    for size in (100000, 4096, 65536):
        volleys = [Volley(resolver, [(ONE, "A")], Way("UDP"))
                   for _ in range(20)]
        resolver.enforce(POLICY, event_ring=size)
        for volley in volleys:
            volley.collect()
        resolver.ask(ONE)
        asked += len(volleys) + 1
        events += trail.news()
    counters = resolver.status()["resolver"]["counters"]
    lab.check("the size of rings changes: every answer is an event",
              len(events) == asked and not trail.lost and
              counters["unlogged"] == 0, (len(events), asked, counters))
    resolver.enforce(POLICY, event_ring=0)
    resolver.ask(ONE)
    lab.check("event-ring 0: no events, and none is missed",
              not trail.news() and
              resolver.status()["resolver"]["counters"]["unlogged"] == 0)
    resolver.stop()


def no_ring(lab):
    """Queries are answered; what is missing is counted and said."""
    resolver = start(lab, "full")
    trail = Trail(resolver)
    folder = os.path.join(resolver.state, "unbound", "events")
    os.rename(folder, folder + ".away")
    with open(folder, "w", encoding="ascii"):
        pass
    wait_until(lambda: "unlogged" in
               resolver.status()["resolver"]["trouble"], "trouble")
    for _ in range(3):
        resolver.ask(ONE)
    counters = resolver.status()["resolver"]["counters"]
    lab.check("no ring to be had: answered, counted, said once",
              counters["unlogged"] == 3 and
              resolver.log_text().count("counted as unlogged") == 1,
              counters)
    os.remove(folder)
    wait_until(lambda: not resolver.status()["resolver"]["trouble"],
               "a ring")
    resolver.ask(ONE)
    told(lab, "when there is room again: events", trail, source="cache")
    resolver.stop()


def two_resolvers(lab):
    first = start(lab, "first")
    second = lab.resolver("second", zones=[], state=first.state)
    trail = Trail(first)
    wait_until(lambda: second.ask(ONE).rcode == "NOERROR", "a policy")
    trail.news()
    first.ask(ONE)
    second.ask("mx.answers.example", "MX")
    events = trail.news()
    lab.check("two resolvers on one state directory: two rings",
              [e.name for e in events] == [ONE, "mx.answers.example"] and
              len({e.ring for e in events}) == 2, events)
    second.stop()
    first.stop()


def under_load(lab, count=3000):
    """As many events as answers, from four threads and after kill -9."""
    resolver = start(lab, "load", threads=4,
                     conf=["num-queries-per-thread: 4096"])
    trail = Trail(resolver)
    probes = [(f"n{n}.wild.chains.example", "A") for n in range(count)]
    for when in ("cold", "warm"):
        replies = Volley(resolver, probes, Way("UDP")).collect()
        events = trail.news()
        lab.check(f"four threads, {when}: as many events as answers",
                  len(replies) == count and len(events) >= count and
                  {e.name for e in events} == {n for n, _ in probes} and
                  len({e.ring for e in events}) > 1 and not trail.lost,
                  (len(replies), len(events), trail.lost))
        times = [e.line["@timestamp"] for e in events]
        lab.check(f"four threads, {when}: in order of time",
                  times == sorted(times))
    resolver.ask(ONE)
    resolver.kill9()
    resolver.start()
    resolver.ask(ONE)
    events = trail.news()
    lab.check("kill -9 loses nothing that was answered",
              [e.name for e in events] == [ONE, ONE] and not trail.lost,
              events)
    starts = resolver.log_text().count("start of service")
    resolver.control("reload")
    wait_until(lambda: resolver.log_text().count("start of service") > starts,
               "a reload")
    for _ in range(8):
        resolver.ask(ONE)
    events = trail.news()
    lab.check("a reload goes on in the same rings",
              len(events) == 8 and not trail.lost and
              max(e.ring for e in events) < 4, events)
    resolver.stop()


with Lab("event-rings") as the_lab:
    for part in (rings_change, no_ring, two_resolvers, under_load):
        part(the_lab)
sys.exit(the_lab.finish())
