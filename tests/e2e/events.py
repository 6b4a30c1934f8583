"""The events of a resolver, as `dnspin log` tells them."""
import json

from daemon import LabError

ONE = "one.answers.example"
POLICY = """$ORIGIN trail.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.answers.example TXT "allow" "tcp/443"
one.answers.example TXT "allow"
both.answers.example TXT "allow"
both.answers.example APL 1:192.0.2.0/24
denied.chains.example TXT "deny"
*.chains.example TXT "allow"
*.fickle.example TXT "allow"
*.expired.example TXT "allow"
a.slow.example TXT "allow"
"""


class Event:
    """One line, in the words of the questions that tests ask."""

    def __init__(self, line):
        self.line = json.loads(line)
        own, dns = self.line["dnspin"], self.line.get("dns", {})
        asked = dns.get("question", {})
        client = self.line.get("client", {})
        self.key = own["ring"], self.line["event"].get("sequence")
        self.is_event = self.line["event"]["kind"] == "event"
        self.name, self.type = asked.get("name"), asked.get("type")
        self.rcode = dns.get("response_code")
        self.addresses = sorted(dns.get("resolved_ip", []))
        self.flags = sorted(dns.get("header_flags", []) +
                            own.get("flags", []))
        self.client = client.get("ip", client.get("address"))
        self.port = client.get("port")

    def __getattr__(self, name):
        """verdict, source, rule, group, security, transport, ttl, hold_us, ...;
        None where it is not told."""
        return self.line["dnspin"].get(name)

    def __repr__(self):
        return json.dumps(self.line)


class Trail:
    """What was answered since the last look."""

    def __init__(self, resolver):
        self._resolver = resolver
        self._seen = set()
        self.lost = []

    def _read(self):
        text = self._resolver.dnspin("log", "-1", "-S", "1d")
        events = [Event(line) for line in text.splitlines()]
        self.lost += [e for e in events if not e.is_event]
        return [e for e in events if e.is_event and e.key not in self._seen]

    def news(self):
        events = self._read()
        self._seen |= {e.key for e in events}
        return events

    def one(self):
        """The event of the one answer that was given meanwhile."""
        events = self.news()
        if len(events) != 1:
            raise LabError(f"{len(events)} events instead of one: {events}")
        return events[0]


def start(lab, name, *, threads=1, conf=(), **settings):
    return lab.resolver(name, zones=POLICY, threads=threads,
                        server_conf=["so-rcvbuf: 4m", *conf],
                        settings=settings)


def differences(event, **wanted):
    return [f"{key} {getattr(event, key)}, not {value}"
            for key, value in wanted.items() if getattr(event, key) != value]


def told(lab, what, trail, **wanted):
    """The one new event says what is wanted."""
    event = trail.one()
    wrong = differences(event, **wanted)
    lab.check(what, not wrong, f"{wrong} in {event}")
    return event
