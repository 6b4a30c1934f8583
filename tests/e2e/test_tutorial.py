"""dnspin-tutorial(7), word by word: every command of the page in its order, by
a shell, with a real Unbound. Only paths are others, and what starts the server.
"""
import os
import re
import shutil
import subprocess
import sys

from daemon import eventually
from lab import Lab

ASKED = ("portal.manage.microsoft.com", "www.evil.example")


def commands(page):
    blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page,
                        re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


class Machine:
    """What stands for the root shell of the page."""

    def __init__(self, lab):
        self.lab = lab
        self.etc = os.path.join(lab.work, "etc")
        self.included = os.path.join(lab.work, "dnspin.d")
        for folder in (self.etc, self.included):
            os.mkdir(folder)
        shutil.copy(os.path.join(lab.tree.source, "tools/dnspin.conf"),
                    self.etc)
        self.server = lab.resolver("tutorial", module=False, server_conf=[
            f'include-toplevel: "{self.included}/*.conf"'])
        shutil.rmtree(self.server.state)
        self.bin = os.path.join(lab.work, "bin")
        os.mkdir(self.bin)
        self._write("dnspin", self._dnspin())
        self._write("dig", "echo asked by the test\n")
        self._write("systemctl", "echo done by the test\n")
        self._write("editor", "sed -i /evil/d \"$1\"\n")

    def _write(self, name, text):
        path = os.path.join(self.bin, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)

    def _dnspin(self):
        """The command as if it were installed: with other defaults."""
        tree = self.lab.tree
        common = (f"-s {tree.unbound} -x {tree.unbound_checkconf} "
                  f"-c {self.server.conf} -D {self.included}")
        front = (f"exec {tree.dnspin} -C {self.etc}/dnspin.conf "
                 f"-d {self.server.state}")
        return (f'case $1 in\nenable) shift; {front} enable {common} '
                f'-m {self.lab.module_copy()} "$@" ;;\n'
                f'disable) {front} disable {common} ;;\n'
                f'*) {front} "$@" ;;\nesac\n')

    def run(self, line):
        """(exit status, what was printed)"""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c",
             line.replace("/etc/dnspin", self.etc)],
            env={**os.environ, "EDITOR": "editor",
                 "PATH": f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin"},
            text=True, capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr


def ask_all(server):
    return {name: server.ask(name).rcode for name in ASKED}


def follow(lab, machine, line):
    """One command, and what the page says of it."""
    server = machine.server
    if "| nft" in line and (not lab.own_network or not shutil.which("nft")):
        return lab.skip(line, "no network of one's own, or no nft")
    if line == "dnspin status":  # at once after the start, or soon
        return lab.check(line, eventually(
            lambda: machine.run(line)[0] == 0, 20))
    code, text = machine.run(line)
    lab.check(line, code == 0, text)
    if line == "systemctl restart unbound":
        server.restart()
        lab.check("- nothing is refused",
                  set(ask_all(server).values()) == {"NOERROR"})
    elif line == "dnspin suggest":
        lab.check("- it proposes what was asked",
                  all(name in text for name in ASKED), text)
    elif line.startswith("dnspin check "):
        lab.check("- the list has it", " allow " in text, text)
    elif line.startswith("dig "):
        lab.check("- it is NXDOMAIN, what is listed is not", eventually(
            lambda: list(ask_all(server).values()) == ["NOERROR", "NXDOMAIN"],
            20))
    elif line == "dnspin export -f edl":
        lab.check("- there are addresses", text.strip() != "", text)
    return None


def main():
    with Lab("tutorial") as lab:
        machine = Machine(lab)
        page = os.path.join(lab.tree.source, "tools/dnspin-tutorial.7")
        with open(page, encoding="utf-8") as f:
            lines = commands(f.read())
        lab.check("the page has its commands", len(lines) > 15, lines)
        for line in lines:
            follow(lab, machine, line)
        machine.server.stop()
    return lab.finish()


sys.exit(main())
