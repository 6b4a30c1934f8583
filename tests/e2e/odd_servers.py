"""Name servers that behave badly, which NSD never does; started by Authority.

One process; UDP only. What they know they ask the leaves' server. The fickle
one fails from SIGUSR1 until SIGUSR2.
"""
import asyncio
import signal
import socket
import struct

LEAF = ("127.53.0.3", 53)
SLOW_S = 0.25  # below Unbound's first timeout of 376 ms

QR, SERVFAIL = 0x8000, 2
# "Ask the root", which a server that does not know the zone says: no AA.
UPWARD = b"\0" + struct.pack(">HHIH", 2, 1, 300, 20) + \
    b"\1a\x0croot-servers\3net\0"


def question_end(query):
    at = 12
    while query[at]:
        at += query[at] + 1
    return at + 5


def reply(query, rcode=0, authority=b""):
    """To query; authority: one record."""
    asked = struct.unpack(">H", query[2:4])[0]
    return query[:2] + struct.pack(
        ">HHHHH", QR | asked & 0x0100 | rcode, 1, 0, bool(authority), 0
    ) + query[12:question_end(query)] + authority


async def ask_leaf(query):
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        s.connect(LEAF)
        await loop.sock_sendall(s, query)
        return await loop.sock_recv(s, 65535)


class Server(asyncio.DatagramProtocol):
    """answer: a coroutine, query to reply; None: no reply."""

    def __init__(self, answer):
        self._answer = answer
        self._transport = None
        self._tasks = set()

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        task = asyncio.ensure_future(self._serve(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, query, client):
        data = await self._answer(query)
        if data:
            self._transport.sendto(data, client)


class Fickle:
    def __init__(self):
        self.fails = False

    async def __call__(self, query):
        if self.fails:
            return reply(query, SERVFAIL)
        return await ask_leaf(query)


async def slow(query):
    data = await ask_leaf(query)
    await asyncio.sleep(SLOW_S)
    return data


async def silent(_):
    return None


async def lame(query):
    return reply(query, authority=UPWARD)


async def failing(query):
    return reply(query, SERVFAIL)


async def main():
    loop = asyncio.get_running_loop()
    fickle = Fickle()
    loop.add_signal_handler(signal.SIGUSR1, setattr, fickle, "fails", True)
    loop.add_signal_handler(signal.SIGUSR2, setattr, fickle, "fails", False)
    for address, answer in (("127.53.0.5", slow), ("127.53.0.6", silent),
                            ("127.53.0.7", lame), ("127.53.0.8", failing),
                            ("127.53.0.9", fickle)):
        await loop.create_datagram_endpoint(
            lambda a=answer: Server(a), local_addr=(address, 53))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
