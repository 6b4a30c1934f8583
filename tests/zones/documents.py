"""What the source documents say, found without looking at their tables.

Every token of the raw text that looks like a host name is taken, except those
that IGNORED names with a reason; addresses, ports and groups come from the
line that the token stands on and from the phrase that stands before it. The
zones were written from the table cells, so that the two ways share no code.

A document becomes facts: {(zone, pattern): Fact}.
"""

import html
import ipaddress
import re
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / 'sources'
HOST = re.compile(r'[*#\w.-]*\w\.[a-z]{2,}', re.ASCII | re.IGNORECASE)
ADDRESS = re.compile(r'(?<![\w.])\d+(?:\.\d+){3}(?:/\d+)?(?![\w.]*\w)')

# Looks like a host name and is no endpoint. The test fails when one of these
# no longer occurs in its document.
IGNORED = {
    'intune-2016': {
        'technet.microsoft.com': 'link to a help page',
        'dn646949.aspx': 'file name in a link',
        'dn646966.aspx': 'file name in a link',
        'dn646983.aspx': 'file name in a link',
        'longhornshort_md.md': 'include file',
        'nextref_server_7_md.md': 'include file',
        'win8_server_2_md.md': 'include file',
        'winblue_server_2_md.md': 'include file',
        'wit_firstref_md.md': 'include file',
        'wit_nextref_md.md': 'include file',
        'wps_2_md.md': 'include file',
        'mobile-device-management-with-exchange-activesync-and-microsoft-'
        'intune.md': 'file name in a link',
        'network-infrastructure-requirements-for-microsoft-intune.md':
            'file name in a link',
        'what-to-know-before-setting-up-microsoft-intune.md':
            'file name in a link',
        'ms.assetid': 'front matter', 'ms.custom': 'front matter',
        'ms.reviewer': 'front matter', 'ms.service': 'front matter',
        'ms.suite': 'front matter', 'ms.tgt': 'front matter',
        'ms.topic': 'front matter',
    },
    'intune-2020': {
        'docs.microsoft.com': 'link to a help page',
        'firebase.google.com': 'link to a help page',
        'support.apple.com': 'link to a help page',
        'support.google.com': 'link to a help page',
        'support.office.com': 'link to a help page',
        'static.googleusercontent.com': 'link to a document',
        'www.android.com': 'part of that link',
        'android-enterprise-migration-bluebook_2019.pdf': 'part of that link',
        't.ex': 'Swedish for "e.g."',
        'ms.author': 'front matter', 'ms.collection': 'front matter',
        'ms.contentlocale': 'front matter', 'ms.custom': 'front matter',
        'ms.date': 'front matter', 'ms.lasthandoff': 'front matter',
        'ms.localizationpriority': 'front matter',
        'ms.assetid': 'front matter', 'ms.locfileid': 'front matter',
        'ms.openlocfilehash': 'front matter', 'ms.reviewer': 'front matter',
        'ms.service': 'front matter', 'ms.sourcegitcommit': 'front matter',
        'ms.subservice': 'front matter', 'ms.suite': 'front matter',
        'ms.topic': 'front matter', 'ms.translationtype': 'front matter',
        'search.appverid': 'front matter',
    },
}

# A name after this phrase belongs to this zone, until the next phrase.
GROUPS = {
    'intune-2016': [
        ('Microsoft Intune and related services', 'core'),
        ('Microsoft Update Services', 'update'),
        ('DNS lookup requests', 'dns-lookup'),
        ('Documentation, Help, and support', 'help'),
        ('Requirements for the On-Premises Connector', 'connector'),
    ],
    'intune-2020': [
        # A sentence names manage.microsoft.com again.
        ('name="access-for-managed-devices"', 'core'),
        ('|Domains ', 'identity-office'),
        ('support.office.com/article', 'core'),
        ('name="network-requirements-for-powershell-scripts',
         'win32-powershell-cdn'),
        ('name="delivery-optimization-port', 'delivery-optimization'),
        ('name="apple-device-network-information"', 'apple'),
    ],
}


class Fact:
    def __init__(self, line):
        self.lines = {line}
        self.services = set()
        self.prefixes = set()


class Document:
    def __init__(self, edition, file):
        self.edition = edition
        self.text = (SOURCES / file).read_text(encoding='utf-8')
        self.lines = self.text.splitlines()
        self.patterns = set()   # as the document writes them, in lower case
        self.ignored = set()    # those of IGNORED that occurred
        self.stray = []         # addresses on a line without a name
        self.peers = set()      # traffic that goes to no name
        self.facts = {}

    def fact(self, zone, pattern, line):
        fact = self.facts.setdefault((zone, pattern), Fact(line))
        fact.lines.add(line)
        return fact


def tcp(numbers):
    return {f'tcp/{n}' for n in numbers}


def rules_of(pattern):
    """The patterns that a rule can be written for."""
    if pattern.startswith('#'):
        return [f'{n}{pattern[1:]}' for n in range(51)]
    if re.match(r'\*[^.]', pattern):
        return [pattern[1:], '*.' + pattern[1:]]
    return [pattern]


def read_markdown(edition, file, services):
    document = Document(edition, file)
    ignored, zone = IGNORED[edition], None
    for number, raw in enumerate(document.lines, 1):
        line = html.unescape(raw).replace('\\', '')
        marks = [(line.find(phrase), group)
                 for phrase, group in GROUPS[edition] if phrase in line]
        names = []
        for match in HOST.finditer(line):
            name = match[0].lower()
            if name in ignored:
                document.ignored.add(name)
                continue
            # The phrase may stand on the line of its first names, or, where
            # it is a link, behind the last names of the group before.
            before = [group for at, group in marks if at < match.start()]
            names.append((before[-1] if before else zone, name))
        addresses = ADDRESS.findall(line)
        if addresses and not names:
            document.stray.append((number, addresses))
        rest = ADDRESS.sub(' ', HOST.sub(' ', line))
        for group, name in names:
            document.patterns.add(name)
            for rule in rules_of(name):
                fact = document.fact(group, rule, number)
                fact.services |= services(document, group, rule, rest)
                fact.prefixes |= {ipaddress.ip_network(a) for a in addresses}
        if marks:
            zone = marks[-1][1]
    return document


def services_2016(_document, _zone, _name, rest):
    """All numbers that a line with names holds beside them are ports."""
    return tcp(re.findall(r'\b\d+\b', rest))


def services_2020(document, zone, name, rest):
    if zone == 'apple':
        return tcp(re.findall(r'\d+', rest.rstrip(' |').rpartition('|')[2]))
    if zone == 'delivery-optimization':
        between, = re.findall(r'via port ([\d/]+)', document.text)
        return tcp(between.split('/'))
    # Also the table of the Win32 apps has no ports of its own.
    found = tcp(re.findall(r'\*\*HTTPS? \((\d+)\)\*\*', document.text))
    if name.startswith('wip.'):
        found |= tcp(re.findall(r'Windows informationsskydd använder port '
                                r'(\d+)', document.text))
    return found


def read_2016():
    return read_markdown('intune-2016', 'intune-2016.md', services_2016)


def read_2020():
    document = read_markdown('intune-2020', 'intune-2020.sv-se.md',
                             services_2020)
    (plain, nat), = re.findall(r'(\d+) för TCP/IP eller (\d+) för '
                               r'NAT', document.text)
    document.peers = {f'tcp/{plain}', f'udp/{nat}'}
    return document
