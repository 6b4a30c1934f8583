"""Questions at the edge: all types and classes, and packets that are no proper
questions. On the list they get what plain Unbound gives; off it no data ever,
although it lies in the cache.
"""
import struct
import sys

import dns.rdatatype

from lab import Lab
from raw import (DO, RD, Reply, Volley, exchange, nonsense_by_tcp, opt,
                 question, wire)

ON, OFF = "on.off.example", "never.off.example"
POLICY = f"""$ORIGIN edge.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
{ON} TXT "allow"
aka.off.example TXT "allow"
"""
RECORDS = """A 20.55.9.1
AAAA 2620:1ec:55::1
TXT "text"
MX 10 mail.off.example.
SRV 1 2 443 off.example.
NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:a@off.example!" .
CAA 0 issue "example"
SSHFP 1 1 0123456789abcdef0123456789abcdef01234567
TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
LOC 51 30 12.748 N 0 7 39.611 W 0.00m 0.00m 0.00m 0.00m
HINFO "cpu" "os"
RP a.off.example. .
PTR end.off.example.
HTTPS 1 . ipv4hint=20.55.9.2
TYPE65280 \\# 4 01020304
TYPE32000 \\# 0
"""
EXTRA = {"off.example.":
         "".join(f"{owner}\t{line}\n" for owner in ("on", "never")
                 for line in RECORDS.splitlines()) +
         "aka\tCNAME\tnever\n"}

NAMED = [int(t) for t in dns.rdatatype.RdataType]
TYPES = sorted({*NAMED, *range(0, 130), *range(246, 300),
                *range(300, 65536, 509), 200,
                *range(32767, 32772), *range(61439, 61443),
                *range(65278, 65283), *range(65531, 65536)})
META = {41, *range(128, 255)}  # no types of data: Unbound refuses by itself
CLASSES = [0, 2, 3, 4, 5, 253, 254, 255, 256, 65279, 65280, 65535]
IDENTITY = ["version.bind", "version.server", "id.server", "hostname.bind",
            "trustanchor.unbound"]
# What Unbound says to questions that it takes none of.
NO_ANSWER = ("FORMERR", "NOTIMP", "REFUSED", "SERVFAIL", "BADVERS")


def some(faults):
    return "\n        ".join([*faults[:5], f"{len(faults)} in all"])


def keeps_all(reply, plain):
    """Does a reply to an off-list question give nothing out?"""
    if reply.is_refusal():
        return True
    return not reply.given_out() and not reply.authority and \
        reply.rcode in NO_ANSWER and reply.rcode == plain.rcode


def types(lab, plain, strict):
    for when in ("first", "again"):
        for how in ({}, {"edns": DO}, {"edns": None, "flags": RD | 0x10}):
            gives, differs, data = [], [], 0
            for t in TYPES:
                a = exchange(plain, question(OFF, t, **how))
                b = exchange(strict, question(OFF, t, **how))
                if not (keeps_all(b, a) if t in META else b.is_refusal()):
                    gives.append(f"{t}: {b}")
                a = exchange(plain, question(ON, t, **how))
                b = exchange(strict, question(ON, t, **how))
                data += bool(b.rrs)
                if a.essence() != b.essence():
                    differs.append(f"{t}: plain {a}\n        strict {b}")
            lab.check(f"{len(TYPES)} types off the list, {how}, {when}: no "
                      "data", not gives, some(gives))
            lab.check(f"{len(TYPES)} types on the list, {how}, {when}: the "
                      f"answers of plain Unbound, {data} with data",
                      not differs and data >= 16, some(differs))


def transfers(lab, plain, strict):
    """Zones are asked for by TCP."""
    for name in (OFF, "off.example", "example", "."):
        for t in ("AXFR", "IXFR", "ANY", "MAILB", "MAILA"):
            packet = question(name, dns.rdatatype.from_text(t))
            for when in ("first", "again"):
                a = exchange(strict, packet, tcp=True)
                lab.check(f"{t} of {name} by TCP, {when}: no data",
                          keeps_all(a, exchange(plain, packet, tcp=True)), a)


def classes(lab, plain, strict):
    """Zones of policies are of class IN: no rule is about any other."""
    for when in ("first", "again"):
        gives = []
        for c in CLASSES:
            for name, t in ((name, t) for name in (OFF, ON)
                            for t in (1, 16, 255)):
                a = exchange(plain, question(name, t, c))
                b = exchange(strict, question(name, t, c))
                if not keeps_all(b, a):
                    gives.append(f"{name} class {c} type {t}: {b}")
        lab.check(f"{len(CLASSES)} classes, on and off the list, {when}: no "
                  "data", not gives, some(gives))
    for name in IDENTITY:
        a = exchange(plain, question(name, 16, 3))
        b = exchange(strict, question(name, 16, 3))
        if name != "trustanchor.unbound":
            a.rrs = [rr[:2] for rr in a.rrs]
            b.rrs = [rr[:2] for rr in b.rrs]
        lab.check(f"{name} CH TXT: what Unbound says of itself",
                  a.essence() == b.essence(), f"{a}\n        {b}")


def with_flags(name):
    for flag in range(16):
        yield question(name, flags=RD ^ 1 << flag)
    for opcode in range(1, 16):
        yield question(name, flags=RD | opcode << 11)


def with_wrong_names(name):
    labels = wire(name)[:-1]
    yield question(b"\xc0\x0c")		# a pointer to itself
    yield question(b"\xc0\x00")		# into the header
    yield question(b"\xff\xff")		# past the end
    yield question(b"\xc0\x0e\x00")	# forward, to a root
    yield question(labels + b"\xc0\x0c")	# a loop
    # A name that stands behind the question, or in the OPT record.
    yield question(b"\xc0\x12", edns=None, tail=wire(name))
    yield question(b"\xc0\x1d", tail=wire(name))
    for kind in (0x40, 0x41, 0x80, 0xbf):	# types of labels that are none
        yield question(bytes([kind]) + labels + b"\0")
        yield question(labels + bytes([kind]) + b"\0")
    yield question(labels)			# no root label
    yield question((b"\x3f" + b"a" * 63) * 4 + b"\0")	# 257 octets
    yield question(b"\x01a" * 127 + b"\x00")	# 255, which is one
    yield question(b"\x01a" * 127 + b"\x01a\x00")
    yield question((b"\x3f" + b"a" * 63) * 3 + labels * 20 + b"\0")


def with_wrong_counts(name):
    one = wire(name) + b"\0\1\0\1"
    other = wire(ON) + b"\0\1\0\1"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4"
    for counts in ((0, 0, 0, 0), (0, 0, 0, 1), (2, 0, 0, 0), (2, 0, 0, 1),
                   (65535, 0, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 2),
                   (1, 65535, 65535, 65535), (1, 0, 0, 0)):
        yield question(name, counts=counts)
        yield question(name, counts=counts, edns=None, tail=other)
        yield question(ON, counts=counts, edns=None, tail=one)
        yield question(name, counts=counts, edns=None, tail=record)
    yield question(name, edns=None, tail=b"\0")
    yield question(name, tail=b"\0" * 100)
    yield question(name, tail=b"\xff" * 1300)


def with_wrong_edns(name):
    many = (1, 0, 0, 1)
    for version in (1, 255):
        yield question(name, edns=None, counts=many, tail=opt(0, version))
    yield question(name, edns=None, counts=(1, 0, 0, 2), tail=opt() + opt())
    yield question(name, edns=None, counts=(1, 1, 0, 0), tail=opt())
    yield question(name, edns=None, counts=(1, 0, 1, 0), tail=opt())
    yield question(name, edns=None, counts=many, tail=opt()[:-1] + b"\xff")
    yield question(name, edns=None, counts=many, tail=b"\1a" + opt())
    for code in (3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 65001):
        for size in (0, 1, 4, 8, 40):
            data = struct.pack("!2H", code, size) + b"\1" * size
            yield question(name, edns=None, counts=many, tail=opt(0, 0, data))
        yield question(name, edns=None, counts=many, tail=opt(
            0, 0, struct.pack("!2H", code, 99)))
    yield question(name, edns=0xffff)


def packets(name):
    whole = question(name)
    found = [whole[:n] for n in range(len(whole) + 1)]
    for made in (with_flags, with_wrong_names, with_wrong_counts,
                 with_wrong_edns):
        found += made(name)
    return found


def odd_packets(lab, plain, strict):
    for when in ("first", "again"):
        for name in (OFF, ON):
            sent = packets(name)
            theirs = volley(plain, sent)
            ours = volley(strict, sent)
            gives, differs, silent = [], [], 0
            for packet, a, b in zip(sent, theirs, ours):
                silent += not b
                if packet[12:].startswith(wire(ON)):
                    if [r.essence() for r in a] != [r.essence() for r in b]:
                        differs.append(f"{packet.hex()}: plain {show(a)} "
                                       f"strict {show(b)}")
                elif len(a) != len(b) or not all(map(keeps_all, b, a)):
                    gives.append(f"{packet.hex()}: plain {show(a)} strict "
                                 f"{show(b)}")
            what = f"{len(sent)} odd packets about {name}, {when}, "
            lab.check(f"{what}{silent} without a reply: no data off the list",
                      not gives and silent < len(sent) / 2, some(gives))
            lab.check(f"{what}on the list as plain Unbound", not differs,
                      some(differs))


def show(replies):
    return [str(r) for r in replies]


def volley(resolver, sent):
    """Replies, a list for each packet."""
    marker = question(ON)
    exchange(resolver, marker)  # from now on from the cache
    found = Volley(resolver, marker).send(sent).replies
    return [[Reply(octets, packet) for octets in found.get(i, [])]
            for i, packet in enumerate(sent)]


def messages(stream):
    """What stands in a TCP stream, the last one maybe cut off."""
    while stream:
        end = 2 + int.from_bytes(stream[:2], "big")
        yield stream[2:end]
        stream = stream[end:]


def odd_streams(lab, strict):
    whole = question(OFF)
    size = struct.pack("!H", len(whole))
    gives, replies = [], 0
    for stream in (b"\0\0", b"\0\1\0", b"\xff\xff" + whole, b"\0\0" + whole,
                   b"\0\x0c" + whole[:12], size + whole[:-1],
                   size + whole + size + whole[:20], b"\0",
                   (size + whole) * 50, b"GET / HTTP/1.0\r\n\r\n"):
        sent = list(messages(stream))
        for octets in messages(nonsense_by_tcp(strict, stream)):
            echoed = [m for m in sent if m[4:].startswith(octets[4:])]
            reply = Reply(octets, *echoed[:1])
            replies += reply.is_refusal()
            if reply.given_out() or reply.rcode == "NOERROR":
                gives.append(f"{stream.hex()}: {reply}")
    lab.check(f"odd streams by TCP: {replies} refusals, no data",
              not gives and replies > 0, some(gives))


def all_questions(lab, plain, strict):
    a = exchange(strict, question("aka.off.example"))
    lab.check("the off-list name's address was met on the way", [
        rr for rr in a.rrs if rr[0].startswith(OFF)], a)
    types(lab, plain, strict)
    transfers(lab, plain, strict)
    classes(lab, plain, strict)
    odd_packets(lab, plain, strict)
    odd_streams(lab, strict)
    a = exchange(strict, question(ON))
    lab.check("it lives", a.rrs and strict.alive(), a)
    counters = strict.status()["resolver"]["counters"]
    lab.check("nothing leaked", counters["leak"] == 0, counters)


with Lab("questions", extra=EXTRA) as the_lab:
    for the_threads, modules in ((1, "validator iterator"), (4, "iterator")):
        print(f"threads {the_threads}, {modules}:")
        the_pair = [the_lab.resolver(
            f"{name}-{the_threads}", module=bool(front), zones=POLICY,
            threads=the_threads, mode="strict",
            server_conf=[f'module-config: "{front}{modules}"'])
                    for name, front in (("plain", ""), ("strict", "dynlib "))]
        all_questions(the_lab, *the_pair)
        for the_resolver in the_pair:
            the_resolver.stop()
sys.exit(the_lab.finish())
