#!/usr/bin/env python3
"""Do the shipped zones say what their documents say, no more and no less?"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import compiled  # noqa: E402
from documents import IGNORED, read_2016, read_2020  # noqa: E402
from endpoints import read_2026  # noqa: E402
from zonefile import Zone  # noqa: E402

TREE = Path(__file__).resolve().parents[2]
APL_MAX = 60    # prefixes; larger records are more than NSD takes
SERIAL = {
    'intune-2016': '2016000001',    # the document is undated
    'intune-2020': '2020072801',
    'intune-2026': '2026082101',
    'example': '2026082101',
}
# Distinct patterns as written, and distinct rules of all zones of an edition.
COUNT = {
    'intune-2016': (140, 139),      # *manage.microsoft.com: two others
    'intune-2020': (105, 155),      # #-courier.push.apple.com: 51 names
    'intune-2026': (156, 156),
}

passed = failed = skipped = 0


def check(what, problems):
    """Count one check; problems: what is wrong, empty when nothing is."""
    global passed, failed
    problems = list(problems)
    if problems:
        failed += 1
        print(f'FAIL {what}')
        for problem in problems:
            print(f'     {problem}')
    else:
        passed += 1
        print(f'ok   {what}')


def equal(found, expected):
    return [] if found == expected else [f'{found}, expected {expected}']


def difference(zones, other, what=str, where='document'):
    """Both directions, one line each."""
    for x in sorted(other - zones, key=str):
        yield f'in the {where}, not in the zones: {what(x)}'
    for x in sorted(zones - other, key=str):
        yield f'in the zones, not in the {where}: {what(x)}'


def check_form(zone):
    where = f'{zone.edition}/{zone.name}.zone'
    problems = list(zone.errors)
    problems += equal(zone.origin, f'{zone.edition}-{zone.name}.dnspin.')
    problems += equal(zone.serial, SERIAL[zone.edition])
    problems += equal(zone.has_ns, True)
    keys = {string.partition('=')[0] for string in zone.text}
    problems += [f'apex TXT without {key}='
                 for key in ('title', 'source') if key not in keys]
    for name, rule in zone.rules.items():
        if rule.strings is None:
            problems.append(f'{name} has an APL and no TXT')
        elif rule.strings[0] not in ('allow', 'deny'):
            problems.append(f'{name} is neither allow nor deny')
        elif rule.strings == ['allow']:
            problems.append(f'{name} has no service, which opens every port')
        if any(len(record) > APL_MAX for record in rule.apl):
            problems.append(f'{name} has an APL over {APL_MAX} prefixes')
        if len(set(rule.prefixes)) < len(rule.prefixes):
            problems.append(f'{name} has a prefix twice')
        if name != name.lower():
            problems.append(f'{name} is in mixed case')
    check(f'{where} is well-formed', problems)


def check_tool(zones, tool, arguments):
    """Does a DNS tool take the zones too?"""
    global skipped
    path = shutil.which(tool, path=os.environ['PATH'] + ':/usr/sbin:/sbin')
    if path is None:
        skipped += 1
        print(f'skip {tool} reads the zones: {tool} is not installed')
        return
    problems = []
    for zone in zones:
        run = subprocess.run([path] + arguments(zone), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             check=False)
        if run.returncode:
            problems.append(f'{zone.path}: {run.stdout.strip()}')
    check(f'{tool} reads the zones', problems)


def check_edition(document, zones):
    edition = document.edition
    rules = {(z.name, n): r for z in zones for n, r in z.rules.items()}
    facts = document.facts
    patterns, distinct = COUNT[edition]
    check(f'{edition}: the document names {patterns} patterns',
          equal(len(document.patterns), patterns))
    check(f'{edition}: the zones hold {distinct} distinct rules',
          equal(len({name for _, name in rules}), distinct))
    check(f'{edition}: ignored words do occur',
          sorted(set(IGNORED.get(edition, {})) - document.ignored))
    check(f'{edition}: every address stands beside a name', document.stray)
    check(f'{edition}: the same patterns in the same groups',
          difference(set(rules), set(facts), '/'.join))
    both = sorted(set(rules) & set(facts))
    check(f'{edition}: the same services',
          (f'{"/".join(key)}: {problem}' for key in both
           for problem in difference(set(rules[key].strings[1:]),
                                     facts[key].services)))
    check(f'{edition}: the same prefixes',
          (f'{"/".join(key)}: {problem}' for key in both
           for problem in difference(set(rules[key].prefixes),
                                     facts[key].prefixes)))
    check(f'{edition}: every rule names its line in the document',
          (f'{"/".join(key)}: line {rules[key].line}, expected one of '
           f'{sorted(facts[key].lines)}' for key in both
           if rules[key].line not in facts[key].lines))
    peers = {s[5:] for z in zones for s in z.text if s.startswith('peer=')}
    check(f'{edition}: the same traffic between peers',
          difference(peers, document.peers))


def check_compiled(zones):
    """Does dnspin read the same, each edition alone and all together?"""
    global skipped
    dnspin = compiled.binary()
    if dnspin is None:
        skipped += 1
        print('skip dnspin compiles the zones: DNSPIN_BUILDDIR is not set')
        return
    for edition in sorted(SERIAL):
        check(f'{edition}: dnspin compiles to the rules of the zones',
              compiled.compare(dnspin, [z for z in zones
                                        if z.edition == edition]))
    check('all editions: dnspin compiles to the rules of the zones',
          compiled.compare(dnspin, zones))


def check_readme(edition, zones):
    """The table of the README: `zone` and its number of rules."""
    text = (TREE / 'zones' / edition / 'README.md').read_text('utf-8')
    table = {(name, int(count)) for name, count in
             re.findall(r'^\| `([\w-]+)\.zone` *\| +(\d+) \|', text, re.M)}
    check(f'{edition}: README lists the zones and their rules',
          difference({(z.name, len(z.rules)) for z in zones}, table,
                     where='README'))


def check_makefile(zones):
    """Files that make install does not know would silently stay behind."""
    text = (TREE / 'zones' / 'zones.am').read_text('utf-8')
    check('zones.am lists every zone', difference(
        {f'zones/{z.edition}/{z.name}.zone' for z in zones},
        set(re.findall(r'\S+\.zone', text)), where='makefile'))


def main():
    zones = [Zone(path) for path in sorted(TREE.glob('zones/*/*.zone'))]
    for zone in zones:
        check_form(zone)
    check('every group has a name of its own',
          equal(len({zone.origin for zone in zones}), len(zones)))
    check_tool(zones, 'ldns-read-zone', lambda z: [str(z.path)])
    check_tool(zones, 'nsd-checkzone', lambda z: [z.origin, str(z.path)])
    for document in (read_2016(), read_2020(), read_2026()):
        own = [z for z in zones if z.edition == document.edition]
        check_edition(document, own)
        check_readme(document.edition, own)
    check_readme('example', [z for z in zones if z.edition == 'example'])
    check_makefile(zones)
    check_compiled(zones)
    tail = f', {skipped} skipped' if skipped else ''
    print(f'{passed} passed, {failed} failed{tail}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
