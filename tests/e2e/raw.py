"""Questions as octets, which may be what no library would send, and what comes
back for them.
"""
import errno
import socket
import struct

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from daemon import LabError, wait_until

RD = 0x0100
DO = 0x8000
PROOFS = ("SOA", "NSEC", "NSEC3", "RRSIG")


def opt(flags=0, version=0, rdata=b""):
    """An OPT record: 1232 octets, no extended rcode (RFC 6891, 6.1.2)."""
    return struct.pack("!BHHBBHH", 0, 41, 1232, 0, version, flags,
                       len(rdata)) + rdata


def wire(name):
    """Octets of a name given as text, or as octets already."""
    if isinstance(name, bytes):
        return name
    return dns.name.from_text(name, dns.name.root).to_wire()


def question(name, rdtype=1, rdclass=1, *, ident=0x5353, flags=RD, counts=None,
             edns=0, tail=b""):
    """edns: flags of the OPT record, None for none. counts: other ones than
    those of one question and its OPT. tail: octets behind it all."""
    extra = b"" if edns is None else opt(edns)
    counts = counts or (1, 0, 0, 1 if extra else 0)
    return struct.pack("!6H", ident, flags, *counts) + wire(name) + \
        struct.pack("!2H", rdtype, rdclass) + extra + tail


class Reply:
    """What came back; octets that are no message are an error of the lab.
    packet: what was sent. Unbound sends some of it back with an error, the
    question and what follows as they came; that says nothing new."""

    def __init__(self, octets, packet=b""):
        self.octets = octets
        if packet[4:].startswith(octets[4:]):
            octets = octets[:4] + bytes(8)
        # Sections are read the same way whatever the opcode is.
        octets = octets[:2] + bytes([octets[2] & 0x87]) + octets[3:]
        try:
            self.message = dns.message.from_wire(octets)
        except Exception as e:
            raise LabError(f"no message: {octets.hex()}: {e}") from e
        m = self.message
        self.rcode = dns.rcode.to_text(m.rcode())
        self.rrs, self.authority, self.additional = (
            sorted((s.name.to_text().lower(), dns.rdatatype.to_text(s.rdtype),
                    rr.to_text()) for s in part for rr in s)
            for part in (m.sections[1], m.sections[2], m.sections[3]))
        self.ede = [o.code.value for o in m.options if int(o.otype) == 15]

    def essence(self):
        """What may not differ from another resolver's: order and TTL may, and
        name servers beside the answer."""
        return (self.rcode, self.rrs,
                [rr for rr in self.authority if rr[1] in PROOFS],
                self.additional, self.ede, self.octets[2:4])

    def given_out(self):
        """The data in it; the SOA that a refusal has is none."""
        beside = [rr for rr in self.authority if rr[1] != "SOA"]
        soas = [rr for rr in self.authority
                if rr[1] == "SOA" and not rr[2].startswith("localhost. ")]
        return self.rrs + beside + soas + self.additional

    def is_refusal(self):
        """The module's: NXDOMAIN, its SOA, EDE 15 where there is EDNS."""
        return self.rcode == "NXDOMAIN" and not self.given_out() and \
            len(self.authority) == 1 and \
            self.ede == ([15] if self.message.edns >= 0 else [])

    def __str__(self):
        return (f"{self.rcode} {dns.flags.to_text(self.message.flags)} "
                f"{self.rrs} authority {self.authority} additional "
                f"{self.additional} ede {self.ede}")


def _receive(s, count):
    got = b""
    while len(got) < count:
        part = s.recv(count - len(got))
        if not part:
            return None
        got += part
    return got


def _once(resolver, packet, tcp):
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as s:
        s.settimeout(5.0 if tcp else 0.5)
        try:
            s.connect((resolver.address, resolver.port))
            if not tcp:
                s.send(packet)
                return s.recv(65535)
            s.sendall(struct.pack("!H", len(packet)) + packet)
            size = _receive(s, 2)
            return size and _receive(s, struct.unpack("!H", size)[0])
        except (TimeoutError, ConnectionResetError):
            return None


def exchange(resolver, packet, tcp=False):
    """The Reply to one packet. It is asked again as a stub does: of errors,
    Unbound tells a hundred in a second."""
    octets = wait_until(
        lambda: _once(resolver, packet, tcp),
        f"{resolver.name}: no reply to {packet.hex()}", alive=resolver.alive)
    return Reply(octets, packet)


MARKER, PROBE, PROBE_TOO = 0xffff, 0xfffe, 0xfffd  # ids


class Volley:
    """Packets sent at once, each with a number as its id. marker: a question
    that is answered at once, so that all other replies came before."""

    def __init__(self, resolver, marker):
        self._resolver = resolver
        self._marker = marker
        self._probe = question("probe", 128)  # FORMERR: no type to ask for
        self.replies = {}  # as octets, a list by number

    @staticmethod
    def _send(s, number, packet):
        s.send((struct.pack("!H", number) + packet[2:])[:len(packet)])

    def _round(self, s, packets):
        found = {}
        for number, packet in packets:
            self._send(s, number, packet)
        self._send(s, MARKER, self._marker)
        while MARKER not in found:
            octets = s.recv(65535)
            found.setdefault(int.from_bytes(octets[:2], "big"),
                             []).append(octets)
        return found

    def _silent(self, s, number, packet):
        """True when errors before and behind it are told, and it is not."""
        found = self._round(s, [(PROBE, self._probe), (number, packet),
                                (PROBE_TOO, self._probe)])
        if number in found:
            self.replies[number] = found[number]
        return number in found or {PROBE, PROBE_TOO} <= set(found)

    def send(self, packets):
        """All of them; self."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(10.0)
            s.connect((self._resolver.address, self._resolver.port))
            try:
                for n, packet in enumerate(packets):
                    found = self._round(s, [(n, packet)])
                    del found[MARKER]
                    self.replies.update(found)
                for n, packet in enumerate(packets):
                    if n not in self.replies:
                        wait_until(lambda n=n, p=packet: self._silent(s, n, p),
                                   "errors are told again")
            except OSError as e:
                raise LabError(f"packet {n}, {packet.hex()}: {e}\n"
                               f"{self._resolver.log_tail()}") from e
        return self


def nonsense_by_tcp(resolver, octets):
    """Send octets as they are and hang up; what came back until then."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(10.0)
        try:
            s.connect((resolver.address, resolver.port))
            s.sendall(octets)
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(65535), b""))
        except OSError as e:
            if e.errno in (errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE):
                return b""
            raise LabError(f"{octets.hex()} by TCP: {e}") from e
