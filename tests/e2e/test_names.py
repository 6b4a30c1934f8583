"""Names at the edge: what the DNS can hold and people rarely write. On the
list they get what plain Unbound gives, off it nothing, the first time and
again; each of the off-list names here has data that plain Unbound gives out.
"""
import sys

import dns.rdatatype
import dns.reversename

from lab import Lab
from raw import DO, exchange, question, wire

SIXTY_THREE = "1" * 63
# 3 * 64 octets, then 45 and the 18 of the zone's make 255.
LONGEST = ".".join(["a" * 63] * 3 + ["a" * 44])
DEEPEST = ".".join(["1"] * 126)  # and a label of one octet and the root: 127

# Below off.example: the name as the policy zone has it, and as the authority.
ON = [
    ("a\\.b", "A\\.b"),
    ("c.d", "c.d"),
    ("e\\\\f", "e\\092f"),
    ("\\000", "\\000"),
    ("z\\000y", "z\\000Y"),
    ("\\255\\128", "\\255\\128"),
    ("\\228", "\\228"),
    ("\\123", "{"),
    ("\\096", "`"),
    ("sp\\032ace", "sp\\ ace"),
    ("\\\"\\;\\(\\@\\$", "\\034\\059\\040\\064\\036"),
    (SIXTY_THREE, SIXTY_THREE),
    ("mIxEd.cAsE", "MiXeD.CaSe"),
    ("b\u00fccher", "xn--bcher-kva"),
    ("xn--99999999", "xn--99999999"),  # no A-label: a label as any other
    ("-.--", "-.--"),
    ("_sip._tcp", "_SIP._tcp"),
    ("0.1.2.3", "0.1.2.3"),
    ("*.wild", LONGEST + ".wild"),
    ("*.wild", "x.wild"),
    ("*.wild", "a.b.c.wild"),
    ("*.wild", "\\000\\255.wild"),
    ("*.wild", "\\*.wild"),
]
OFF = [  # neighbours of these
    "a.b",
    "c\\.d",
    "e\\\\\\\\f",
    "e.f",
    "\\001",
    "\\000\\000",
    "z",
    "z\\000",
    "z\\000x",
    "\\255\\129",
    "\\196",  # beyond ASCII there is no case
    "[",
    "\\064",
    "space",
    "2" * 63,
    "MiXeD",
    "b\\195\\188cher",  # the octets of UTF-8
    "bucher",
    "_sip",
    "1.2.3",
    "wild",
    "wild\\.x",
    "xwild",
    LONGEST + ".wilt",
    "\\*",
]
ROOT_ON = [("*.x", DEEPEST + ".x"),
           ("8.8.8.8.in-addr.arpa", "8.8.8.8.in-addr.arpa"),
           ("*.0.6.8.4.1.0.0.2.ip6.arpa",
            dns.reversename.from_address("2001:4860::8").to_text()[:-1])]
ROOT_OFF = [DEEPEST + ".y", "9.8.8.8.in-addr.arpa",
            dns.reversename.from_address("2001:4861::8").to_text()[:-1]]
APEXES_ON = ["example", "answers.example"]
APEXES_OFF = ["com", "net", "chains.example", "microsoft.com", "."]
APEX_TYPES = ["SOA", "NS", "DS", "DNSKEY", "NSEC", "RRSIG", "ANY", "A"]

SOA = """$ORIGIN edge.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
"""


def policy():
    patterns = [f"{rule}.off.example" for rule, _ in ON]
    patterns += [rule for rule, _ in ROOT_ON] + APEXES_ON
    return SOA + "".join(f'{pattern} TXT "allow"\n'
                         for pattern in dict.fromkeys(patterns))


def authority():
    """Address and text at each name; at the last, which are reverse names, a
    PTR as well."""
    def records(owners):
        return "".join(f'{owner}\tA\t20.55.{i // 250}.{i % 250}\n'
                       f'{owner}\tTXT\t"{i}"\n{owner}\tPTR\thost{i}.example.\n'
                       for i, owner in enumerate(owners))
    return {"off.example.": records([n for _, n in ON] + OFF),
            ".": records([n + "." for _, n in ROOT_ON] +
                         [n + "." for n in ROOT_OFF])}


def swap_case(octets):
    """Every second letter in the other case, as a client with 0x20 does;
    lengths of labels are no letters."""
    return bytes(c ^ 0x20 if i % 2 and chr(c).isascii() and chr(c).isalpha()
                 else c for i, c in enumerate(octets))


WAYS = {  # name: how the octets of the name are changed, EDNS flags, TCP
    "udp": (bytes, 0, False),
    "udp, mixed case": (swap_case, 0, False),
    "udp, DO": (bytes, DO, False),
    "tcp, CD": (bytes, 0, True),
}
CD = 0x0010


def ask(resolver, name, rdtype, way):
    change, edns, tcp = WAYS[way]
    name = change(wire(name))
    reply = exchange(resolver, question(
        name, dns.rdatatype.from_text(rdtype), edns=edns,
        flags=0x0100 | (CD if tcp else 0)), tcp)
    if reply.octets[12:12 + len(name)] != name:
        reply.rcode += ", and not the name that was asked"
    return reply


def same(lab, plain, strict, questions, what):
    """On the list: the answers of plain Unbound, which have data."""
    for when in ("first", "again"):
        for way in WAYS:
            wrong, data = [], 0
            for name, rdtype in questions:
                a = ask(plain, name, rdtype, way)
                b = ask(strict, name, rdtype, way)
                data += bool(a.rrs)
                if a.essence() != b.essence() or b.rcode != a.rcode:
                    wrong.append(f"{name} {rdtype}\n        plain  {a}\n"
                                 f"        strict {b}")
            lab.check(f"{what}, {way}, {when}: {len(questions)} on-list "
                      "questions answered as by plain Unbound", not wrong
                      and data, "\n        ".join(wrong) or "no data")


def refused(lab, strict, questions, what):
    for when in ("first", "again"):
        for way in WAYS:
            wrong = []
            for name, rdtype in questions:
                a = ask(strict, name, rdtype, way)
                if not a.is_refusal():
                    wrong.append(f"{name} {rdtype}: {a}")
            lab.check(f"{what}, {way}, {when}: {len(questions)} off-list "
                      "questions refused", not wrong, "\n        ".join(wrong))


def have_data(lab, plain, questions, what):
    empty = [f"{name} {rdtype}" for name, rdtype in questions
             if not ask(plain, name, rdtype, "udp, DO").rrs]
    lab.check(f"{what}: plain Unbound has data for all off-list questions",
              not empty, empty)


def edge_names(lab, plain, strict):
    on = [(f"{name}.off.example", t) for _, name in ON for t in ("A", "TXT")]
    off = [(f"{name}.off.example", t) for name in OFF for t in ("A", "TXT")]
    on += [(name, t) for _, name in ROOT_ON for t in ("A", "PTR")]
    off += [(name, t) for name in ROOT_OFF for t in ("A", "PTR")]
    refused(lab, strict, off, "cold, names")
    same(lab, plain, strict, on, "names")
    have_data(lab, plain, off, "names")
    refused(lab, strict, off, "warm, names")


def cuts(lab, plain, strict):
    """Names where one zone ends and another begins; DS stands above the
    cut. The root is no name that a rule can match."""
    on = [(name, t) for name in APEXES_ON for t in APEX_TYPES]
    off = [(name, t) for name in APEXES_OFF for t in APEX_TYPES]
    refused(lab, strict, off, "cold, cuts")
    same(lab, plain, strict, on, "cuts")
    have_data(lab, plain, [(name, t) for name, t in off
                           if t in ("SOA", "NS", "DNSKEY")
                           and name != "chains.example"] +
              [("com", "DS"), ("chains.example", "DS")], "cuts")
    refused(lab, strict, off, "warm, cuts")


def policy_of_all(lab):
    """"*" matches every name but the root's, which stands below nothing."""
    strict = lab.resolver("all", zones=SOA + '* TXT "allow"\n', mode="strict")
    refused(lab, strict, [(".", t) for t in APEX_TYPES], "rule *")
    a = ask(strict, DEEPEST + ".y", "A", "udp")
    lab.check("rule *: a name of 127 labels is answered", len(a.rrs) == 1, a)
    strict.stop()


def bindings(lab, strict):
    """What was recorded has the names of the list, and only these."""
    listed = {b["name"] for b in strict.bindings()}
    lab.check("the map has each on-list name with an address",
              len(listed) >= len(ON) + len(ROOT_ON), sorted(listed))
    lab.check("and no off-list name", all(
        strict.dnspin("check", "--", name, expect=None).split()[1] == "allow"
        for name in listed), sorted(listed))
    counters = strict.status()["resolver"]["counters"]
    lab.check("nothing leaked", counters["leak"] == 0, counters)


with Lab("names", extra=authority()) as the_lab:
    for the_threads, modules in ((1, "validator iterator"),
                                 (4, "iterator")):
        print(f"threads {the_threads}, {modules}:")
        the_plain, the_strict = (the_lab.resolver(
            f"{name}-{the_threads}", module=bool(front), zones=policy(),
            threads=the_threads, mode="strict",
            server_conf=[f'module-config: "{front}{modules}"'])
            for name, front in (("plain", ""), ("strict", "dynlib ")))
        edge_names(the_lab, the_plain, the_strict)
        cuts(the_lab, the_plain, the_strict)
        bindings(the_lab, the_strict)
        for the_resolver in (the_plain, the_strict):
            the_resolver.stop()
    policy_of_all(the_lab)
sys.exit(the_lab.finish())
