"""The endpoint table of 2026 as facts (documents.py), read line by line.

The first four fields of a line hold neither comma nor quote, which makes the
table a matter of one regular expression.
"""

import ipaddress
import re

from documents import Document

ROW = re.compile(r'([a-z0-9-]+),([^,]*),([^,]*),([^,]*),')

# The zone where it is not called like the group.
ZONE = {'intune-core': 'core', 'consolidated-list': 'consolidated'}

# Names for which the document states no port, and what the zones say instead.
# A rule without a service would open every port. The README of the edition
# gives the reasons.
WEB = {'tcp/80', 'tcp/443'}
TLS = {'tcp/443'}
PORTLESS = {
    ('defender-endpoint', '*.dm.microsoft.com'): TLS,
    ('win32-powershell-cdn', '*.events.data.microsoft.com'): TLS,
    ('unauthenticated-proxy', 'manage.microsoft.com'): WEB,
    ('unauthenticated-proxy', '*.azureedge.net'): WEB,
    ('unauthenticated-proxy', 'graph.microsoft.com'): WEB,
    ('consolidated', '*.powershellgallery.com'): TLS,
    ('consolidated', 'aka.ms'): TLS,
    ('consolidated', 'cdn.oneget.org'): TLS,
    ('consolidated', 'dl.delivery.mp.microsoft.com'): WEB,
    ('consolidated', 'remoteassistanceweb.usgov.communication.azure.us'): TLS,
    ('consolidated', '*.manage.microsoft.com'): WEB,
    ('consolidated', 'manage.microsoft.com'): WEB,
    ('consolidated', '*.dm.microsoft.com'): WEB,
}


def read_2026():
    document = Document('intune-2026', 'intune-2026.csv')
    subnets = set()
    for number, line in enumerate(document.lines[1:], 2):
        group, pattern, ports, prefixes = ROW.match(line).groups()
        zone = ZONE.get(group, group)
        networks = {ipaddress.ip_network(p) for p in prefixes.split()}
        services = set(filter(None, ports.split(';')))
        if pattern:
            document.patterns.add(pattern)
            fact = document.fact(zone, pattern, number)
            fact.services |= services or PORTLESS.get((zone, pattern), set())
            fact.prefixes |= networks
        elif zone == 'consolidated':
            subnets |= networks
        elif networks:
            document.stray.append((number, networks))
        else:
            document.peers |= services
    consolidate(document, subnets)
    return document


def consolidate(document, subnets):
    """
    The consolidated list repeats the names of the other groups. Its zone keeps
    those that stand nowhere else and, with its subnets, those of the core
    service.
    """
    others = {name for zone, name in document.facts if zone != 'consolidated'}
    for zone, name in list(document.facts):
        if zone != 'consolidated':
            continue
        if ('core', name) in document.facts:
            document.facts[zone, name].prefixes = subnets
        elif name in others:
            del document.facts[zone, name]
