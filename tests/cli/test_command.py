#!/usr/bin/env python3
"""The dnspin command as its users meet it: output, files, exit codes."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ.get("DNSPIN_BUILDDIR", ".")
DNSPIN = os.path.join(BUILD, "dnspin")
SOURCE = os.environ.get("DNSPIN_SRCDIR", ".")
SOA = "$ORIGIN {0}.dnspin.\n$TTL 60\n@ SOA a. b. 7 1 1 1 1\n"
ZONE = SOA.format("g") + (
    'a.example TXT "allow" "tcp/80" "tcp/443"\n'
    "a.example APL 1:192.0.2.0/24 2:2001:db8::/32\n"
    '*.a.example TXT "allow"\n'
    'x.a.example TXT "deny"\n')


def verbs():
    """Names and option letters, read from the table itself."""
    with open(os.path.join(SOURCE, "tools/verb.def")) as f:
        text = f.read()
    text = text[text.index("#endif"):]
    found = {}
    for ident, name in re.findall(
            r'^DP_VERB\((\w+), \w+, "([\w-]+)",', text, re.M):
        found[name] = re.findall(r"^DP_OPTION\(%s, '(.)'" % ident, text, re.M)
    return found


LIMITED = SOA.format("vlan") + (
    "@ APL 1:10.20.0.0/16 2:fd00:20::/48\n"
    'a.example TXT "allow" "tcp/8080"\n'
    'own.example CNAME rpz-passthru.\n')


class Command(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="dnspin-cli-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.state = self.path("state")
        self.conf = self.write("dnspin.conf", "")
        self.zone = self.write("g.zone", ZONE)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def read(self, *name):
        with open(os.path.join(self.dir, *name), "rb") as f:
            return f.read()

    def run_bare(self, *args, stdin=b"", env=None, stdout=subprocess.PIPE):
        return subprocess.run(
            [DNSPIN, *args], input=stdin, stdout=stdout,
            stderr=subprocess.PIPE, timeout=60,
            env={**os.environ, "DNSPIN_DIR": "", **(env or {})})

    def dnspin(self, *args, code=0, says="", **more):
        """Run with settings and state of this test's own; the result's
        standard output. says: what standard error holds."""
        result = self.run_bare("-C", self.conf, "-d", self.state, *args,
                               **more)
        error = result.stderr.decode()
        self.assertEqual(result.returncode, code, (args, error))
        self.assertIn(says, error)
        if code in (1, 2):
            self.assertTrue(error.startswith("dnspin"), error)
        return result.stdout

    def compile(self, *args, **more):
        return self.dnspin("compile", *args, self.zone, **more).decode()


class Usage(Command):
    def test_help_names_every_verb_and_option(self):
        table = verbs()
        self.assertGreaterEqual(len(table), 6)
        top = self.run_bare("--help")
        self.assertEqual((top.returncode, top.stderr), (0, b""))
        for verb, letters in table.items():
            self.assertIn("  %s " % verb, top.stdout.decode())
            for ask in (["--help"], ["-h"], ["extra", "--help"]):
                said = self.run_bare(verb, *ask)
                self.assertEqual((said.returncode, said.stderr), (0, b""))
            text = said.stdout.decode()
            self.assertTrue(text.startswith("usage: dnspin [options] " + verb))
            for letter in letters:
                self.assertRegex(text, r"(?m)^  -%s " % re.escape(letter))
            self.assertIn("\nexample:\n  dnspin", text)
            for line in text.split("\n")[1:]:
                if " " in line.strip():  # a path alone is as long as it is
                    self.assertLess(len(line), 80, line)

    def test_version(self):
        said = self.run_bare("--version")
        self.assertRegex(said.stdout.decode(), r"^dnspin \d+\.\d+\.\d+\n$")

    def test_wrong_command_lines(self):
        for args, says in (
                ([], "a verb is missing"),
                (["fly"], "unknown verb fly"),
                (["-x"], "dnspin: unknown option -x"),
                (["--fly"], "dnspin: unknown option --fly"),
                (["-C"], "option -C needs an argument"),
                (["compile", "-x"], "dnspin compile: unknown option -x"),
                (["compile", "--fly"], "unknown option --fly"),
                (["compile", "-k"], "option -k needs an argument"),
                (["check"], "NAME is missing"),
                (["check", "a..b"], "a..b: not a name"),
                (["check", "a.example", b"b\xfc.example"], "not in UTF-8"),
                (["check", "\u2460.example.\u3002"], "write '.' where"),
                (["show", "-f", "xml"], "unknown format xml"),
                (["show", "a", "b"], "one POLICY only"),
                (["keygen"], "FILE is missing"),
                (["keygen", "a", "b"], "one FILE only"),
                (["keygen", "-"], "two files are written"),
                (["-d", "", "check", "a"], "argument 2 is empty"),
                (["compile", "-n", ""], "argument 3 is empty"),
                (["--version=3"], "unknown option --version=3"),
                (["check", "-d", "x", "a"], "-d stands before the verb"),
                (["export", "-x"], "unknown option -x"),
                (["status", "-x"], "unknown option -x")):
            said = self.run_bare(*args)
            error = said.stderr.decode()
            self.assertEqual(said.returncode, 2, (args, error))
            self.assertEqual(said.stdout, b"")
            self.assertIn(says, error)
            self.assertRegex(error, r"\nTry 'dnspin( \w+)? --help'\.\n$")

    def test_wrong_settings(self):
        for option, says in (("mode", "must be KEY=VALUE"),
                             ("mod=strict", "is mode meant?"),
                             ("grace=-1", "must be a plain number")):
            self.dnspin("-o", option, "compile", self.zone, code=2, says=says)
        self.write("dnspin.conf", "# c\n\nmode = lax\n")
        self.dnspin("compile", self.zone, code=1,
                    says=self.conf + ":3: mode = lax: must be one of")
        self.assertFalse(os.path.exists(self.state))
        said = self.run_bare("-C", self.path("none"), "check", "a")
        self.assertEqual(said.returncode, 1)
        self.assertIn(b"No such file", said.stderr)

    def test_a_full_disk_is_no_success(self):
        with open("/dev/full", "wb") as full:
            for args in (["--help"], ["compile", "--help"]):
                said = self.run_bare(*args, stdout=full)
                self.assertEqual(said.returncode, 1)
                self.assertIn(b"standard output: No space", said.stderr)


    def test_closed_streams_are_no_files(self):
        self.compile()
        policy = self.read("state/policy")
        ask = "exec '%s' -C '%s' -d '%s' " % (DNSPIN, self.conf, self.state)
        for line, code, says in (
                ("show - <&-", 1, "dnspin: -: Bad file descriptor"),
                ("compile - <&-", 1, "dnspin: -: Bad file descriptor"),
                ("check a.example >&-", 1, "standard output: Bad file"),
                ("export <&- >&-", 1, "there is no map"),
                ("compile -O '%s' '%s' <&- >&- 2>&-" %
                 (self.path("out"), self.zone), 1, "")):
            said = subprocess.run(["sh", "-c", ask + line], timeout=60,
                                  stderr=subprocess.PIPE)
            error = said.stderr.decode()
            self.assertEqual(said.returncode, code, (line, error))
            self.assertIn(says, error)
        self.assertEqual(self.read("out"), policy)
        self.assertEqual(self.read("state/policy"), policy)


    def test_a_file_cut_short_is_said(self):
        """The signal that the kernel sends then, while the command waits."""
        with subprocess.Popen([DNSPIN, "-C", self.conf, "show", "-"],
                              stdin=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            # More than a pipe holds: it reads by now.
            child.stdin.write(bytes(1 << 20))
            child.stdin.flush()
            child.send_signal(signal.SIGBUS)
            error = child.communicate(timeout=60)[1]
        self.assertEqual(child.returncode, 1)
        self.assertIn(b"cut short while it was read", error)


class Compile(Command):
    def test_the_policy_is_put_in_force(self):
        said = self.compile()
        self.assertRegex(said, r"(?m)^g +2 +1 +\d+$")
        self.assertIn("no policy in force to compare with", said)
        self.assertIn("wrote %s/policy, not signed" % self.state, said)
        mode = os.stat(self.path("state/policy")).st_mode & 0o7777
        self.assertEqual(mode, 0o644)
        before = os.stat(self.path("state/policy"))
        said = self.compile()
        self.assertIn("0 rules added, 0 removed, 0 changed", said)
        self.assertIn("is this policy already", said)
        self.assertEqual(os.stat(self.path("state/policy")).st_ino,
                         before.st_ino)
        self.assertEqual(os.listdir(self.state), ["policy"])

    def test_differences_are_said(self):
        self.compile()
        self.write("g.zone", SOA.format("g") +
                   'a.example TXT "allow" "tcp/443"\n'
                   'x.a.example TXT "allow"\n' + "".join(
                       'n%d.example TXT "deny"\n' % i for i in range(25)))
        said = self.dnspin("-o", "grace=1", "-o", "mode=observe", "compile",
                           self.zone).decode()
        for line in ("- *.a.example: allow\n", "+ n0.example: deny\n",
                     "~ a.example: other services\n",
                     "~ x.a.example: was denied, is allowed\n",
                     "+ and 5 more\n",
                     "~ setting mode: was strict, is observe\n",
                     "~ setting grace: was 60, is 1\n",
                     "25 rules added, 1 removed, 2 changed, 2 settings"):
            self.assertIn(line, said)

    def test_bad_zones_change_nothing(self):
        self.compile()
        before = self.read("state/policy")
        bad = self.write("bad.zone", SOA.format("h") + "\nb TXT allow\n"
                         "*c.example TXT allow\n")
        self.dnspin("compile", self.zone, bad, code=1,
                    says="dnspin: %s:6: *c.example: '*' must be" % bad)
        self.dnspin("compile", self.path("none"), code=1,
                    says=self.path("none") + ": No such file")
        self.dnspin("compile", self.dir, code=1, says="Is a directory")
        self.dnspin("compile", "-", code=1, says="dnspin: -: holds no zone")
        self.dnspin("compile", self.zone, self.zone, code=1,
                    says="was read before")
        self.assertEqual(self.read("state/policy"), before)
        self.assertEqual(os.listdir(self.state), ["policy"])

    def test_nothing_is_written_where_only_checked(self):
        said = self.compile("-n")
        self.assertIn("nothing written", said)
        self.assertFalse(os.path.exists(self.state))

    def test_elsewhere(self):
        out = self.path("out")
        self.assertIn("wrote " + out, self.compile("-O", out))
        piped = self.dnspin("compile", "-O", "-", self.zone,
                            says="no policy in force")
        self.assertEqual(piped, self.read("out"))
        self.assertFalse(os.path.exists(self.state))
        self.compile("-O", self.path("none/out"), code=1, says=self.path("none"))

    def test_only_regular_files_are_replaced(self):
        self.compile()
        link, fifo = self.path("link"), self.path("fifo")
        os.symlink("/dev/null", link)
        os.mkfifo(fifo)
        for out, says in ((link, "a symbolic link"), (self.dir, "a directory"),
                          (fifo, "no regular file"),
                          (self.path("state/policy"), "policy in force")):
            before = os.lstat(out)
            self.compile("-O", out, code=1, says=says)
            self.assertEqual(os.lstat(out).st_ino, before.st_ino)

    def test_zones_of_the_settings(self):
        self.dnspin("compile", code=2, says="no zones")
        self.write("dnspin.conf", 'zones = { "*.zone" }\n')
        self.assertRegex(self.dnspin("compile").decode(), r"(?m)^g +2 +1 ")
        self.write("dnspin.conf", 'zones = { "none/*.zone" }\n')
        self.dnspin("compile", code=1, says="no zone file fits")

    def test_no_tree_is_left_of_a_mistyped_folder(self):
        said = self.run_bare("-C", self.conf, "-d", self.path("a/b"),
                             "compile", self.zone)
        self.assertEqual(said.returncode, 1)
        self.assertIn(b"cannot be made", said.stderr)
        self.assertFalse(os.path.exists(self.path("a")))

    def test_the_policy_can_be_read_whatever_the_umask(self):
        self.addCleanup(os.umask, os.umask(0o077))
        self.compile()
        for path, mode in ((self.state, 0o755),
                           (os.path.join(self.state, "policy"), 0o644)):
            self.assertEqual(os.stat(path).st_mode & 0o777, mode)

    def test_no_folder_is_left_of_a_policy_that_does_not_fit(self):
        # File sizes are limited to nothing: a full disk.
        ask = "ulimit -f 0; trap '' XFSZ; exec '%s' -C '%s' -d '%s' " \
            "compile '%s' 2>&1 | cat" % (DNSPIN, self.conf, self.state,
                                         self.zone)
        said = subprocess.run(["sh", "-c", ask], stdout=subprocess.PIPE,
                              timeout=60)
        self.assertIn(b"state/policy: cannot write: File too large",
                      said.stdout)
        self.assertFalse(os.path.exists(self.state))

    def test_where_the_state_is(self):
        self.compile()
        said = self.run_bare("-C", self.conf, "check", "a.example",
                             env={"DNSPIN_DIR": self.state})
        self.assertEqual(said.returncode, 0)
        said = self.run_bare("-C", self.conf, "-d", self.path("none"),
                             "check", "a.example",
                             env={"DNSPIN_DIR": self.state})
        self.assertEqual(said.returncode, 1)

    def test_a_broken_policy_in_force_is_replaced(self):
        os.mkdir(self.state)
        self.write("state/policy", "hello")
        self.assertIn("unfit to compare with", self.compile())
        self.dnspin("check", "a.example")


class Check(Command):
    def test_verdicts(self):
        self.compile()
        said = self.dnspin("check", "A.Example.", "b.c.a.example",
                           "x.a.example", "y.x.a.example", "ba.example", ".",
                           code=3).decode()
        self.assertEqual(said.split("\n"), [
            "a.example allow group=g rule=a.example "
            "services=tcp/80,tcp/443 pins=2",
            "b.c.a.example allow group=g rule=*.a.example services=any "
            "pins=0",
            "x.a.example deny group=g rule=x.a.example",
            "y.x.a.example allow group=g rule=*.a.example services=any "
            "pins=0",
            "ba.example deny rule=none",
            ". deny rule=none", ""])
        self.dnspin("check", "a.example", "b.a.example")

    def test_zones_for_some_clients(self):
        limited = self.write("vlan.zone", LIMITED)
        text = self.compile(limited)
        self.assertIn("10.20.0.0/16 fd00:20::/48\n", text)
        self.assertIn("everybody\n", text)
        everybody = "0.0.0.0/0,::/0,!10.20.0.0/16,!fd00:20::/48"
        self.assertEqual(
            self.dnspin("check", "own.example", code=3),
            ("own.example deny rule=none clients=%s\n" % everybody).encode())
        self.assertEqual(
            self.dnspin("check", "-c", "fd00:20::7", "own.example"),
            b"own.example allow group=vlan rule=own.example services=any "
            b"pins=0 clients=10.20.0.0/16,fd00:20::/48\n")
        before = self.read("state", "policy")
        self.dnspin("compile", "-", stdin=self.dnspin("show"))
        self.assertEqual(self.read("state", "policy"), before)
        self.dnspin("show", "-f", "rpz", code=1, says="with -c CLIENT")
        self.assertIn(b"\nown.example CNAME rpz-passthru.\n", self.dnspin(
            "show", "-f", "rpz", "-c", "10.20.0.1"))
        self.assertNotIn(b"own.example", self.dnspin(
            "show", "-f", "rpz", "-c", "10.21.0.1"))
        self.write("vlan.zone", LIMITED.replace("1:10.20.", "1:10.21."))
        self.assertIn(
            "~ group vlan: was for 10.20.0.0/16 fd00:20::/48, is for "
            "10.21.0.0/16 fd00:20::/48\n",
            self.compile(limited))

    def test_names_in_utf8_are_those_in_ascii(self):
        """In zones and arguments, composed and decomposed, in either case;
        what is printed is ASCII and compiles to the same."""
        self.zone = self.write("u.zone", SOA.format("b\u00fccher") + (
            'b\u00fccher.example TXT "allow"\n'
            '*.B\u00dcCHER.example TXT "allow"\n'
            'fa\u00df.example TXT "allow"\n'
            '_sip._udp.\u65e5\u672c TXT "allow"\n'))
        self.compile()
        policy = self.read("state/policy")
        said = self.dnspin("check", "bu\u0308cher.EXAMPLE",
                           "www.xn--bcher-kva.example", "fa\u00df.example",
                           "_SIP._udp.\u65e5\u672c", "fass.example", code=3)
        tail = " services=any pins=0"
        self.assertEqual(said.decode().split("\n"), [
            "xn--bcher-kva.example allow group=xn--bcher-kva "
            "rule=xn--bcher-kva.example" + tail,
            "www.xn--bcher-kva.example allow group=xn--bcher-kva "
            "rule=*.xn--bcher-kva.example" + tail,
            "xn--fa-hia.example allow group=xn--bcher-kva "
            "rule=xn--fa-hia.example" + tail,
            "_sip._udp.xn--wgv71a allow group=xn--bcher-kva "
            "rule=_sip._udp.xn--wgv71a" + tail,
            "fass.example deny rule=none", ""])
        text = self.dnspin("show")
        self.assertTrue(text.isascii())
        self.assertEqual(self.dnspin("compile", "-O", "-", "-", stdin=text),
                         policy)
        self.dnspin("export", "-g", "b\u00fccher", code=1, says="no map")

    def test_without_a_policy(self):
        self.dnspin("check", "a.example", code=1, says="state/policy")


class Show(Command):
    def test_zones_compile_to_the_same_bytes(self):
        self.compile()
        text = self.dnspin("show")
        self.assertEqual(self.dnspin("compile", "-O", "-", "-", stdin=text,
                                     says="0 rules added"),
                         self.read("state/policy"))

    def test_from_file_and_pipe(self):
        self.compile()
        self.dnspin("show", self.path("none"), code=1,
                    says="none: cannot open: No such file")
        for form in ("zone", "json", "rpz"):
            text = self.dnspin("show", "-f", form)
            policy = self.path("state/policy")
            self.assertEqual(self.dnspin("show", "-f", form, policy), text)
            self.assertEqual(self.dnspin("show", "-f", form, "-",
                                         stdin=self.read("state/policy")),
                             text)

    def test_bad_policies(self):
        self.compile()
        good = self.read("state/policy")
        for at in range(0, len(good), 37):
            for bad in (good[:at],
                        good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]):
                result = self.run_bare("-C", self.conf, "show", "-",
                                       stdin=bad)
                # 3 where it seems to be signed now.
                self.assertIn(result.returncode, (1, 3))
                self.assertEqual(result.stdout, b"")
                self.assertTrue(result.stderr.startswith(b"dnspin: -: "))


class Signatures(Command):
    def setUp(self):
        super().setUp()
        self.key, self.other = self.path("key"), self.path("other")
        for key in (self.key, self.other):
            self.dnspin("keygen", key)

    def test_keygen_overwrites_nothing(self):
        before = self.read("key"), self.read("key.pub")
        self.dnspin("keygen", self.key, code=1, says="never overwritten")
        self.assertEqual((self.read("key"), self.read("key.pub")), before)
        self.assertEqual(os.stat(self.key).st_mode & 0o7777, 0o600)

    def test_only_the_trusted_key_will_do(self):
        trust = "trusted-key=" + self.key + ".pub"
        self.compile()
        self.dnspin("-o", trust, "check", "a.example", code=3)
        self.dnspin("-o", trust, "compile", self.zone, code=3)
        self.assertIn("signed", self.compile("-k", self.key))
        self.dnspin("-o", trust, "check", "a.example")
        self.dnspin("-o", trust, "compile", "-k", self.other, self.zone,
                    code=3)
        self.dnspin("-o", trust, "check", "a.example")
        self.dnspin("-o", "trusted-key=" + self.other + ".pub", "check",
                    "a.example", code=3)
        self.dnspin("-o", "trusted-key=" + self.key, "check", "a.example",
                    code=1, says="is a secret key")

    def test_a_signed_policy_is_not_lost_by_chance(self):
        self.compile("-k", self.key)
        signed = self.read("state/policy")
        self.compile(code=3, says="force it with -F")
        self.assertEqual(self.read("state/policy"), signed)
        self.compile("-n")
        self.assertIn("not signed", self.compile("-F"))
        self.assertNotEqual(self.read("state/policy"), signed)

    def test_key_of_the_settings(self):
        self.write("dnspin.conf", 'sign-key = "key"\n'
                                  'trusted-key = "key.pub"\n')
        self.assertIn("policy, signed", self.compile())
        self.dnspin("check", "a.example")
        os.chmod(self.key, 0o644)
        self.compile("-O", self.path("x"), code=1, says="chmod 600")
        self.compile("-n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
