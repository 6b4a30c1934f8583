"""A network of one's own: a namespace that holds nothing but loopback.

Where the kernel or the container refuses namespaces, the lab uses the same
addresses on the loopback of the machine, and says so.
"""
import ctypes
import errno
import fcntl
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _unshare(flags):
    if _libc.unshare(flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0)
        answer = fcntl.ioctl(s, SIOCGIFFLAGS, request)
        flags = struct.unpack("16sh14x", answer)[1]
        fcntl.ioctl(s, SIOCSIFFLAGS,
                    struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _become_root_inside(uid, gid):
    for path, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                       ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{path}", "w", encoding="ascii") as f:
            f.write(text)


def one_user():
    """Is there no other user that this process could become?"""
    with open("/proc/self/uid_map", encoding="ascii") as f:
        users = sum(int(line.split()[2]) for line in f)
    return os.getuid() != 0 or users < 65536


def claim_host():
    """The loopback of the machine, for one lab at a time: a socket to keep
    open meanwhile, or None when another lab has it."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        claim.bind("\0dnspin-lab")
    except OSError:
        claim.close()
        return None
    return claim


def enter():
    """Move this process into a new namespace. None, or why it was refused."""
    uid, gid = os.getuid(), os.getgid()
    try:
        if uid == 0:
            _unshare(CLONE_NEWNET)
        else:
            _unshare(CLONE_NEWUSER | CLONE_NEWNET)
            _become_root_inside(uid, gid)
        _loopback_up()
    except OSError as e:
        return f"{errno.errorcode.get(e.errno, e.errno)}: {e.strerror}"
    return None
