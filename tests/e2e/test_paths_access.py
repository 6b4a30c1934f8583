"""Without RD: refused for most; clients with allow_snoop are answered from
caches, and with delegations that Unbound puts together from records of its own,
which no policy passes; for those with allow_setrd it is as if they had set it.
"""
import sys

import attack
from lab import Lab

RULES = {
    "allow": [],
    "allow_snoop": ["access-control: 127.0.0.0/8 allow_snoop"],
    "allow_setrd": ["access-control: 127.0.0.0/8 allow_setrd"],
}


def delegations(resolver):
    """Answers without RD that carry anything, of all that is off the list."""
    return [(name, rdtype) for name, rdtype in attack.OFF_LIST
            if resolver.ask(name, rdtype, rd=False).message.authority]


with Lab("access") as the_lab:
    snooped = the_lab.resolver("observe", mode="observe",
                               server_conf=RULES["allow_snoop"])
    attack.wrong(snooped, [attack.UDP])
    the_lab.check("allow_snoop, observe: delegations are given, as ever",
                  delegations(snooped))
    snooped.stop()
    for which, conf in RULES.items():
        resolver = attack.strict(the_lab, which, server_conf=conf)
        attack.run(the_lab, resolver, which, attack.WAYS + attack.NO_RD)
        resolver.ask("one.answers.example")
        a = resolver.ask("one.answers.example", rd=False)
        if which == "allow":
            the_lab.check(f"{which}: without RD is refused",
                          a.rcode == "REFUSED" and not a.rrs, a)
        else:
            the_lab.check(f"{which}: without RD what is allowed is answered",
                          a.addresses == ["20.53.2.1"], a)
        resolver.stop()
sys.exit(the_lab.finish())
