"""dnspin enable and disable with a real Unbound and its unbound-checkconf: a
plain server becomes one that observes, is strict with what suggest proposes,
and is plain again; and what would not do changes nothing.
"""
import os
import shutil
import subprocess
import sys

from daemon import eventually
from lab import Lab

ON = "portal.manage.microsoft.com"
OFF = "www.evil.example"


class Admin:
    """Who runs the verbs for one server."""

    def __init__(self, lab, name="plain", behind=()):
        self.folder = os.path.join(lab.work, f"{name}.d")
        os.mkdir(self.folder)
        include = f'include-toplevel: "{self.folder}/*.conf"'
        self.server = lab.resolver(
            name, module=False, server_conf=[include, *behind])
        shutil.rmtree(self.server.state)
        self.module = lab.module_copy()
        self.tree = lab.tree
        self.file = os.path.join(self.folder, "module.conf")

    def words(self, verb, *args, server=None, folder=None):
        words = [verb, "-s", server or self.tree.unbound, "-x",
                 self.tree.unbound_checkconf, "-c", self.server.conf,
                 "-D", folder or self.folder, *args]
        return words + ["-m", self.module] if verb == "enable" else words

    def run(self, verb, *args, **more):
        """(exit status, what it printed)"""
        done = subprocess.run(
            [self.tree.dnspin, "-C", self.tree.conf, "-d", self.server.state,
             *self.words(verb, *args, **more)], text=True,
            capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def untouched(self):
        return not os.path.exists(self.file) and \
            not os.path.exists(self.server.state)


def on_and_off(lab):
    admin = Admin(lab)
    server = admin.server
    code, text = admin.run("enable", "-n")
    lab.check("-n says it and does nothing", code == 0 and
              "would be written" in text and admin.untouched(), text)
    code, text = admin.run("enable")
    lab.check("enable tells what it did", code == 0 and all(
        word in text for word in ("mode observe", "module.conf: written",
                                  "\"dynlib validator iterator\"")), text)
    owner = os.stat(os.path.join(server.state, "unbound"))
    lab.check("the folder of the map is the server's user's",
              lab.tree.one_user or owner.st_uid != 0, owner)
    code, text = admin.run("enable")
    lab.check("a second time changes nothing",
              code == 0 and "is enabled: nothing changed" in text, text)

    server.restart()
    rcodes = {name: server.ask(name).rcode for name in (ON, OFF)}
    lab.check("nothing is refused", set(rcodes.values()) == {"NOERROR"},
              rcodes)
    lab.check("and all is counted", eventually(
        lambda: server.status()["resolver"]["counters"]["would-deny"] == 2,
        20))
    zone = server.dnspin("suggest")
    wanted = "\n".join(line for line in zone.splitlines()
                       if "evil" not in line)
    server.dnspin("-o", "mode=strict", "compile", "-", stdin=wanted)
    lab.check("strict with what suggest proposed", eventually(
        lambda: server.ask(OFF).rcode == "NXDOMAIN", 20))
    lab.check("allows it", server.ask(ON).rcode == "NOERROR")
    lab.check("and a firewall gets its addresses", eventually(
        lambda: ON in server.dnspin("export", "-f", "csv", "-F"), 20))

    code, text = admin.run("enable")
    lab.check("a policy in force stays, strict is told", code == 0 and
              "mode strict, names off the list are refused" in text, text)
    code, text = admin.run("disable")
    lab.check("disable tells what it did", code == 0 and "removed" in text
              and not os.path.exists(admin.file), text)
    server.restart()
    lab.check("the server is plain again", server.ask(OFF).rcode == "NOERROR"
              and os.path.exists(os.path.join(server.state, "policy")))
    code, text = admin.run("disable")
    lab.check("once more is no failure", code == 0 and
              "is not enabled" in text, text)
    server.stop()


def what_will_not_do(lab):
    admin = Admin(lab, "fixed", behind=['server:\n\tmodule-config: "iterator"'])
    code, text = admin.run("enable")
    lab.check("a later module-config is found, all is put back", code == 1
              and '"iterator" stands behind' in text and admin.untouched(),
              text)
    elsewhere = os.path.join(lab.work, "elsewhere")
    os.mkdir(elsewhere)
    code, text = admin.run("enable", folder=elsewhere)
    lab.check("a folder that is not included is found", code == 1 and
              "does not include it" in text and not os.listdir(elsewhere),
              text)
    code, text = admin.run("enable", server="/bin/sh")
    lab.check("a server of another build is told apart", code == 1 and
              "/bin/sh: is build" in text and admin.untouched(), text)
    with open(admin.server.conf, "a", encoding="utf-8") as f:
        f.write("server:\n\tno-such-option: yes\n")
    code, text = admin.run("enable")
    lab.check("a bad configuration is told in unbound-checkconf's words",
              code == 1 and "no-such-option" in text and admin.untouched(),
              text)
    admin.server.stop()


def one_by_hand(lab):
    admin = Admin(lab, "byhand", behind=[
        'server:\n\tmodule-config: "dynlib iterator"',
        f'dynlib:\n\tdynlib-file: "{lab.module_copy()}"',
        f'\tdynlib-file: "{lab.work}/nothing"'])
    code, text = admin.run("enable")
    lab.check("a module by other hands is left alone", code == 1 and
              "take that out first" in text and admin.untouched(), text)
    code, text = admin.run("disable")
    lab.check("also by disable", code == 1 and "take dynlib out" in text,
              text)
    admin.server.stop()


def main():
    with Lab("enable") as lab:
        on_and_off(lab)
        what_will_not_do(lab)
        one_by_hand(lab)
    return lab.finish()


sys.exit(main())
