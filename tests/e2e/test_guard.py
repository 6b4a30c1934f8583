"""dnspin guard with a real Unbound: a server whose module does not fit starts
all the same, and no client gets anything from it, not by a view either; then
it is as before.
"""
import os
import subprocess
import sys

from lab import Lab

ON = "portal.manage.microsoft.com"
INSIDE = "127.0.0.2"
VIEW = ["access-control-view: 127.0.0.2/32 inside", "view:",
        'name: "inside"', "view-first: no",
        'local-data: "printer.view.example. A 192.168.7.7"']


class Guarded:
    """A plain server that includes a folder, in which a module is enabled."""

    def __init__(self, lab):
        self.lab = lab
        self.folder = os.path.join(lab.work, "guarded.d")
        os.mkdir(self.folder)
        # No more than what a server can always load.
        with open(self.path("module.conf"), "w", encoding="ascii") as f:
            f.write("server:\n\tval-log-level: 0\n")
        self.server = lab.resolver("guarded", module=False, server_conf=[
            f'include-toplevel: "{self.folder}/*.conf"', "server:", *VIEW])

    def path(self, name):
        return os.path.join(self.folder, name)

    def guard(self, module):
        """(exit status, what it said), and the server as it starts then."""
        tree = self.lab.tree
        done = subprocess.run(
            [tree.dnspin, "-C", tree.conf, "-d", self.server.state, "guard",
             "-s", tree.unbound, "-m", module, "-D", self.folder],
            text=True, capture_output=True, check=False)
        self.server.restart()
        return done.returncode, done.stdout + done.stderr


def test(lab):
    guarded = Guarded(lab)
    server = guarded.server
    for source in (None, INSIDE):
        a = server.ask(ON, source=source)
        lab.check(f"before: answered from {source}", a.addresses, a)

    code, said = guarded.guard("/nonexistent/dnspin.so")
    lab.check("a misfit without a policy: closed, and said", code == 3 and
              "refuses all clients" in said and
              os.path.exists(guarded.path("closed.conf")), (code, said))
    for name in (ON, "www.evil.example", "."):
        a = server.ask(name)
        lab.check(f"closed: {name} is refused", a.rcode == "REFUSED", a)
    a = server.ask(ON, source=INSIDE)
    lab.check("closed: nor has a view of its own a way",
              not a.rrs and a.rcode in ("REFUSED", "SERVFAIL"), a)
    lab.check("closed: it runs", server.alive())

    code, said = guarded.guard(lab.module_copy())
    lab.check("the module fits: it is back, and said",
              code == 0 and "fits" in said and
              os.listdir(guarded.folder) == ["module.conf"], (code, said))
    a = server.ask(ON)
    lab.check("afterwards: answered", a.addresses, a)
    server.stop()


with Lab("guard") as the_lab:
    test(the_lab)
sys.exit(the_lab.finish())
