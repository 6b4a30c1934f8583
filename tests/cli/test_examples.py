#!/usr/bin/env python3
"""What README and the manuals print as examples works as printed."""
import os
import re
import subprocess
import unittest

from test_command import DNSPIN, SOURCE, Command

ZONE_MANUAL = "tools/dnspin-zone.5"


def printed(path, start):
    """Examples of a manual, or of README, that begin with start."""
    with open(os.path.join(SOURCE, path)) as f:
        text = f.read()
    blocks = re.findall(r"(?ms)^\.Bd [^\n]*\n(.*?)^\.Ed$", text) or [
        re.sub(r"(?m)^    ", "", block)
        for block in re.findall(r"(?m)(?:^    .*\n)+", text)]
    return [b.replace("\\e", "\\") for b in blocks if b.startswith(start)]


class Examples(Command):
    def verdicts(self, name):
        """Of a managed device and of all others."""
        said = [self.run_bare("-C", self.conf, "-d", self.state, "check",
                              *client, name).stdout
                for client in (["-c", "10.20.0.1"], [])]
        return [line.split()[1] for line in said]

    def shell(self, text, before=""):
        """Run it where dnspin has the settings and state of this test."""
        set_up = ('command=$0 conf=$1 state=$2\n'
                  'printf \'#!/bin/sh\\nexec %s -C %s -d %s "$@"\\n\' '
                  '"$command" "$conf" "$state" > dnspin\n'
                  'chmod +x dnspin\nPATH=$PWD:$PATH\n')
        done = subprocess.run(
            ["sh", "-c", set_up + before + text, os.path.abspath(DNSPIN),
             self.conf, self.state], cwd=self.dir, check=True,
            stdout=subprocess.PIPE)
        return done.stdout.decode()

    def test_zones_compile(self):
        for path, count in (("README", 1), (ZONE_MANUAL, 3)):
            zones = printed(path, "$ORIGIN")
            self.assertEqual(len(zones), count, path)
            for zone in zones:
                self.dnspin("compile", "-n", "-", stdin=zone.encode())

    def test_only_managed_devices_are_held_to_a_list(self):
        rest = printed(ZONE_MANUAL, "$ORIGIN")[2]
        self.write("rest.zone", rest)
        self.dnspin("compile", self.path("rest.zone"))
        self.assertEqual(self.verdicts("a.manage.microsoft.com"),
                         [b"allow", b"allow"])
        self.assertEqual(self.verdicts("a.example"), [b"deny", b"allow"])
        self.write("rest.zone", rest.replace(
            '*.manage.microsoft.com  TXT "allow" "tcp/443"\n', ""))
        os.symlink(os.path.realpath(os.path.join(SOURCE, "zones")),
                   self.path("zones"))
        line, = printed(ZONE_MANUAL, "sed")
        self.shell(line)
        self.assertEqual(self.verdicts("enrollment.manage.microsoft.com"),
                         [b"allow", b"allow"])
        self.assertEqual(self.verdicts("a.example"), [b"deny", b"allow"])

    def test_show_goes_back_to_compile(self):
        zone = self.write("a.zone", """$ORIGIN a.dnspin.
@ SOA l. h. 1 1 1 1 1
a.example TXT allow tcp/443
www.example.com TXT allow tcp/80
www.example.com APL 1:192.0.2.0/24
""")
        self.dnspin("compile", zone)
        for path in ("tools/dnspin.1", "tools/verb.def"):
            with open(os.path.join(SOURCE, path)) as f:
                line, = re.findall(r"dnspin show \| grep [^\n\"]*", f.read())
            self.assertIn("\n- www.example.com: allow\nagainst the policy in "
                          "force: 0 rules added, 1 removed, 0 changed",
                          self.shell(line))


if __name__ == "__main__":
    unittest.main(verbosity=2)
