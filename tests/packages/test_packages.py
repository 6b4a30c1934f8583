"""The packages of tools/package in a clean Debian: installed, switched on,
asked; then Unbound is replaced by a build that the module does not fit, in each
way in which that happens, and DNS must answer; then purged.

As root: debootstrap, apt-utils, and a network for the mirror the first time.
"""
import glob
import os
import subprocess
import sys
import tempfile
import time

TOP = os.environ["DNSPIN_SRCDIR"]
sys.path.insert(0, os.path.join(TOP, "tests/e2e"))

import dns.edns  # noqa: E402
import dns.exception  # noqa: E402
import dns.message  # noqa: E402
import dns.query  # noqa: E402
import dns.rcode  # noqa: E402

import chroot  # noqa: E402
import other_build  # noqa: E402
from checks import Checks, skip_all  # noqa: E402

NAME = "packages"
PACKAGES = os.environ["DNSPIN_PACKAGES"]
MODULE_CONF = "/etc/unbound/dnspin.d/module.conf"
CLOSED = "/etc/unbound/dnspin.d/closed.conf"
POLICY_ZONE = """$ORIGIN test.dnspin.
@ 60 SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ 60 NS localhost.
www.listed.example 60 TXT "allow" "tcp/443"
"""
# Nobody else is on this loopback: the names come from a second Unbound.
LAB_CONF = """server:
\tdomain-insecure: "example"
\tdo-not-query-localhost: no
\taccess-control: 127.0.0.0/8 allow
forward-zone:
\tname: "example"
\tforward-addr: 127.0.0.1@5353
"""
AUTHORITY_CONF = """server:
\tusername: ""
\tchroot: ""
\tpidfile: ""
\tinterface: 127.0.0.1@5353
\tlocal-zone: "example." static
\tlocal-data: "www.listed.example. 300 A 40.126.1.1"
\tlocal-data: "www.other.example. 300 A 40.126.1.2"
"""
LIMIT_S = 60


def say(text):
    print(f"        {text}", flush=True)


def ask(name):
    """(rcode, addresses), or None when nobody answers."""
    query = dns.message.make_query(name, "A", use_edns=0)
    try:
        answer = dns.query.udp(query, "127.0.0.1", timeout=2)
    except (OSError, dns.exception.Timeout):
        return None
    return (dns.rcode.to_text(answer.rcode()),
            [r.address for rrset in answer.answer for r in rrset])


def comes(name, wanted):
    """Wait until name is answered so; the last answer."""
    end = time.monotonic() + LIMIT_S
    while True:
        got = ask(name)
        if got == wanted or time.monotonic() > end:
            return got
        time.sleep(0.1)


LISTED = ("NOERROR", ["40.126.1.1"])
OTHER = ("NOERROR", ["40.126.1.2"])
DENIED = ("NXDOMAIN", [])
REFUSED = ("REFUSED", [])


class Test:
    def __init__(self, root):
        self.root = root
        self.checks = Checks(NAME)
        self.check = self.checks.check

    def answers(self, what, name, wanted):
        got = comes(name, wanted)
        self.check(f"{what}: {name} is {wanted[0]}", got == wanted, got)

    def authority(self):
        self.root.write("/srv/authority.conf", AUTHORITY_CONF)
        self.root.must("unbound", "-c", "/srv/authority.conf")

    def restart(self):
        """What the init script's own restart leaves out: the trust anchor."""
        self.root.must("/etc/init.d/unbound", "stop")
        self.root.must("/etc/init.d/unbound", "start")

    def version(self, package="unbound"):
        done = self.root.run("dpkg-query", "-W", "-f",
                             "${db:Status-Abbrev}${Version}", package)
        return done.stdout.strip() if done.returncode == 0 else ""

    # --- installed, enabled, strict ---------------------------------------

    def bare_unbound(self):
        """dnspin's own rebuild, without dnspin: what purge must bring back."""
        self.root.must("apt-get", "install", "-y", "unbound", "dns-root-data",
                       "apparmor", "unattended-upgrades")
        self.root.write("/etc/unbound/unbound.conf.d/zz-lab.conf", LAB_CONF)
        self.restart()
        self.authority()
        self.answers("Unbound alone", "www.other.example", OTHER)
        self.before = self.root.files("/etc/unbound", "/etc/apparmor.d",
                                      "/etc/apt", "/etc/dnspin")

    def install(self):
        self.root.must("apt-get", "install", "-y", "dnspin-module-unbound")
        self.answers("installed, not enabled", "www.other.example", OTHER)
        said = self.root.must("unbound-checkconf", "-o", "module-config")
        self.check("installed, not enabled: the modules are as before",
                   "dynlib" not in said, said)

    def enable(self):
        said = self.root.must("dnspin", "enable")
        self.check("dnspin enable says what it changed",
                   MODULE_CONF in said, said)
        self.restart()
        self.answers("enabled", "www.other.example", OTHER)
        status = self.root.run("dnspin", "status")
        self.check("enabled: status shows mode observe",
                   "observe" in status.stdout, status.stdout)

    def owner(self):
        """Who is the running server?"""
        pid = self.root.read("/run/unbound.pid").strip()
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            uid = next(line.split()[1] for line in f
                       if line.startswith("Uid:"))
        return uid, self.root.must("id", "-u", "unbound").strip()

    def strict(self):
        self.root.write("/etc/dnspin/test.zone", POLICY_ZONE)
        self.root.must("dnspin", "-o", "mode=strict", "compile",
                       "/etc/dnspin/test.zone")
        self.answers("strict", "www.other.example", DENIED)
        self.answers("strict", "www.listed.example", LISTED)
        uid, wanted = self.owner()
        self.check("the server runs as the user unbound", uid == wanted, uid)
        said = self.root.must("dnspin", "export", "-f", "edl")
        self.check("export has the address", "40.126.1.1" in said, said)

    def owners(self):
        """Nobody can replace what another writes."""
        said = self.root.must("stat", "-c", "%U %n", "/var/lib/dnspin",
                              "/var/lib/dnspin/unbound",
                              "/var/lib/dnspin/sync").split("\n")
        self.check("each writer has a folder of its own, below root's",
                   [line.split()[0] for line in said if line]
                   == ["root", "unbound", "dnspin"], said)

    def apparmor(self):
        profile = "/etc/apparmor.d/usr.sbin.unbound"
        done = self.root.run("apparmor_parser", "-Q", "-K", profile)
        self.check("AppArmor's parser takes the profile",
                   done.returncode == 0, done.stdout)
        text = self.root.run("apparmor_parser", "-p", profile).stdout
        self.check("the profile has dnspin's rules",
                   "dnspin/dnspin.so mr" in text, text[-2000:])

    # --- another build ------------------------------------------------------

    def publish(self, work):
        """What Debian would bring out next: a higher version."""
        ours = glob.glob(self.root.path("/srv/dnspin/unbound_*.deb"))[0]
        self.fitting = self.version()[2:].strip()
        self.other = self.fitting.split("+dnspin")[0] + ".1"
        self.build_id = other_build.make(
            ours, self.other, self.root.path("/srv/debian"), work)
        self.root.write("/etc/apt/sources.list.d/debian.list",
                        "deb [trusted=yes] file:/srv/debian ./\n")
        # No network from here on: only what is in the chroot.
        self.root.write("/etc/apt/sources.list", "")

    def told_before(self):
        said = self.root.run("apt-get", "update").stdout
        line = next((text for text in said.splitlines()
                     if text.startswith("dnspin: ")), "")
        self.check("apt-get update names both builds and the command",
                   self.other in line and self.fitting in line
                   and "dnspin-rebuild" in line, said)

    def held_back(self):
        said = self.root.must("apt-get", "-y", "upgrade")
        self.check("apt-get upgrade says that it keeps unbound back",
                   "kept back" in said and "unbound" in said, said)
        self.check("and does", self.version() == f"ii {self.fitting}",
                   self.version())
        self.root.write("/etc/apt/apt.conf.d/60everything",
                        'Unattended-Upgrade::Origins-Pattern { "site="; '
                        '"origin=*"; };\n')
        said = self.root.run("unattended-upgrade", "-v", "-d").stdout
        self.check("unattended-upgrade looks at it and keeps it back",
                   "unbound" in said and
                   self.version() == f"ii {self.fitting}", said)
        self.answers("held back", "www.other.example", DENIED)

    def by_hand(self):
        """Past apt: strict, so closed; then open; then the right one."""
        other = glob.glob(self.root.path("/srv/debian/*.deb"))[0]
        inside = other[len(self.root.root):]
        said = self.root.run("dpkg", "-i", "--force-depends", inside).stdout
        self.check("dpkg -i of another build: the line names both builds",
                   self.build_id in said and "dnspin-rebuild" in said, said)
        self.answers("another build, strict", "www.listed.example", REFUSED)
        self.answers("another build, strict", "www.other.example", REFUSED)
        done = self.root.run("unbound-control", "status")
        self.check("it can be controlled", "is running" in done.stdout,
                   done.stdout)
        self.root.write("/etc/dnspin/dnspin.conf", "on-misfit = fail-open\n")
        self.start_again()
        self.answers("another build, fail-open", "www.other.example", OTHER)
        self.root.write("/etc/dnspin/dnspin.conf", "")
        said = self.start_again()
        self.answers("another build, auto again", "www.other.example",
                     REFUSED)
        self.back()

    def start_again(self):
        """As the unit does, whose line this reads."""
        unit = self.root.read(
            "/lib/systemd/system/unbound.service.d/dnspin.conf")
        line = next(text for text in unit.splitlines()
                    if text.startswith("ExecStartPre=-+"))
        said = self.root.run(*line.split("-+", 1)[1].split()).stdout
        self.restart()
        return said

    def back(self):
        ours = glob.glob(self.root.path("/srv/dnspin/unbound_*.deb"))[0]
        said = self.root.run("dpkg", "-i", ours[len(self.root.root):]).stdout
        self.check("the build that fits is back: told", "fits" in said, said)
        self.start_again()
        self.answers("the build that fits", "www.other.example", DENIED)
        self.answers("the build that fits", "www.listed.example", LISTED)

    def full_upgrade(self):
        said = self.root.must("apt-get", "-y", "full-upgrade")
        self.check("apt-get full-upgrade keeps it back, too",
                   self.version() == f"ii {self.fitting}", said)

    def removed(self):
        """Another Unbound instead of the module: open where the policy only
        observes, and nobody gets past one that is strict."""
        self.root.must("dnspin", "-o", "mode=observe", "compile",
                       "/etc/dnspin/test.zone")
        said = self.root.must("apt-get", "-y", "install",
                              f"unbound={self.other}",
                              "dnspin-module-unbound-")
        self.check("the module is removed for another Unbound: told",
                   "answers everything" in said, said)
        self.answers("module removed, observe", "www.other.example", OTHER)
        self.root.must("dnspin", "-o", "mode=strict", "compile",
                       "/etc/dnspin/test.zone")
        self.start_again()
        self.answers("module removed, strict", "www.other.example", REFUSED)

    # --- gone ---------------------------------------------------------------

    def disabled(self):
        """Switched off and removed, to have another Unbound: it must start."""
        self.root.must("apt-get", "-y", "--allow-downgrades", "install",
                       "dnspin-module-unbound", "unbound=" + self.fitting)
        self.root.must("dnspin", "disable")
        self.root.must("apt-get", "-y", "remove", "dnspin-module-unbound")
        done = self.root.run("unbound-checkconf")
        self.check("disabled and removed: the configuration is sound",
                   done.returncode == 0, done.stderr)
        self.start_again()
        self.answers("disabled and removed", "www.other.example", OTHER)
        self.root.must("apt-get", "-y", "install", "dnspin-module-unbound")
        self.root.must("dnspin", "enable")

    def purge(self):
        self.root.must("apt-get", "-y", "--allow-downgrades", "install",
                       "dnspin-module-unbound", "unbound=" + self.fitting)
        self.start_again()
        self.answers("installed again", "www.other.example", DENIED)
        self.root.must("apt-get", "-y", "purge", "dnspin-module-unbound",
                       "dnspin")
        self.answers("purged", "www.other.example", OTHER)
        for name in ("/etc/dnspin/test.zone",
                     "/etc/apt/sources.list.d/debian.list",
                     "/etc/apt/apt.conf.d/60everything"):
            os.unlink(self.root.path(name))
        after = self.root.files("/etc/unbound", "/etc/apparmor.d",
                                "/etc/apt", "/etc/dnspin")
        differ = sorted(name for name in self.before.keys() | after.keys()
                        if self.before.get(name) != after.get(name)
                        and name != "/etc/apt/sources.list")
        self.check("purged: every file is as before", not differ, differ)
        self.check("purged: no state is left",
                   not self.root.has("/var/lib/dnspin"))


def inside(root):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    root.mount()
    test = Test(root)
    with tempfile.TemporaryDirectory() as work:
        test.bare_unbound()
        test.install()
        test.enable()
        test.strict()
        test.owners()
        test.apparmor()
        test.publish(work)
        test.told_before()
        test.held_back()
        test.by_hand()
        test.full_upgrade()
        test.removed()
        test.disabled()
        test.purge()
    return test.checks.finish()


def main():
    if len(sys.argv) > 1:
        return inside(chroot.Chroot(sys.argv[1]))
    if os.getuid() != 0:
        return skip_all(NAME, "only root can make a chroot")
    repository = os.path.join(PACKAGES, "repository")
    if not os.path.exists(repository):
        print(f"{NAME}: there is no {repository}: run tools/package")
        return 1
    folder = os.path.join(PACKAGES, "chroot")
    os.makedirs(folder, exist_ok=True)
    root = chroot.fresh(folder, repository, say)
    # All that is started in there ends with it. The shell is its init and
    # buries daemons, which else would look as if they ran.
    return subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
         "--mount-proc", "sh", "-c", '"$@"; exit $?', "init",
         sys.executable, "-B", __file__, root.root]).returncode


sys.exit(main())
