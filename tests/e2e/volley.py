"""Many questions at once to one resolver: all are sent, then all replies are
collected. Answers cross each other on the wire and in the resolver's threads.
"""
import collections
import functools
import selectors
import socket
import struct
import time

import dns.flags
import dns.message

from daemon import LabError

# The kernel chooses the thread by the client's port: of four ports, all went to
# the same of four threads in one run of 64.
SOCKETS = 16
RESEND_S = 2.5  # what Unbound answers later than 1.9 s it may drop

Way = collections.namedtuple(
    "Way", "name tcp cd ad do edns rd payload",
    defaults=(False, False, False, False, True, True, 1232))


@functools.lru_cache(maxsize=None)
def _wire(name, rdtype, way):
    """The question without its first two octets, the ID."""
    edns = 0 if way.edns else -1
    query = dns.message.make_query(
        name, rdtype, use_edns=edns, want_dnssec=way.do,
        payload=way.payload if way.edns else None)
    flags = dns.flags.RD if way.rd else 0
    flags |= dns.flags.CD if way.cd else 0
    flags |= dns.flags.AD if way.ad else 0
    query.flags = flags
    return query.to_wire()[2:]


class Volley:
    """probes: (name, type), each at most once. source: to ask from."""

    def __init__(self, resolver, probes, way, source=None):
        self._resolver, self._way, self._source = resolver, way, source
        self._waiting = dict(enumerate(probes))
        self._replies = {}
        self._selector = selectors.DefaultSelector()
        self._buffer = b""
        self._sockets = [self._open() for _ in range(
            1 if way.tcp else SOCKETS)]
        self._send()

    def _open(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if self._way.tcp
                          else socket.SOCK_DGRAM)
        if self._source:
            s.bind((self._source, 0))
        s.connect((self._resolver.address, self._resolver.port))
        self._selector.register(s, selectors.EVENT_READ)
        return s

    def _send(self):
        for number, (name, rdtype) in self._waiting.items():
            wire = struct.pack(">H", number) + _wire(name, rdtype, self._way)
            if self._way.tcp:
                wire = struct.pack(">H", len(wire)) + wire
            self._sockets[number % len(self._sockets)].sendall(wire)

    def _take(self, reply):
        number = struct.unpack(">H", reply[:2])[0]
        probe = self._waiting.pop(number, None)
        if probe:
            self._replies[probe] = reply

    def _receive(self, s):
        data = s.recv(65535)
        if not self._way.tcp:
            self._take(data)
            return
        if not data:
            raise LabError(f"{self._resolver.name}: closed by the resolver")
        self._buffer += data
        while len(self._buffer) >= 2:
            end = 2 + struct.unpack(">H", self._buffer[:2])[0]
            if len(self._buffer) < end:
                break
            self._take(self._buffer[2:end])
            self._buffer = self._buffer[end:]

    def _listen(self, seconds):
        end = time.monotonic() + seconds
        resend = time.monotonic() + RESEND_S
        while self._waiting and time.monotonic() < end:
            for key, _ in self._selector.select(min(seconds, 0.1)):
                self._receive(key.fileobj)
            if time.monotonic() > resend and not self._way.tcp:
                resend += RESEND_S
                self._send()

    def waiting(self):
        """The probes without a reply so far."""
        self._listen(0.2)
        return list(self._waiting.values())

    def collect(self, seconds=12.0):
        """{probe: reply in wire form}; what is missing got none."""
        self._listen(seconds)
        self.close()
        return self._replies

    def close(self):
        """Wait no longer; what comes is lost."""
        for s in self._sockets:
            s.close()
        self._selector.close()
