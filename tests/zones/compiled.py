"""What dnspin makes of the zones: one rule for each pattern, united over all
groups that hold it, with the pins of the wildcards that cover it.
"""

import ipaddress
import json
import os
import subprocess
import tempfile
from pathlib import Path


def binary():
    """The dnspin of this build; None when the test is run by hand."""
    folder = os.environ.get('DNSPIN_BUILDDIR')
    return Path(folder) / 'dnspin' if folder else None


def run(dnspin, *arguments):
    done = subprocess.run([dnspin, '-C', '/dev/null', *arguments], text=True,
                          capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.strip()


def compile_zones(dnspin, zones):
    """(rules, problems); rules: {pattern: what the policy says of it}."""
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / 'policy'
        code, _, error = run(dnspin, 'compile', '-O', policy,
                             *(zone.path for zone in zones))
        if code:
            return {}, [f'compile: exit {code}: {error}']
        code, text, error = run(dnspin, 'show', '-f', 'json', policy)
    if code:
        return {}, [f'show: exit {code}: {error}']
    return {rule['pattern']: {
        'verdict': rule['verdict'],
        'groups': set(rule['groups']),
        'services': set(rule['services']),
        'pins': {ipaddress.ip_network(pin) for pin in rule['pins']},
    } for rule in json.loads(text)['rules']}, []


def covering(pattern):
    """The wildcards that cover it: *.b.c, *.c for a.b.c and for *.a.b.c."""
    labels = pattern.removeprefix('*.').split('.')
    return ['*.' + '.'.join(labels[n:]) for n in range(1, len(labels))]


def expected(zones):
    rules = {}
    for zone in zones:
        for pattern, rule in zone.rules.items():
            united = rules.setdefault(pattern, {
                'verdict': 'allow', 'groups': set(), 'services': set(),
                'own': set()})
            if rule.strings[0] == 'deny':
                united['verdict'] = 'deny'
            united['groups'].add(f'{zone.edition}-{zone.name}')
            united['services'] |= set(rule.strings[1:])
            united['own'] |= set(rule.prefixes)
    for pattern, rule in rules.items():
        rule['pins'] = set(rule['own'])
        for wildcard in covering(pattern):
            rule['pins'] |= rules.get(wildcard, rule)['own']
    return rules


def compare(dnspin, zones):
    rules, problems = compile_zones(dnspin, zones)
    yield from problems
    if problems:
        return
    wanted = expected(zones)
    for pattern in sorted(set(rules) | set(wanted)):
        if pattern not in rules:
            yield f'{pattern} is not in the policy'
        elif pattern not in wanted:
            yield f'{pattern} is in the policy only'
        else:
            yield from (f'{pattern}: {key}: {rules[pattern][key]}, expected '
                        f'{wanted[pattern][key]}'
                        for key in rules[pattern]
                        if rules[pattern][key] != wanted[pattern][key])
