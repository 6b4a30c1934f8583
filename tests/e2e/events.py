"""The events of a resolver, as `dnspin log` tells them."""
import json

from daemon import LabError


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
