"""Reads sealed logs by dnspin-log(5) alone, with none of dnspin's code: what
the manual says must be enough to check and to decrypt one.
"""
import base64
import binascii
import datetime
import hashlib
import json
import re

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey, VerifyKey

SEAL = b'{"dnspin":{"seal":{'
BOX = re.compile(rb'\{"dnspin":\{"box":"([A-Za-z0-9+/=]+)"\}\}\n')
NUMBER = r"(?:0|[1-9][0-9]{0,18})"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
POSITION = rf'\[{NUMBER},"[0-9a-f]{{16}}",{NUMBER}\]'
BASE64 = r"[A-Za-z0-9+/]{43}="
FIRST = ('"kind":"{kind}","version":1,"chain":"(?P<chain>[0-9a-f]{{32}})",'
         '"number":(?P<number>{number}),"time":"(?P<time>{time})",'
         '"previous":"(?P<previous>[0-9a-f]{{64}})",'
         '"before":(?P<before>{number}),')
OF_FILE = (f'"file":(?P<file>{NUMBER}),"key":"(?P<key>{BASE64})",'
           f'"auditor":"(?P<auditor>{BASE64}|)",')
OF_BLOCK = ('"digest":"(?P<digest>[0-9a-f]{64})",' +
            "".join(f'"{name}":(?P<{name}>{NUMBER}),' for name in
                    ("octets", "lines", "records", "gaps", "lost")) +
            f'"from":"(?P<from>{TIME}|)","until":"(?P<until>{TIME}|)",'
            f'"recovered":(?P<recovered>true|false),"cut":(?P<cut>{NUMBER}),'
            '"end":"(?P<end>no|stop|file)",')
LAST = (rf'"positions":\[(?:{POSITION}(?:,{POSITION})*)?\]'
        r',"signature":"(?P<signature>[A-Za-z0-9+/]{86}==)"\}\}\}' "\n")
KINDS = {kind: re.compile((re.escape(SEAL.decode()) + FIRST.format(
    kind=kind, number=NUMBER, time=TIME) + own + LAST).encode())
    for kind, own in (("file", OF_FILE), ("block", OF_BLOCK))}


class Broken(Exception):
    """Something that the seal does not allow, and in which lines."""

    def __init__(self, path, first, last, reason):
        super().__init__(f"{path}:{first}-{last}: {reason}")
        self.path, self.first, self.last = path, first, last


def blake2b(octets=b""):
    return hashlib.blake2b(octets, digest_size=32)


def from_base64(text):
    """None where it is not the one spelling of its octets."""
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return octets if base64.b64encode(octets) == text else None


def key_file(path, begin):
    with open(path, "rb") as f:
        text = f.read()
    key = from_base64(text.removeprefix(begin).removesuffix(b"\n"))
    assert text.startswith(begin) and key and len(key) == 32, path
    return key


def public_key(path):
    return key_file(path, b"dnspin-key:1:")


def secret_key(path):
    return key_file(path, b"dnspin-secret-key:1:")


def is_time(text):
    try:
        datetime.datetime.fromisoformat(text.decode().removesuffix("Z"))
    except ValueError:
        return False
    return True


def spelled(line):
    """The members of a seal line, or None. Numbers that may be big stand
    twice, in positions and by name: all are looked at."""
    kind, found = next(((kind, found) for kind, pattern in KINDS.items()
                        for found in [pattern.fullmatch(line)] if found),
                       (None, None))
    if not found or any(int(n) >= 1 << 63 for n in
                        re.findall(rb"[:,\[]([0-9]+)", line)):
        return None
    seal = {"kind": kind}
    for name, text in found.groupdict().items():
        if name in ("time", "from", "until") and text and not is_time(text):
            return None
        if name in ("key", "auditor", "signature") and text:
            text = from_base64(text)
            if text is None:
                return None
        is_number = re.fullmatch(NUMBER.encode(), text) and name not in (
            "chain", "previous", "digest", "key", "auditor", "signature")
        seal[name] = int(text) if is_number else text
    return seal


def signed(seal, line, key):
    message = line[:line.rindex(b',"signature":')]
    try:
        VerifyKey(key).verify(message, seal["signature"])
    except BadSignatureError:
        return False
    return True


class Block:
    """What stands behind the last seal line."""

    def __init__(self):
        self._lines = []
        self.is_empty = True

    def add(self, line):
        self._lines.append(line)
        self.is_empty = False

    def octets(self):
        return b"".join(self._lines)

    def faults(self, seal):
        """Which of its checkpoint's figures differ."""
        octets = self.octets()
        mine = {"digest": blake2b(octets).hexdigest().encode(),
                "octets": len(octets), "lines": len(self._lines)}
        return [name for name, value in mine.items() if seal[name] != value]


def faults_within(text, seal):
    """The same for what the lines of a block mean."""
    whats = [json.loads(line) for line in text.splitlines()]
    times = [what["@timestamp"].encode() for what in whats]
    gaps = [what["dnspin"].get("lost", 0) for what in whats
            if what["event"]["kind"] == "pipeline_error"]
    records = [what for what in whats if what["event"]["kind"] == "event"]
    mine = {"records": len(records), "gaps": len(gaps), "lost": sum(gaps),
            "from": min(times, default=b""), "until": max(times, default=b"")}
    return [name for name, value in mine.items() if seal[name] != value]


class Reader:
    """Of the files of one log. secret: the auditor's, to decrypt."""

    def __init__(self, key, secret=None):
        self._key = key
        self._box = SealedBox(
            SigningKey(secret).to_curve25519_private_key()) if secret else None
        self._last, self._hash = None, None
        self._before = 0
        self._encrypted, self._files, self._end = False, None, b"no"
        self._path, self._first, self._line = None, 1, 0
        self._block = None
        self.text, self.records, self.lost = [], 0, 0

    def _broken(self, reason):
        raise Broken(self._path, self._first, self._line, reason)

    def read(self, paths):
        """Raises Broken at the first fault: in the lines from the last seal
        line on."""
        for path in paths:
            self._path, self._first, self._line = path, 1, 0
            self._block = None
            with open(path, "rb") as f:
                for line in f:
                    self._line += 1
                    self._take(line)
            if self._block is None:
                self._broken("an empty file")
            if not self._block.is_empty:
                self._broken("lines behind the last checkpoint")
        if self._end == b"no":
            self._broken("the end is open")

    def _take(self, line):
        if not line.endswith(b"\n"):
            self._broken("half a line")
        if line.startswith(SEAL):
            self._take_seal(line)
        elif self._block is None:
            self._broken("a file that does not begin with a seal line")
        else:
            self._block.add(line)

    def _take_seal(self, line):
        seal = spelled(line)
        if not seal:
            self._broken("a seal line that is not spelled right")
        if not signed(seal, line, self._key):
            self._broken("a signature that does not fit")
        self._follow(seal)
        if seal["kind"] == "file":
            self._begin(seal)
        else:
            self._close(seal)
        self._last, self._hash = seal, blake2b(line).hexdigest().encode()
        self._block, self._first = Block(), self._line + 1

    def _follow(self, seal):
        last = self._last
        if last and (seal["chain"] != last["chain"] or
                     seal["number"] != last["number"] + 1 or
                     seal["previous"] != self._hash or
                     seal["before"] != self._before):
            self._broken("a seal line that does not follow the last")
        if not last and seal["number"] == 0 and (
                seal["previous"] != b"0" * 64 or seal["before"] != 0 or
                seal.get("file") != 1):
            self._broken("a first seal line with something before it")

    def _begin(self, seal):
        if seal["key"] != self._key:
            self._broken("another key than it is made with")
        if self._block is not None and not self._block.is_empty:
            self._broken("a file's seal line behind other lines")
        if self._last and (self._end != b"file" or
                           seal["file"] != self._files + 1):
            self._broken("not the next file")
        self._files, self._encrypted = seal["file"], bool(seal["auditor"])
        self._before, self._end = seal["before"], b"no"

    def _close(self, seal):
        if self._block is None:
            self._broken("a file without its seal line")
        if self._end == b"file":
            self._broken("a block behind the end of the file")
        faults = self._block.faults(seal)
        if not faults:
            faults = self._faults_within(seal)
        if faults:
            self._broken(f"another {', '.join(faults)}")
        self.records += seal["records"]
        self.lost += seal["lost"]
        self._before += seal["records"]
        self._end = seal["end"]

    def _faults_within(self, seal):
        octets = self._block.octets()
        if self._encrypted and octets:
            octets = self._opened(octets)
        if octets is None:
            return []
        self.text.append(octets)
        return faults_within(octets, seal)

    def _opened(self, line):
        """The lines in an encrypted block; None: not without the key."""
        box = BOX.fullmatch(line)
        octets = box and from_base64(box[1])
        if octets is None:
            self._broken("no encrypted block")
        try:
            return self._box.decrypt(octets) if self._box else None
        except CryptoError:
            return self._broken("it cannot be decrypted")
