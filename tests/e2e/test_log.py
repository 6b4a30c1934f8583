"""What a resolver answers is in the log, in each format and wherever the log
goes; and the log goes on when its file is moved, removed or turned.
"""
import os
import shutil
import subprocess
import sys

from daemon import Daemon, eventually, wait_until
from lab import Lab
from logs import Logger, lines, of_kind, turned

ALLOWED, DENIED = "manage.microsoft.com", "evilmanage.microsoft.com"


def path_of(lab, name):
    return os.path.join(lab.work, name)


def names(path):
    return [line["dns"]["question"]["name"] for line in of_kind(path)]


def json_lines(lab, resolver):
    log = path_of(lab, "log.json")
    logger = Logger(lab, resolver.state, "-O", log).start()
    answer = resolver.ask(ALLOWED)
    resolver.ask(DENIED)
    there = eventually(lambda: names(log)[-2:] == [ALLOWED, DENIED], 5)
    lab.check("both answers are in the log within seconds", there, names(log))
    allowed, denied = of_kind(log)[-2:]
    lab.check("the allowed one: verdict, addresses, client",
              allowed["dnspin"]["verdict"] == "allow" and
              set(allowed["dns"]["resolved_ip"]) == set(answer.addresses) and
              allowed["client"]["ip"] == "127.0.0.1" and
              allowed["event"]["outcome"] == "success", allowed)
    lab.check("the denied one: verdict, code",
              denied["dnspin"]["verdict"] == "deny" and
              denied["dns"]["response_code"] == "NXDOMAIN" and
              denied["event"]["type"] == ["protocol", "denied"], denied)
    second = subprocess.run(
        [lab.tree.dnspin, "-d", resolver.state, "log", "-O", log],
        capture_output=True, text=True, check=False, timeout=20)
    lab.check("only one may write to a file", second.returncode == 1 and
              "another dnspin log writes to it" in second.stderr, second)
    lab.check("SIGTERM ends it in good order", logger.stop() == 0,
              logger.said())
    resolver.ask(ALLOWED)
    lab.check("the next run goes on", logger.once() == 0 and
              names(log)[-3:] == [ALLOWED, DENIED, ALLOWED], names(log))
    lab.check("nothing was said", logger.said() == "", logger.said())


def files_move(lab, resolver):
    log = path_of(lab, "moved.json")
    logger = Logger(lab, resolver.state, "-O", log).start()
    wait_until(lambda: names(log), "the first lines", 10, logger.alive)
    os.rename(log, log + ".1")
    logger.hang_up()
    wait_until(lambda: resolver.ask(ALLOWED) and names(log),
               "a new file after SIGHUP", 10, logger.alive)
    lab.check("SIGHUP: the new file begins with positions",
              "positions" in lines(log)[0]["dnspin"], lines(log)[0])
    os.unlink(log)
    wait_until(lambda: resolver.ask(DENIED) and names(log),
               "a new file after the removal", 10, logger.alive)
    lab.check("the removal is said",
              f"{log}: was moved or removed: begun anew" in logger.said(),
              logger.said())
    lab.check("and it ends in good order", logger.stop() == 0, logger.said())


def files_turn(lab, resolver):
    log = path_of(lab, "turned.json")
    logger = Logger(lab, resolver.state, "-O", log, "-s", "64K").start()
    wait_until(lambda: [resolver.ask(ALLOWED) for _ in range(50)] and
               len(turned(log)) > 2, "files are turned", 60, logger.alive)
    logger.stop()
    keys = [(line["dnspin"]["ring"], line["event"]["sequence"])
            for path in turned(log) for line in of_kind(path)]
    wanted = [(ring, n) for ring in {r for r, _ in keys}
              for n in range(1, max(n for r, n in keys if r == ring) + 1)]
    lab.check("turned files hold each event once",
              sorted(keys) == sorted(wanted), (len(keys), len(wanted)))


def sealed(lab, resolver):
    log, key = path_of(lab, "sealed.json"), path_of(lab, "log.key")
    resolver.dnspin("keygen", key)
    logger = Logger(lab, resolver.state, "-O", log, "-k", key, "-s", "64K")
    logger.start()
    wait_until(lambda: [resolver.ask(DENIED) for _ in range(50)] and
               len(turned(log)) > 1, "a sealed file is turned", 60,
               logger.alive)
    os.rename(log, log + ".20990101T000000Z")
    logger.hang_up()
    wait_until(lambda: resolver.ask(DENIED) and os.path.exists(log),
               "a new file after SIGHUP", 10, logger.alive)
    lab.check("it ends in good order", logger.stop() == 0, logger.said())
    files = turned(log)
    done = subprocess.run([lab.tree.dnspin, "verify", "-k", key + ".pub",
                           *files], capture_output=True, text=True,
                          check=False)
    lab.check("its files verify as one chain", done.returncode == 0, done)
    with open(files[0], "r+b") as f:
        f.seek(os.path.getsize(files[0]) // 2)
        octet = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([octet[0] ^ 1]))
    done = subprocess.run([lab.tree.dnspin, "verify", "-k", key + ".pub",
                           *files], capture_output=True, text=True,
                          check=False)
    lab.check("a changed octet is found", done.returncode == 3, done)


def dnstap(lab, resolver):
    if not shutil.which("dnstap-ldns"):
        lab.skip("dnstap", "dnstap-ldns is not installed")
        return
    log = path_of(lab, "log.fstrm")
    resolver.dnspin("log", "-1", "-f", "dnstap", "-O", log)
    done = subprocess.run(["dnstap-ldns", "-r", log], capture_output=True,
                          text=True, check=False)
    lab.check("dnstap-ldns reads the file", done.returncode == 0 and
              f'CR 127.0.0.1 UDP' in done.stdout and
              f'"{DENIED}." IN A' in done.stdout, done)
    with open(log, "rb") as f:
        text = f.read()
    lab.check("the verdict is in extra",
              b"verdict=deny source=policy" in text and
              b"verdict=allow rule=" in text)


def dnstap_socket(lab, resolver):
    if not shutil.which("fstrm_capture"):
        lab.skip("dnstap over a socket", "fstrm_capture is not installed")
        return
    path, log = path_of(lab, "tap"), path_of(lab, "captured.fstrm")
    logger = Logger(lab, resolver.state, "-f", "dnstap", "-u", path, "-S",
                    "1d").start()
    said = eventually(lambda: "cannot connect" in logger.said(), 10)
    lab.check("nobody listens: that is said", said, logger.said())
    collector = Daemon(lab.guard, "fstrm_capture", [
        "fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", path, "-w",
        log], path_of(lab, "capture.log"))
    said = eventually(lambda: f"{path}: goes on" in logger.said(), 10)
    lab.check("and that somebody does, then", said, logger.said())
    lab.check("it takes leave in good order", logger.stop() == 0,
              logger.said())
    collector.stop()
    done = subprocess.run(["fstrm_dump", log], capture_output=True,
                          check=False)
    lab.check("what was captured is whole", done.returncode == 0 and
              b"verdict=deny" in done.stdout, done.stderr)


def text(lab, resolver):
    shown = resolver.dnspin("log", "-1", "-f", "text", "-V", "deny", "-n",
                            "*.microsoft.com", "-c", "127.0.0.0/8")
    rows = shown.splitlines()
    lab.check("text: the denied ones, a line each", rows and
              all(f" {DENIED} " in row and " deny " in row for row in rows),
              shown)
    lab.check("text: no other client", resolver.dnspin(
        "log", "-1", "-f", "text", "-c", "127.0.0.2") == "")


with Lab("log") as the_lab:
    the_resolver = the_lab.resolver(mode="strict", threads=2)
    json_lines(the_lab, the_resolver)
    files_move(the_lab, the_resolver)
    files_turn(the_lab, the_resolver)
    sealed(the_lab, the_resolver)
    dnstap(the_lab, the_resolver)
    dnstap_socket(the_lab, the_resolver)
    text(the_lab, the_resolver)
sys.exit(the_lab.finish())
