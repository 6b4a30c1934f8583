"""Many clients that ask for one new name after the other, each name a few times,
and count what they sent and what came back.
"""
import collections
import select
import socket
import threading
import time

import raw

SOCKETS = 4  # the kernel chooses Unbound's thread by the client's port
TIMES = 3  # each name: once it is new, then it is cached
APART = 40  # so many questions lie between
TICK_S = 0.002


class Asker(threading.Thread):
    """Asks for n0.DOMAIN, n1.DOMAIN, ...; rate: questions a second."""

    def __init__(self, resolver, domain, rate):
        super().__init__(daemon=True)
        self.sent = collections.Counter()  # by name, as far as it went out
        self.answers = collections.Counter()
        self._domain, self._rate = domain, rate
        self._ends = False
        self._sockets = [self._open(resolver) for _ in range(SOCKETS)]

    @staticmethod
    def _open(resolver):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect((resolver.address, resolver.port))
        s.setblocking(False)
        return s

    def _ask(self, number):
        name = f"n{number}.{self._domain}"
        try:
            self._sockets[number % SOCKETS].send(raw.question(name))
        except (ConnectionRefusedError, BlockingIOError):
            return  # nobody is there, and nothing went out
        self.sent[name] += 1

    def _hear(self, s):
        while True:
            try:
                reply = s.recv(4096)
            except ConnectionRefusedError:
                continue
            except BlockingIOError:
                return
            first = reply[13:13 + reply[12]].decode()
            self.answers[f"{first}.{self._domain}"] += 1

    def _listen(self):
        for s in select.select(self._sockets, [], [], TICK_S)[0]:
            self._hear(s)

    def run(self):
        turn, begin = 0, time.monotonic()
        while not self._ends:
            due = (time.monotonic() - begin) * self._rate
            while turn < due:
                number = turn // TIMES - turn % TIMES * APART
                if number >= 0:
                    self._ask(number)
                turn += 1
            self._listen()

    def finish(self):
        """Ask no more, and take what is still under way."""
        self._ends = True
        self.join()
        for s in self._sockets:
            self._hear(s)
            s.close()
