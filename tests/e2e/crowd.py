"""Many names with an address each, so that a mixed-up binding shows: their
policy, their zone, and dnsperf that asks for them.
"""
import os
import subprocess

DOMAIN = "load.windows.net"
POLICY = f"""$ORIGIN crowd.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.{DOMAIN} TXT "allow" "tcp/443"
"""


def name_of(i):
    return f"h{i}.{DOMAIN}"


def address_of(i):
    """Each its own up to 64,000."""
    return f"23.96.{i // 250}.{i % 250 + 1}"


def zone(count, ttl_s=lambda i: 60):
    """For Lab(extra=): count names; ttl_s: of name number i."""
    label = DOMAIN.split(".", maxsplit=1)[0]
    return {"windows.net.": "".join(
        f"h{i}.{label} {ttl_s(i)} A {address_of(i)}\n" for i in range(count))}


def questions(lab, numbers):
    """A file for dnsperf that asks for these names."""
    path = os.path.join(lab.work, "questions")
    with open(path, "w", encoding="ascii") as f:
        f.writelines(f"{name_of(i)} A\n" for i in numbers)
    return path


def fresh_and_known(first, count, chance):
    """count new names, and as many in between that may be known already."""
    for i in range(first, first + count):
        yield i
        yield chance.randint(0, i)


class Dnsperf:
    """Asks what is in the file, over and over; rate: questions a second.
    Killed at the end of its `with`."""

    def __init__(self, resolver, path, rate, *options):
        self._process = subprocess.Popen(
            ["dnsperf", "-s", resolver.address, "-p", str(resolver.port),
             "-d", path, "-c", "4", "-Q", str(rate), *options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def runs(self):
        return self._process.poll() is None

    def finish(self):
        """Wait until it ends; what it tells."""
        return self._process.communicate()[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
