"""Clients that join what Unbound asks for itself: its checks of name servers,
and the lookups of an auth-zone for its primaries.
"""
import attack
from daemon import eventually, wait_until
from volley import Volley

OWN = [("ns1.lab-dns.net", "A"), ("ns2.lab-dns.net", "A"),
       ("lab-dns.net", "NS"), ("microsoft.com", "NS")]


def joining(lab):
    """Only the checks of harden-referral-path are queries of its own that
    Unbound lets a client join."""
    for way in (attack.UDP, attack.CD):
        path = f"joined states, {way.name}"
        resolver = attack.strict(lab, path.replace(" ", "-"), server_conf=[
            "harden-referral-path: yes"])
        with attack.paused(lab, resolver):
            allowed = resolver.send("foo.bar.manage.microsoft.com", cd=way.cd)
            wait_until(lambda r=resolver: all(
                r.waits_for(name + ".", rdtype) for name, rdtype in OWN),
                "Unbound's own queries in flight")
            joined = [(Volley(resolver, OWN, w), w) for w in attack.ALL_WAYS]
            waiting = [w.name for volley, w in joined if volley.waiting()]
        lab.check(f"{path}: it is joined in {len(waiting)} ways",
                  set(waiting) & {"udp", "tcp", "cd"}, waiting)
        a = resolver.reply(allowed)
        lab.check(f"{path}: who waits for a name server gets the answer",
                  a.rcode == "NOERROR" and a.addresses, a)
        found = []
        for volley, w in joined:
            found += attack.leaks_in(volley.collect(), w, probes=OWN)
        attack.check(lab, f"{path}: nothing leaks to who joins", found)
        attack.run(lab, resolver, path)
        resolver.stop()


def transfers(lab):
    """An auth-zone looks its primary up in the same mesh, with a callback
    that wants the true answer while the client that joins must not get it."""
    primary = [("ns1.lab-dns.net", "A")]
    resolver = attack.strict(lab, "transfer", start=False, server_conf=[
        "auth-zone:", "name: nsatc.net", "primary: ns1.lab-dns.net",
        "for-downstream: no", "for-upstream: no"])
    lab.authority.pause("leaf")
    resolver.start()
    wait_until(lambda: resolver.waits_for("ns1.lab-dns.net.", "A"),
               "the lookup of the primary")
    joined = [(Volley(resolver, primary, way), way)
              for way in attack.ALL_WAYS]
    lab.authority.resume("leaf")
    found = []
    for volley, way in joined:
        found += attack.leaks_in(volley.collect(), way, probes=primary)
    attack.check(lab, "transfer: nothing leaks to who joins the lookup", found)
    lab.check("transfer: the zone comes at once all the same", eventually(
        lambda: "serial 1" in resolver.control("list_auth_zones"), 2),
        resolver.control("list_auth_zones"))
    attack.run(lab, resolver, "transfer")
    resolver.stop()
