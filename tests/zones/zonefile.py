"""A reader of policy zones, just large enough to test the shipped ones.

It is deliberately not dnspin's: the test compares what the documents say with
what the files say, not with what dnspin makes of them.
"""

import ipaddress
import re

# A quoted string, a comment, a bracket, a word.
TOKEN = re.compile(r'"(?P<string>(?:[^"\\]|\\.)*)"|;(?P<comment>.*)'
                   r'|(?P<bracket>[()])|(?P<word>[^\s();"]+)')


class Rule:
    def __init__(self):
        self.line = None        # of the source document
        self.strings = None     # of the TXT record
        self.apl = []           # one list of prefixes a record

    @property
    def prefixes(self):
        return [p for record in self.apl for p in record]


class Zone:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        self.edition = path.parent.name
        self.origin = None
        self.serial = None
        self.has_ns = False
        self.text = []          # apex TXT strings
        self.rules = {}         # pattern -> Rule
        self.errors = []
        self._read(path.read_text(encoding='utf-8'))

    def error(self, number, reason):
        self.errors.append(f'{self.path}:{number}: {reason}')

    def _read(self, text):
        depth, record, note, first = 0, [], '', 0
        for number, line in enumerate(text.splitlines(), 1):
            if depth == 0:
                record, note, first = [], '', number
                if line[:1].isspace() and line.strip():
                    self.error(number, 'a record without an owner')
            for token in TOKEN.finditer(line):
                kind, value = token.lastgroup, token[token.lastindex]
                if kind == 'comment':
                    note = value.strip()
                elif kind == 'bracket':
                    depth += 1 if value == '(' else -1
                else:
                    record.append('"' + value if kind == 'string' else value)
            if depth == 0 and record:
                self._record(first, record, note)
        if depth:
            self.error(first, 'a bracket that is never closed')

    def _record(self, number, record, note):
        if record[0] == '$ORIGIN':
            self.origin = record[1]
        elif record[0] == '$TTL':
            pass
        elif record[0] == '@':
            self._apex(number, record[1], record[2:])
        elif record[1] == 'TXT':
            rule = self.rules.setdefault(record[0], Rule())
            if rule.strings is not None:
                self.error(number, f'{record[0]} has two TXT records')
            rule.strings = self._strings(number, record[2:])
            line = re.match(r'line (\d+)', note)
            rule.line = int(line[1]) if line else None
        elif record[1] == 'APL':
            rule = self.rules.setdefault(record[0], Rule())
            rule.apl.append([self._prefix(number, p) for p in record[2:]])
        else:
            self.error(number, f'unknown record type {record[1]}')

    def _apex(self, number, kind, data):
        if kind == 'SOA' and self.serial is None:
            self.serial = data[2]
        elif kind == 'NS':
            self.has_ns = True
        elif kind == 'TXT' and not self.text:
            self.text = self._strings(number, data)
        else:
            self.error(number, f'a {kind} too many at the apex')

    def _strings(self, number, words):
        for word in words:
            if not word.startswith('"'):
                self.error(number, f'TXT string {word} is not quoted')
            elif len(word[1:].encode()) > 255:
                self.error(number, 'a TXT string over 255 octets')
        return [word.lstrip('"') for word in words]

    def _prefix(self, number, text):
        family, _, prefix = text.partition(':')
        try:
            network = ipaddress.ip_network(prefix)
            if {'1': 4, '2': 6}.get(family) == network.version:
                return network
        except ValueError:
            pass
        self.error(number, f'{text} is no prefix')
        return text
