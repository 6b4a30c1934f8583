"""A Debian of the machine's own release in a folder, without what the machine
has: made once by debootstrap from the machine's own mirrors, copied for each
test, entered in namespaces of its own.
"""
import os
import shutil
import subprocess

ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
       "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
# What is downloaded while there is a network, beside what dnspin needs.
EXTRA = ["apparmor", "dns-root-data", "unattended-upgrades", "unbound"]


def sources():
    """The machine's own mirrors: (uri, suite) of main."""
    said = subprocess.run(
        ["apt-get", "indextargets", "--format",
         "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        check=True, capture_output=True, text=True).stdout
    with open("/etc/os-release", encoding="utf-8") as f:
        fields = dict(line.strip().split("=", 1) for line in f if "=" in line)
    own = fields["VERSION_CODENAME"].strip('"')
    found = set()
    for line in said.splitlines():
        uri, suite, component = line.split()
        if component == "main" and suite.startswith(own):
            found.add((uri, suite))
    return own, sorted(found, key=lambda source: source[1])


class Chroot:
    def __init__(self, root):
        self.root = root

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def run(self, *command, **options):
        """In there: the finished process, with stdout and stderr as one."""
        return subprocess.run(
            ["chroot", self.root, *command], env=ENV, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, **options)

    def must(self, *command):
        done = self.run(*command)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: exit status "
                               f"{done.returncode}\n{done.stdout}")
        return done.stdout

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def has(self, name):
        return os.path.exists(self.path(name))

    def mount(self):
        """What programs want to be there; ends with the namespace."""
        subprocess.run(["mount", "-t", "proc", "proc", self.path("/proc")],
                       check=True)
        subprocess.run(["mount", "--rbind", "/dev", self.path("/dev")],
                       check=True)

    def files(self, *folders):
        """Every file below folders and what it holds, to compare."""
        found = {}
        for folder in folders:
            for at, _, names in os.walk(self.path(folder)):
                for name in names:
                    path = os.path.join(at, name)
                    with open(path, "rb") as f:
                        found[path[len(self.root):]] = f.read()
        return found


def bootstrap(folder, say):
    """The chroot that others are copied from."""
    base = os.path.join(folder, "base")
    if os.path.exists(base):
        return base
    own, mirrors = sources()
    uri = next(u for u, suite in mirrors if suite == own)
    say(f"debootstrap {own}")
    shutil.rmtree(base + ".new", ignore_errors=True)
    subprocess.run(["debootstrap", "--variant=minbase",
                    "--include=ca-certificates", own, base + ".new", uri],
                   check=True, stdout=subprocess.DEVNULL)
    chroot = Chroot(base + ".new")
    chroot.write("/etc/apt/sources.list", "".join(
        f"deb {uri} {suite} main\n" for uri, suite in mirrors))
    chroot.write("/etc/apt/apt.conf.d/99test",
                 'APT::Sandbox::User "root";\n'
                 'APT::Install-Recommends "false";\n')
    os.rename(base + ".new", base)
    return base


def fresh(folder, repository, say):
    """A copy with dnspin's repository in /srv/dnspin, and all packages that the
    test will install in apt's cache: from here on no network is needed."""
    root = os.path.join(folder, "root")
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", bootstrap(folder, say),
                    root], check=True)
    chroot = Chroot(root)
    shutil.copytree(repository, chroot.path("/srv/dnspin"))
    chroot.write("/etc/apt/sources.list.d/dnspin.list",
                 "deb [trusted=yes] file:/srv/dnspin ./\n")
    # There is no init in there, and no reason not to start servers.
    chroot.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 0\n", 0o755)
    say("packages from the mirror")
    archives = os.path.join(folder, "archives")
    os.makedirs(archives, exist_ok=True)
    subprocess.run(["cp", "-a", archives + "/.",
                    chroot.path("/var/cache/apt/archives")], check=True)
    shutil.copy("/etc/resolv.conf", chroot.path("/etc/resolv.conf"))
    chroot.must("apt-get", "update")
    chroot.must("apt-get", "install", "-y", "--download-only",
                "dnspin-module-unbound", *EXTRA)
    for name in os.listdir(chroot.path("/var/cache/apt/archives")):
        if name.endswith(".deb"):
            shutil.copy(chroot.path("/var/cache/apt/archives/" + name),
                        archives)
    return chroot
