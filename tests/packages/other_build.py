"""The same package of Unbound as another build: a higher version, and another
build-id in the executable's note, which is what tells builds apart."""
import os
import subprocess

NOTE_B = 16  # name "GNU" and header before the id


def _change_id(path, work):
    note = os.path.join(work, "note")
    subprocess.run(["objcopy", "--dump-section",
                    f".note.gnu.build-id={note}", path], check=True)
    with open(note, "r+b") as f:
        content = bytearray(f.read())
        for i in range(NOTE_B, len(content)):
            content[i] ^= 0x5a
        f.seek(0)
        f.write(content)
    subprocess.run(["objcopy", "--update-section",
                    f".note.gnu.build-id={note}", path], check=True)
    return bytes(content[NOTE_B:]).hex()


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
    build_id = _change_id(os.path.join(tree, "usr/sbin/unbound"), work)
    os.makedirs(folder)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree,
                    os.path.join(folder, f"unbound_{version}.deb")],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "Packages"), "w", encoding="utf-8") as f:
        subprocess.run(["apt-ftparchive", "packages", "."], cwd=folder,
                       check=True, stdout=f)
    return build_id
