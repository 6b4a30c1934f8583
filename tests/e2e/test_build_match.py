"""A module fits one build of Unbound: any other is refused with a message that
says how to mend it, before a struct of the server is touched.
"""
import os
import shutil
import sys

import build_note
from lab import Lab


def other_build(lab):
    """The same executable with another build-id in its note."""
    path = os.path.join(lab.work, "unbound-other")
    shutil.copy(lab.tree.unbound, path)
    return path, build_note.change(path, os.path.join(lab.work, "build-id"))


def without_id(lab):
    path = os.path.join(lab.work, "unbound-without")
    shutil.copy(lab.tree.unbound, path)
    build_note.remove(path)
    return path


with Lab("build", authority=False) as the_lab:
    the_other, the_id = other_build(the_lab)
    resolver = the_lab.resolver("other", binary=the_other, start=False)
    status, log = resolver.start_refused()
    the_lab.check("another build-id: Unbound does not start", status == 1,
                  status)
    the_lab.check("the log names both builds", "build-id" in log
                  and the_id in log, log)
    the_lab.check("and says how to mend it", "--with-unbound" in log, log)
    the_lab.check("it ends in good order, not by a signal", status >= 0,
                  status)

    resolver = the_lab.resolver("missing", binary=without_id(the_lab),
                                start=False)
    status, log = resolver.start_refused()
    the_lab.check("no build-id where one is wanted: refused",
                  status == 1 and "build-id" in log, log)

    resolver = the_lab.resolver("probe", binary=the_other,
                                env={"DNSPIN_BUILD_CHECK": "probe"})
    a = resolver.ask("evilmanage.microsoft.com")
    the_lab.check("DNSPIN_BUILD_CHECK=probe: it loads and refuses names",
                  a.rcode == "NXDOMAIN" and [c for c, _ in a.ede] == [15], a)
    resolver.stop()

    resolver = the_lab.resolver("own")
    the_lab.check("the build it was made for loads it", resolver.alive())
    resolver.stop()
sys.exit(the_lab.finish())
