"""The same package of Unbound as another build: a higher version, and another
build-id in the executable's note, which is what tells builds apart."""
import os
import subprocess

import build_note


def make(package, version, folder, work):
    """package as version in folder, which becomes a repository; its build-id."""
    tree = os.path.join(work, "tree")
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = os.path.join(tree, "DEBIAN/control")
    with open(control, encoding="utf-8") as f:
        lines = f.read().splitlines()
    with open(control, "w", encoding="utf-8") as f:
        for line in lines:
            if line.startswith("Version:"):
                line = f"Version: {version}"
            f.write(line + "\n")
    build_id = build_note.change(os.path.join(tree, "usr/sbin/unbound"),
                                 os.path.join(work, "note"))
    os.makedirs(folder)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree,
                    os.path.join(folder, f"unbound_{version}.deb")],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "Packages"), "w", encoding="utf-8") as f:
        subprocess.run(["apt-ftparchive", "packages", "."], cwd=folder,
                       check=True, stdout=f)
    return build_id
