"""The lists of rules and the questions that servers are measured with.

Every second rule is a name, the others are wildcards. Names below the wildcard
of TEN have ten addresses, all others one.
"""
import os

HOT = 200          # names of W1
SPREAD = 20000     # names of W1s and W2
UNIQUE = 20000     # names of W3, in a round
UNIQUE_TEN = 4000  # and of W3t
GOLDEN = 2654435761  # odd, so that no two numbers below 2^32 become one
CHANGED = "changed.example"  # a rule of the second edition only
SERVED = "both.load.windows.net"  # asked while the edition changes
TEN = "names.ten"

# What they are, and the rcode of an answer where off-list names are refused.
WORKLOADS = {
    "W1": ("200 hot names, all cached", "NOERROR"),
    "W1s": ("20,000 cached names spread over the list", "NOERROR"),
    "W2": ("20,000 names off the list", "NXDOMAIN"),
    "W3": ("names asked for the first time", "NOERROR"),
    "W3t": ("the same, each with ten addresses", "NOERROR"),
}


def _below(label, n):
    return (f"{label}-{n:08x}.region{n % 31}.cloud{n % 4001}."
            f"{'com' if n % 3 else 'net'}")


class Rules:
    """A list of count rules. edition B has one more than edition A."""

    def __init__(self, count, edition="A"):
        self.count, self.edition = count, edition

    @staticmethod
    def _base(i):
        return {1: SERVED, 3: TEN}.get(i) or _below(
            "svc", i * GOLDEN % (1 << 32))

    def bases(self):
        """(name, is it a wildcard's?)"""
        for i in range(self.count):
            yield self._base(i), i % 2 == 1
        if self.edition == "B":
            yield CHANGED, False

    def patterns(self):
        for base, wildcard in self.bases():
            yield "*." + base if wildcard else base

    def _allowed(self, i):
        return ("www." if i % 2 else "") + self._base(i)

    def _spread(self, count):
        return (self._allowed(k * self.count // count) for k in range(count))

    def has(self, workload):
        """200 hot names leave nothing of a short list to spread over."""
        return workload != "W1s" or self.count > SPREAD

    def questions(self, workload, turn):
        """The names of a workload; those of W3 and W3t are others in each
        turn."""
        if workload == "W1":
            return self._spread(HOT)
        if workload == "W1s":
            return self._spread(SPREAD)
        if workload == "W2":
            return (_below("off", k * GOLDEN % (1 << 32))
                    for k in range(SPREAD))
        if workload == "W3t":
            return (f"t{turn * UNIQUE_TEN + k:08x}.{TEN}"
                    for k in range(UNIQUE_TEN))
        wildcards = (self.count - 4) // 2  # but those two
        return (f"u{turn * UNIQUE + k:08x}."
                f"{self._base(5 + 2 * (k % wildcards))}"
                for k in range(UNIQUE))

    def write_questions(self, folder, workload, turn=0):
        """As a file for dnsperf; its path."""
        path = os.path.join(folder, f"questions-{self.count}-{workload}")
        with open(path, "w", encoding="ascii") as f:
            f.writelines(f"{name} A\n"
                         for name in self.questions(workload, turn))
        return path

    def probe(self):
        """A name on the list, and one off it."""
        return self._allowed(0), _below("other", 0)
