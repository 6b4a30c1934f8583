"""Real sealed logs, read by dnspin verify and by a second reader that was
written from dnspin-log(5) alone: they say the same of intact files and of files
that somebody changed.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys

from daemon import wait_until
from lab import Lab
from logs import Logger, turned
from second_reader import SEAL, Broken, Reader, public_key, secret_key

FLIPS = int(os.environ.get("DNSPIN_SEALED_FLIPS", "60"))
SEED = 5


def keys(lab, name):
    path = os.path.join(lab.work, name)
    subprocess.run([lab.tree.dnspin, "keygen", path], check=True,
                   stdout=subprocess.DEVNULL)
    return path


def fill(lab, state, count, *size):
    """So many more events in two rings."""
    os.makedirs(state, exist_ok=True)
    subprocess.run([os.path.join(lab.tree.build, "tests", "e2e", "ring_fill"),
                    state, "2", str(count), "0", *size], check=True,
                   stdout=subprocess.DEVNULL)


def sealed(lab, name, *options):
    """A log of some files, with a loss, a crash and half a line in it."""
    state = os.path.join(lab.work, name + ".state")
    log = os.path.join(lab.work, name + ".json")
    logger = Logger(lab, state, "-O", log, "-s", "64K", *options)
    for count in (120, 4000, 130, 20):
        fill(lab, state, count, "65536")
        lab.check(f"{name}: {count} more", logger.once() == 0)
    fill(lab, state, 40, "65536")
    before = os.path.getsize(log)
    logger.start()
    wait_until(lambda: os.path.getsize(log) > before, "lines of the 40", 10)
    logger.stop(signal.SIGKILL)
    with open(log, "ab") as f:
        f.write(b'{"half')
    lab.check(f"{name}: it goes on after a crash", logger.once() == 0)
    return turned(log)


# --- two readers -------------------------------------------------------------

def verify(lab, paths, key, *options):
    """The exit status and the report."""
    done = subprocess.run(
        [lab.tree.dnspin, "verify", "-f", "json", "-k", key + ".pub",
         *options, *paths], capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout or "null") or done.stderr


def second(paths, key, secret=None):
    """What is Broken, or None; the reader."""
    reader = Reader(public_key(key + ".pub"), secret and secret_key(secret))
    try:
        reader.read(paths)
    except Broken as broken:
        return broken, reader
    return None, reader


def is_named(report, broken):
    """Does one of the findings stand at that place?"""
    return any(f["file"] == broken.path and
               f["from_line"] <= broken.last + 1 and
               f["to_line"] >= broken.first - 1
               for f in report["findings"])


def disagreement(lab, paths, key):
    """They say what is wrong with these files; None, as it should be: both
    see it, and at the same place."""
    code, report = verify(lab, paths, key)
    broken, _ = second(paths, key)
    if code == 3 and broken and is_named(report, broken):
        return None
    return code, str(broken), report["findings"][:2] if code == 3 else report


def intact(lab, name, paths, key, *options):
    code, report = verify(lab, paths, key, *options)
    broken, reader = second(paths, key)
    lab.check(f"{name}: both say that it is intact",
              code == 0 and not broken, (code, str(broken), report))
    same = {"records": reader.records, "lost": reader.lost,
            "first_file": 1, "last_file": len(paths)}
    told = {key: report[key] for key in same}
    lab.check(f"{name}: both count the same", same == told, (same, told))
    lab.check(f"{name}: a loss, and a block that was recovered or cut",
              report["lost"] > 0 and report["recovered"] == 1 and
              report["cut"] > 0, report)


# --- what somebody may do to a file ------------------------------------------

def lines_of(path):
    with open(path, "rb") as f:
        return f.readlines()


def seals_of(lines):
    return [i for i, line in enumerate(lines) if line.startswith(SEAL)]


def flips(lines, chance):
    """Single bits."""
    octets = b"".join(lines)
    for _ in range(FLIPS):
        at, bit = chance.randrange(len(octets)), 1 << chance.randrange(8)
        changed = bytearray(octets)
        changed[at] ^= bit
        yield f"bit {bit} of octet {at}", bytes(changed)


def moves(lines, chance):
    """Whole lines, checkpoints among them."""
    seals = seals_of(lines)
    for i in sorted({0, 1, seals[1], seals[-1],
                     *chance.sample(range(len(lines)), 8)}):
        yield f"line {i + 1} removed", lines[:i] + lines[i + 1:]
        yield f"line {i + 1} twice", lines[:i] + [lines[i]] + lines[i:]
        j = (i + 7) % len(lines)
        swapped = list(lines)
        swapped[i], swapped[j] = lines[j], lines[i]
        yield f"lines {i + 1} and {j + 1} exchanged", swapped


def insertions(lines, chance):
    """What no writer writes: also things that look like checkpoints."""
    forged = lines[seals_of(lines)[1]]
    i = chance.randrange(2, len(lines))
    for name, line in (
            ("NUL", b"\0"), ("an empty line", b"\n"), ("CR", b"\r"),
            ("the begin of a seal line", SEAL + b"\n"),
            ("an old checkpoint", forged),
            ("a huge line", b"x" * (1 << 20) + b"\n"),
            ("a huge seal line", SEAL + b"x" * (1 << 20) + b"\n"),
            ("half a line", b'{"half')):
        yield f"{name} inserted before line {i + 1}", \
            lines[:i] + [line] + lines[i:]
        yield f"{name} at the end", lines + [line]


SPELLINGS = (
    ("a leading zero", rb'"number":', rb'"number":0'),
    ("a sign", rb'"octets":', rb'"octets":+'),
    ("minus zero", rb'"lost":0', rb'"lost":-0'),
    ("a fraction", rb'"cut":([0-9]+)', rb'"cut":\1.0'),
    ("an exponent", rb'"gaps":([0-9]+)', rb'"gaps":\1e0'),
    ("a great number", rb'"lines":([0-9]+)', rb'"lines":18446744073709551617'),
    ("capital digits", rb'"digest":"([0-9a-f]{64})"',
     lambda m: m[0].replace(m[1], m[1].upper())),
    ("a blank", rb'"number":', rb'"number": '),
    ("a member twice", rb'"lost":', rb'"lost":0,"lost":'),
    ("a member more", rb'"positions":', rb'"more":1,"positions":'),
    ("an escape", rb'"kind":"block"', rb'"kind":"bloc\\u006b"'),
    ("another order", rb'("octets":[0-9]+),("lines":[0-9]+)', rb'\2,\1'),
    ("true for false", rb'"recovered":false', rb'"recovered":true'),
    ("another end", rb'"end":"[a-z]+"', rb'"end":"none"'),
    ("base64 without padding", rb'=="\}', rb'"}'),
    ("a blank at the end", rb'\}\}\}\n', b'}}} \n'),
    ("CR LF", rb'\}\}\}\n', b'}}}\r\n'))


def spellings(lines, _):
    """Another spelling of a checkpoint that means the same, or does not."""
    at = seals_of(lines)[1]
    for name, pattern, to in SPELLINGS:
        line = re.sub(pattern, to, lines[at], count=1)
        assert line != lines[at], name
        yield name, lines[:at] + [line] + lines[at + 1:]


def cuts(lines, chance):
    """The end of a file that is not the last is missing."""
    octets = b"".join(lines)
    for at in seals_of(lines)[:-1]:
        yield f"cut behind line {at + 1}", lines[:at + 1]
    for at in (0, 1, len(octets) - 1, chance.randrange(len(octets))):
        yield f"cut at octet {at}", octets[:at]


def changed_files(lab, paths, key):
    """One file in the place of the second one, changed in all these ways."""
    work = os.path.join(lab.work, "changed")
    lines = lines_of(paths[1])
    for ways in (flips, moves, insertions, spellings, cuts):
        wrong, count = [], 0
        for name, content in ways(lines, random.Random(SEED)):
            if isinstance(content, list):
                content = b"".join(content)
            with open(work, "wb") as f:
                f.write(content)
            files = [paths[0], work, *paths[2:]]
            said = disagreement(lab, files, key)
            count += 1
            if said:
                wrong.append((name, said))
        lab.check(f"{count} {ways.__name__}: both see them, at one place",
                  not wrong and count > 0, wrong[:2])


def other_files(lab, paths, key, foreign):
    """Files removed, exchanged, repeated, of another log with this key."""
    for name, files in (
            ("a file removed", [*paths[:1], *paths[2:]]),
            ("files exchanged", [*paths[:1], paths[2], paths[1], *paths[3:]]),
            ("a file twice", [*paths[:2], paths[1], *paths[2:]]),
            ("the first as the last", [*paths, paths[0]]),
            ("a file of another log", [paths[0], foreign[1], *paths[2:]]),
            ("another log behind it", [*paths, *foreign])):
        said = disagreement(lab, files, key)
        lab.check(f"{name}: both see it, at one place", not said, said)
    whole = os.path.join(lab.work, "whole")
    with open(whole, "wb") as f:
        f.writelines(line for path in paths for line in lines_of(path))
    for name, files in (("all in one", [whole]),
                        ("all but the first", paths[1:]),
                        ("the second alone", paths[1:2])):
        code, report = verify(lab, files, key)
        broken, _ = second(files, key)
        lab.check(f"{name}: both say that it is intact",
                  code == 0 and not broken, (code, str(broken), report))


# --- encryption --------------------------------------------------------------

def decrypted(lab, paths, key, auditor):
    done = subprocess.run(
        [lab.tree.dnspin, "verify", "-k", key + ".pub", "-x", auditor, *paths],
        capture_output=True, check=False)
    broken, reader = second(paths, key, auditor)
    lab.check("encrypted: both decrypt it to the same lines",
              done.returncode == 0 and not broken and
              done.stdout == b"".join(reader.text) and reader.text,
              (done.stderr, str(broken)))
    names = [line for path in paths for line in lines_of(path)
             if b"manage.microsoft.com" in line]
    lab.check("encrypted: no name stands in it", not names, names[:1])


with Lab("sealed", authority=False) as the_lab:
    the_key, the_auditor = keys(the_lab, "key"), keys(the_lab, "auditor")
    the_copies = os.path.join(the_lab.work, "copies")
    clear = sealed(the_lab, "clear", "-k", the_key, "-P", the_copies)
    hidden = sealed(the_lab, "encrypted", "-k", the_key, "-a",
                    the_auditor + ".pub")
    intact(the_lab, "clear", clear, the_key, "-P", the_copies)
    intact(the_lab, "encrypted", hidden, the_key)
    decrypted(the_lab, hidden, the_key, the_auditor)
    changed_files(the_lab, clear, the_key)
    other_files(the_lab, clear, the_key, hidden)
sys.exit(the_lab.finish())
