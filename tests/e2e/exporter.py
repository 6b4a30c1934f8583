"""The command, a policy and a map that no resolver has to fill."""
import json
import os
import subprocess

from checks import Checks


class Exporter(Checks):
    def __init__(self, name, work, zone):
        super().__init__(name)
        build = os.environ["DNSPIN_BUILDDIR"]
        self.state = os.path.join(work, "state")
        self.list = os.path.join(work, "list")
        self.map = os.path.join(self.state, "unbound", "map")
        self.command = [os.path.join(build, "dnspin"), "-C", os.devnull,
                        "-d", self.state]
        self._zone = zone
        self._fill = os.path.join(build, "tests", "e2e", "map_fill")
        os.makedirs(os.path.dirname(self.map))

    def dnspin(self, *argv, text=None):
        return subprocess.run([*self.command, *argv], input=text, text=True,
                              check=False, capture_output=True)

    def compile(self, zone=None, **settings):
        options = [w for k, v in settings.items()
                   for w in ("-o", f"{k.replace('_', '-')}={v}")]
        done = self.dnspin(*options, "compile", "-", text=zone or self._zone)
        self.check("the policy compiles", done.returncode == 0, done.stderr)

    def add(self, *bindings):
        """(name, address, lifetime) each, as a resolver would."""
        text = "".join(f"{n} {a} {life} {life}\n" for n, a, life in bindings)
        subprocess.run([self._fill, self.map, "16384"], input=text, text=True,
                       check=True)

    def fill(self, *bindings):
        """A new map with them."""
        if os.path.exists(self.map):
            os.unlink(self.map)
        self.add(*bindings)

    def bindings(self):
        return json.loads(self.dnspin("export").stdout)["bindings"]
