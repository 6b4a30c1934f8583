"""What nftables holds in the network namespace of the test, against the map
that it was made from.
"""
import contextlib
import json
import re
import subprocess
import time

# After its end a binding may stay in the kernel, until the agent's next pass.
END_S = 2.0


def nft(*words):
    """What it prints; nothing when it fails."""
    done = subprocess.run(["nft", *words], text=True, capture_output=True,
                          check=False)
    return done.stdout if done.returncode == 0 else ""


def held(table="dnspin"):
    """{"allowed4 192.0.2.1 tcp 443", ...}"""
    found = set()
    text = nft("-j", "list", "table", "inet", table)
    for item in json.loads(text)["nftables"] if text else []:
        name = item.get("set", {}).get("name", "")
        for e in item["set"].get("elem", []) if "allowed" in name else []:
            value = e["elem"]["val"] if "elem" in e else e
            parts = value["concat"] if "concat" in value else [value]
            found.add(" ".join([name, *map(str, parts)]))
    return found


def wanted(resolver):
    """What the export, another way from the same map, would load."""
    found, name = set(), None
    for line in resolver.dnspin("export", "-f", "nft", "-F").splitlines():
        head = re.match(r"add element inet \S+ (\S+) \{", line)
        element = re.match(r"\t(\S+)(?: \. (\S+) \. (\S+))? timeout", line)
        name = head.group(1) if head else name
        if element:
            found.add(" ".join([name, *filter(None, element.groups())]))
    return found


def element_of(binding):
    """Of a policy that has nothing but the service tcp/443."""
    family = 6 if ":" in binding["address"] else 4
    return f"allowed{family} {binding['address']} tcp 443"


class Truth:
    """The map against the kernel, while bindings come and go; all of them
    with the service tcp/443. stopped: a context in which the kernel is read;
    nft begins anew as often as something changes meanwhile, so that under load
    it does not come to an end."""

    def __init__(self, resolver, stopped=contextlib.nullcontext):
        self._resolver, self._stopped = resolver, stopped
        self.ends = {}  # of every element that ever had a binding
        self.missing, self.left = set(), set()
        self.count = 0  # in the kernel

    def _told(self):
        told = {element_of(b): b["expires"] for b in self._resolver.bindings()}
        self.ends.update(told)
        return told

    def _ended(self, elements, at):
        return {e for e in elements if self.ends.get(e, 0) < at - END_S}

    def equal(self):
        """A binding that has just ended may be there still; nothing else may,
        and none may be missing."""
        told = self._told()
        with self._stopped():
            begin = time.time()
            there = held()
        self.count = len(there)
        self.missing = {e for e, until in told.items()
                        if until > time.time()} - there
        self.left = self._ended(there, begin)
        if self.left:  # unless it came while the kernel was asked
            self._told()
            self.left = self._ended(self.left, begin)
        return not self.missing and not self.left

    def __str__(self):
        parts = [f"{what} {len(found)} {sorted(found)[:3]}" for what, found in
                 (("missing", self.missing), ("left", self.left))]
        return f"{self.count} there, " + ", ".join(parts)
