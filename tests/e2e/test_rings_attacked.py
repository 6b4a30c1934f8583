"""Whatever is done to the files of the rings, the map and the status, by
somebody clumsy or by their owner: Unbound answers on, and both Unbound and
`dnspin log` go on with what they were about.
"""
import itertools
import os
import shutil
import sys
import time

from asker import Asker
from crowd import DOMAIN, POLICY
from daemon import eventually
from lab import Lab
from logs import Logger, lines

RATE = 300
ZONE = {"windows.net.": "*.load 60 A 23.96.0.1\n"}
numbers = itertools.count()


def overwrite(path, content):
    with open(path, "r+b") as f:
        f.write(content)


def copy_of(path):
    """Of each ring there is the same one."""
    folder, name = os.path.split(path)
    return os.path.join(folder, ("0" if name.isdigit() else name) + ".copy")


def older(path):
    """In place, as cp(1) does: cut to nothing, then filled."""
    with open(copy_of(path), "rb") as f, open(path, "wb") as to:
        shutil.copyfileobj(f, to)


def older_moved(path):
    shutil.copy(copy_of(path), path + ".moved")
    shutil.copystat(path, path + ".moved")
    st = os.stat(path)
    os.chown(path + ".moved", st.st_uid, st.st_gid)
    os.rename(path + ".moved", path)


def instead(make):
    """Something else in its place."""
    def attack(path):
        os.unlink(path)
        make(path)
    return attack


def empty(path):
    with open(path, "wb"):
        pass
    st = os.stat(os.path.dirname(path))
    os.chown(path, st.st_uid, st.st_gid)


def put_back(path):
    """What was put there and cannot be written over goes."""
    if os.path.isdir(path):
        os.rmdir(path)
    elif os.path.islink(path) or not os.path.isfile(path):
        if os.path.lexists(path):
            os.unlink(path)


ATTACKS = {
    "cut to nothing": lambda path: os.truncate(path, 0),
    "cut to its head": lambda path: os.truncate(path, 4096),
    "cut in the middle":
        lambda path: os.truncate(path, os.path.getsize(path) // 2),
    "zeros over its head": lambda path: overwrite(path, bytes(4096)),
    "0xff over its head": lambda path: overwrite(path, b"\xff" * 4096),
    "0xff all over": lambda path: overwrite(
        path, b"\xff" * os.path.getsize(path)),
    "an older copy over it": older,
    "an older copy in its place": older_moved,
    "removed": os.unlink,
    "a link to nothing":
        instead(lambda path: os.symlink(path + ".none", path)),
    "a link to itself": instead(lambda path: os.symlink(path, path)),
    "a FIFO": instead(os.mkfifo),
    "a folder": instead(os.mkdir),
    "an empty file": instead(empty),
}


class Scene:
    """A resolver, who asks it, and a log of it."""

    def __init__(self, lab):
        self.lab = lab
        self.resolver = lab.resolver(zones=POLICY, mode="strict", threads=2,
                                     event_ring=1024, map_capacity=4096)
        self.owned = os.path.join(self.resolver.state, "unbound")
        self.log = os.path.join(lab.work, "log.json")
        self.logger = Logger(lab, self.resolver.state, "-O",
                             self.log).start()

    def is_in_log(self, names):
        with open(self.log, encoding="ascii") as f:
            text = f.read()
        return any(f'"{name}"' in text for name in names)

    def told(self):
        """Does the log come to tell what is answered from now on, when Unbound
        and the reader have looked at the files, which they do twice a
        second?"""
        time.sleep(1.2)
        asked = set()

        def hears():
            name = f"m{next(numbers)}.{DOMAIN}"
            asked.add(name)
            self.resolver.ask(name)
            return self.is_in_log(asked)
        return eventually(hears, 20)

    def goes_on(self, what):
        """SERVFAIL at the moment in which one map is let go of for the next."""
        def answers():
            answer = self.resolver.ask(f"a{next(numbers)}.{DOMAIN}")
            return answer.addresses == ["23.96.0.1"]
        self.lab.check(f"{what}: answered on", eventually(answers, 10)
                       and self.resolver.alive())


def attack_rings(scene, what, attack):
    events = os.path.join(scene.owned, "events")
    rings = [os.path.join(events, name) for name in os.listdir(events)
             if name.isdigit()]
    for ring in rings:
        attack(ring)
    scene.goes_on(f"rings, {what}")
    scene.lab.check(f"rings, {what}: events are in the log again",
                    scene.told(), scene.logger.said())
    for ring in rings:
        put_back(ring)
    scene.lab.check(f"rings, {what}: the reader runs", scene.logger.alive())


def attack_other(scene, name, what, attack):
    path = os.path.join(scene.owned, name)
    if not os.path.lexists(path):  # Unbound makes it when it starts
        shutil.copy(copy_of(path), path)
    attack(path)
    scene.goes_on(f"{name}, {what}")
    put_back(path)


def bound(scene):
    """Do bindings get into the map?"""
    def seen():
        name = f"b{next(numbers)}.{DOMAIN}"
        scene.resolver.ask(name)
        done = scene.resolver.dnspin("export", "-f", "csv", "-F", expect=None)
        return name in done
    return eventually(seen, 20)


def copies(scene):
    """For what is put back later."""
    for name in ("events/0", "map", "status"):
        path = os.path.join(scene.owned, name)
        shutil.copy(path, path + ".copy")


def run(lab):
    scene = Scene(lab)
    lab.check("at first all is well", scene.told() and bound(scene))
    copies(scene)
    with_load = Asker(scene.resolver, DOMAIN, RATE)
    with_load.start()
    for what, attack in ATTACKS.items():
        attack_rings(scene, what, attack)
    for what, attack in ATTACKS.items():
        attack_other(scene, "status", what, attack)
    for what, attack in ATTACKS.items():
        attack_other(scene, "map", what, attack)
        lab.check(f"map, {what}: bindings get in again", bound(scene))
    with_load.finish()
    lab.check("the logger ends in good order", scene.logger.stop() == 0,
              scene.logger.said())
    anew = [line for line in lines(scene.log)
            if line["dnspin"].get("anew")]
    lab.check("what became of the rings is in the log", len(anew) > 2, anew)


with Lab("rings-attacked", extra=ZONE) as the_lab:
    run(the_lab)
sys.exit(the_lab.finish())
