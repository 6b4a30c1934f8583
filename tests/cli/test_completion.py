#!/usr/bin/env python3
"""What the shells make of dnspin completion."""
import os
import shutil
import subprocess
import tempfile
import unittest

DNSPIN = os.path.join(os.environ.get("DNSPIN_BUILDDIR", "."), "dnspin")
CASES = (
    # the words of the line, the last one incomplete; what is proposed
    ("dnspin|comp", {"compile", "completion"}),
    ("dnspin|-d|/tmp|check", {"check", "check-conf"}),
    ("dnspin|--v", {"--version"}),
    ("dnspin|compile|-", {"-n", "-k", "-O", "-F", "--help"}),
    ("dnspin|export|-f|c", {"csv", "cilium"}),
    ("dnspin|log|-V|", {"allow", "deny", "would-deny", "local", "error"}),
    ("dnspin|completion|", {"bash", "zsh"}),
    ("dnspin|-o|mo", {"mode=strict", "mode=observe", "module-order=refuse",
                      "module-order=accept"}),
    ("dnspin|-o|mode|=|", {"strict", "observe"}),
    ("dnspin|-o|mode|=|o", {"observe"}),
    ("dnspin|-o|mode|=|strict|stat", {"status"}),
    ("dnspin|-C|a", {"a.zone", "asia"}),
    ("dnspin|-d|", {"asia"}),
    ("dnspin|compile|a", {"a.zone", "asia"}),
    ("dnspin|check|a", set()),
    ("dnspin|fly|-", set()),
)
ASK = """
. ./dnspin
IFS='|' read -r -a COMP_WORDS <<< "$1"
[[ $1 = *'|' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_dnspin
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="dnspin-completion-")
        self.addCleanup(shutil.rmtree, self.dir)
        for shell, name in (("bash", "dnspin"), ("zsh", "_dnspin")):
            with open(os.path.join(self.dir, name), "wb") as f:
                f.write(subprocess.run([DNSPIN, "completion", shell],
                                       check=True, capture_output=True).stdout)
        os.mkdir(os.path.join(self.dir, "asia"))
        with open(os.path.join(self.dir, "a.zone"), "w"):
            pass

    def run_in(self, *command):
        done = subprocess.run(command, cwd=self.dir, text=True, timeout=60,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_bash(self):
        if not shutil.which("bash"):
            self.skipTest("bash is not installed")
        for line, wanted in CASES:
            got = set(self.run_in("bash", "--norc", "-c", ASK, "bash",
                                  line).split())
            self.assertEqual(got, wanted, line)

    def test_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        self.run_in("zsh", "-f", "-n", "_dnspin")
        said = self.run_in(
            "zsh", "-f", "-c", "fpath=($PWD $fpath); autoload -Uz compinit; "
            "compinit -u -d $PWD/dump; print $_comps[dnspin]; "
            "_describe() { print -rl -- ${(P)2} }; "
            "_arguments() { state=verb; print -rl -- $@ }; "
            "_dnspin")
        self.assertTrue(said.startswith("_dnspin\n"), said)
        self.assertIn("\ncompile:turn zones into the policy\n", said)
        self.assertIn("\n-C[read settings from FILE]:FILE:_files\n", said)


if __name__ == "__main__":
    unittest.main()
