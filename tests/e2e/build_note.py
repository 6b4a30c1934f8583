"""The note in an executable that tells builds apart: its GNU build-id."""
import subprocess

SECTION = ".note.gnu.build-id"
HEAD_B = 16  # name "GNU" and header before the id


def change(path, spare):
    """Another id; spare is a path to write to. The id."""
    subprocess.run(["objcopy", "--dump-section", f"{SECTION}={spare}", path],
                   check=True)
    with open(spare, "r+b") as f:
        content = bytearray(f.read())
        for i in range(HEAD_B, len(content)):
            content[i] ^= 0x5a
        f.seek(0)
        f.write(content)
    subprocess.run(["objcopy", "--update-section", f"{SECTION}={spare}", path],
                   check=True)
    return bytes(content[HEAD_B:]).hex()


def remove(path):
    subprocess.run(["objcopy", "--remove-section", SECTION, path], check=True)
