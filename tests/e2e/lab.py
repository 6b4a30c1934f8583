"""The lab: what a test or the demo needs, in one `with` statement.

	with Lab("strict") as lab:
		resolver = lab.resolver(mode="strict")
		lab.check("allowed", resolver.ask("manage.microsoft.com").rcode
			== "NOERROR")
	sys.exit(lab.finish())

It runs in a network namespace of its own; nothing of it reaches a network.
"""
import os
import shutil
import signal
import sys
import tempfile
import traceback

import netns
from authority import Authority
from checks import Checks, skip_all
from daemon import Guard, LabError, wait_until
from resolver import Resolver, shipped_zones

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def _first_file(*paths):
    for path in paths:
        if os.path.isfile(path):
            return path
    raise LabError(f"not built: {paths[0]}")


class Tree:
    """Where the built parts are; from the environment that make sets."""

    def __init__(self):
        here = os.path.dirname(os.path.abspath(__file__))
        self.source = os.environ.get(
            "DNSPIN_SRCDIR", os.path.dirname(os.path.dirname(here)))
        self.build = os.environ.get("DNSPIN_BUILDDIR", self.source)
        self.unbound = os.environ.get("UNBOUND", "")
        # Tests of the loader for pythonmod run others with Debian's server.
        self.stock = os.environ.get("DNSPIN_LAB_STOCK", "")
        self.sanitizer = os.environ.get("DNSPIN_SANITIZER", "")
        self.one_user = True  # nobody to become; Lab finds out
        self.conf = os.devnull

    @property
    def dnspin(self):
        return _first_file(os.path.join(self.build, "dnspin"),
                           os.path.join(self.build, "tools", "dnspin"))

    @property
    def module(self):
        return _first_file(
            os.path.join(self.build, "module", ".libs", "dnspin.so"),
            os.path.join(self.build, ".libs", "dnspin.so"))

    @property
    def loader(self):
        """The library, and the script that stays in the source."""
        return (os.path.join(self.build, ".libs", "dnspin-python.so"),
                os.path.join(self.source, "module", "loader",
                             "dnspin-python.py"))

    @property
    def unbound_control(self):
        return os.path.join(os.path.dirname(self.unbound), "unbound-control")

    @property
    def unbound_checkconf(self):
        return os.path.join(os.path.dirname(self.unbound),
                            "unbound-checkconf")

    @property
    def sanitizer_env(self):
        """For ASan Unbound itself is built without: the runtime goes in
        first. Leaks are looked for in the whole process: Unbound has none."""
        if self.sanitizer == "tsan":
            own = os.path.join(self.source, "tests", "e2e", "unbound.tsan")
            return {"TSAN_OPTIONS": f"suppressions={own} print_suppressions=1 "
                                    "second_deadlock_stack=1"}
        if self.sanitizer != "asan":
            return {}
        return {"LD_PRELOAD": os.environ["DNSPIN_ASAN_RUNTIME"],
                "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1",
                "UBSAN_OPTIONS": "print_stacktrace=1"}

    def _unbound_has_tsan(self):
        try:
            with open(self.unbound, "rb") as f:
                return b"__tsan_func_entry" in f.read()
        except OSError:
            return False

    def skip_reason(self):
        if self.sanitizer == "tsan" and not self._unbound_has_tsan():
            return "this Unbound is built without ThreadSanitizer"
        if self.sanitizer == "asan" and not os.path.isabs(
                os.environ.get("DNSPIN_ASAN_RUNTIME", "")):
            return "this compiler has no AddressSanitizer as a shared library"
        if self.stock and self.sanitizer:
            return "Debian's own Unbound is built without sanitizers"
        return None


class Lab(Checks):
    """extra: master file lines added to zones of the authority. authority:
    False for a lab without one. namespace: False to stay on the loopback of
    the machine."""

    def __init__(self, name, extra=None, authority=True, namespace=True):
        super().__init__(name)
        self.tree = Tree()
        self._extra, self._want_authority = extra, authority
        self._namespace = namespace
        self._interrupted = False
        self.own_network = False
        self._claim = None
        self.guard = None
        self._resolvers = []
        self._copies = []
        self.authority = None
        self.work = None

    def __enter__(self):
        reason = self.tree.skip_reason()
        if reason:
            sys.exit(skip_all(self.name, reason))
        for sig in ENDING:
            signal.signal(sig, self._interrupt)
        try:
            if not os.access(self.tree.unbound, os.X_OK):
                raise LabError(f"UNBOUND={self.tree.unbound}: no executable")
            self._set_up()
        except BaseException as e:
            self.__exit__(*sys.exc_info())
            if isinstance(e, LabError):
                sys.exit(self.finish())
            raise
        return self

    def _interrupt(self, sig, _):
        self._interrupted = True
        sys.exit(128 + sig)

    def _set_up(self):
        refused = netns.enter() if self._namespace else "not wanted"
        self.own_network = not refused
        if refused and self._namespace:
            print(f"{self.name}: no network namespace ({refused}); on the "
                  "loopback of this machine")
        if refused and self._want_authority:
            self._claim = wait_until(netns.claim_host, "another lab has the "
                                     "loopback of this machine", 600)
        self.tree.one_user = netns.one_user()
        self.guard = Guard()
        self.work = tempfile.mkdtemp(prefix=f"dnspin-{self.name}-")
        os.chmod(self.work, 0o755)
        os.umask(0o022)
        if self._want_authority:
            self.authority = Authority(self.guard, self.work, self._extra)
            self.authority.start()

    def __exit__(self, kind, error, trace):
        for sig in ENDING:
            signal.signal(sig, signal.SIG_IGN)
        broken = kind is not None and (
            kind is not SystemExit or error.code not in (0, None))
        try:
            if broken and not self._interrupted:
                self.failed += 1
                self._show(kind, error, trace)
        finally:
            self._tear_down()
        return isinstance(error, LabError)

    def _tear_down(self):
        for resolver in self._resolvers:
            resolver.stop()
            for fault in resolver.faults + resolver.sanitizer_reports():
                self.check(f"{resolver.name} ends in good order", False, fault)
        if self.authority:
            self.authority.stop()
        if self.guard:
            self.guard.close()
        if self._claim:
            self._claim.close()
        if self.work and self.failed:
            self._show_logs()
        elif self.work:
            shutil.rmtree(self.work)

    def _show(self, kind, error, trace):
        if isinstance(error, LabError):
            print(f"FAILED  {self.name}: {error}")
        elif kind is not SystemExit:
            traceback.print_exception(kind, error, trace, file=sys.stdout)

    def _show_logs(self):
        for resolver in self._resolvers:
            if os.path.exists(resolver.log):
                print(resolver.log_tail())
        if self.authority:
            print(self.authority.log_tail())
        print(f"{self.name}: kept for a look: {self.work}")

    # --- resolvers --------------------------------------------------------

    def module_copy(self, stock=None):
        """Unbound opens the module after it gave up its privileges: where
        the tree lies in a private folder, only a copy can be read."""
        for part in self.tree.loader if stock else [self.tree.module]:
            copy = os.path.join(self.work, os.path.basename(part))
            if copy not in self._copies:
                shutil.copy(part, copy)
                self._copies.append(copy)
        return copy

    def resolver(self, name="unbound", *, zones=None, settings=None,
                 start=True, module=True, address=None, port=53, threads=1,
                 state=None, server_conf=(), env=None, binary=None, key=None,
                 stock=None, **modes):
        """A resolver that runs (start=False: is ready to).

        zones: policy zones as paths or as one text, default the shipped ones,
        [] for no policy at all. modes and settings: settings of the policy
        (mode="observe"). module: False for plain Unbound, or a path. key:
        trusted public key. server_conf: lines for unbound.conf's server:.
        stock: Debian's own server, which has the module by way of pythonmod.
        """
        address = address or f"127.53.1.{len(self._resolvers) + 1}"
        if module is True:
            module = self.module_copy(stock or self.tree.stock)
        resolver = Resolver(
            self.guard, self.tree, self.work, name, address=address,
            port=port, threads=threads, module=module, state=state,
            hints=self.authority and self.authority.root_hints,
            anchor=self.authority and self.authority.trust_anchor,
            server_conf=server_conf, env=env, binary=binary, key=key,
            stock=stock or self.tree.stock)
        self._resolvers.append(resolver)
        if module and zones != []:
            resolver.compile(zones or self.zones(),
                             **{**modes, **(settings or {})})
        return resolver.start() if start else resolver

    def zones(self):
        return shipped_zones(self.tree.source)
