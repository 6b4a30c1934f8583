"""Programs that attack the module, with Debian's own Unbound and the script for
pythonmod in its place. All that dnspin-pythonmod(7) promises with
DNSPIN_LOADER_ALL=1 in the environment (minutes), otherwise a few.
"""
import os
import subprocess
import sys

import loaded
from checks import Checks

FEW = ["policy_swap", "paths_access"]
ALL = FEW + ["strict", "names", "questions", "observe", "observe_walk", "rpz",
             "paths_flags", "paths_forward", "paths_operator",
             "paths_switch", "threads", "upstream"]

loaded.use("loader paths")
checks = Checks("loader paths")
here = os.path.dirname(os.path.abspath(__file__))
for program in ALL if os.environ.get("DNSPIN_LOADER_ALL") else FEW:
    done = subprocess.run(
        [sys.executable, "-B", os.path.join(here, f"test_{program}.py")],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    checks.check(program, done.returncode == 0, done.stdout)
sys.exit(checks.finish())
