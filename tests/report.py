"""What did the test programs of a build find?

	report.py BUILD			a line per program, skips with reasons
	report.py --failed BUILD	only what failed, and why
	report.py --total LOG BUILD...	one closing line over all builds; LOG is
					the output of make distcheck

Counted are the tests of a CUnit program and the named checks of the others,
as their logs tell; a program that tells nothing counts as one. What failed
comes first and again before the closing line, in the words of its log: who has
only a piece of the output must find the cause in it. Exits 1 when anything failed or nothing ran.
"""
import glob
import os
import re
import sys

PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
CUNIT = re.compile(r"^\s+tests\s+\d+\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", re.M)
SKIPPED = re.compile(r"^(?:.*: )?skipped:? .*$", re.M)
FAILED = re.compile(r"^(?:FAILED|Traceback|\w*Error)\b.*$|^==\d+==ERROR.*$"
                    r"|^\s+\d+\. \S+:\d+\s+- .*$", re.M)
RESULT = re.compile(r"^:test-result: (\w+)", re.M)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def counts(log, result):
    """(passed, failed, skipped, who counted)"""
    plain, cunit = PLAIN.findall(log), CUNIT.findall(log)
    if plain:
        passed, failed, skipped = (int(n or 0) for n in plain[-1])
        who = "own count"
    elif cunit:
        _, passed, failed, skipped = (int(n) for n in cunit[-1])
        who = "CUnit"
    else:
        passed = int(result in ("PASS", "XFAIL"))
        skipped = int(result == "SKIP")
        failed, who = 1 - passed - skipped, "exit status"
    if result not in ("PASS", "SKIP", "XFAIL") and failed == 0:
        failed, who = 1, who + ", but it ended in failure"
    return passed, failed, skipped, who


def programs(build):
    for trs in sorted(glob.glob(os.path.join(build, "**", "*.trs"),
                                recursive=True)):
        log = read(trs[:-len(".trs")] + ".log")
        result = RESULT.search(read(trs))
        name = os.path.relpath(trs, build)[:-len(".trs")]
        yield name, log, counts(log, result.group(1) if result else "ERROR")


def show_failed(build, found):
    for name, log, (_, failed, _, _) in found:
        if failed:
            show_cause(f"{os.path.basename(build)}/{name}", log)


def show_cause(name, log):
    lines = FAILED.findall(log) or log.splitlines()[-10:]
    for line in lines[:20]:
        print(f"  {name}: {line.strip()[:400]}")


def show(build):
    total = [0, 0, 0]
    found = list(programs(build))
    show_failed(build, found)
    for name, log, (passed, failed, skipped, who) in found:
        print(f"  {name:<36} {passed:>4} passed, {failed} failed"
              f"{f', {skipped} skipped' if skipped else ''}  ({who})")
        for line in SKIPPED.findall(log) if skipped else ():
            print(f"      {line}")
        total = [a + b for a, b in zip(total, (passed, failed, skipped))]
    return total


def distcheck(path):
    if not re.search(r"archives? ready for distribution", read(path)):
        print("  make distcheck failed")
        return [0, 1, 0]
    return [1, 0, 0]


def main(args):
    if args[:1] == ["--failed"]:
        show_failed(args[1], list(programs(args[1])))
        return 1
    if args[:1] == ["--total"]:
        parts = [distcheck(args[1])]
        for build in args[2:]:
            found = list(programs(build))
            show_failed(build, found)
            parts += [list(c[:3]) for _, _, c in found]
        total = [sum(column) for column in zip(*parts)]
        print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    else:
        total = show(args[0])
    return 1 if total[1] or not total[0] else 0


sys.exit(main(sys.argv[1:]))
