"""From observe to strict: what suggest proposes from the events of a resolver,
and from its log, compiles as it is and allows what was asked.
"""
import sys

from daemon import eventually
from lab import Lab

ZONE = """$ORIGIN company.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
manage.microsoft.com TXT "allow" "tcp/443"
"""
WANTED = ["portal.manage.microsoft.com", "foo.bar.manage.microsoft.com",
          "svc.manage.microsoft.com"]
HOSTILE = ["*.com", "\\027[31m.example", "a\\.b.\\\"x\\\".example",
           "\\192\\175.example", "$ORIGIN", "\\@", "#.example", "\\000.example"]


NO_NAMES = ["a.nowhere.example", "b.nowhere.example", "c.nowhere.example"]


def rules(text):
    return {line.split()[0] for line in text.splitlines()
            if ' TXT "allow"' in line}


def main():
    with Lab("suggest") as lab:
        resolver = lab.resolver(zones=ZONE, mode="observe")
        for name in ["manage.microsoft.com", *WANTED, *NO_NAMES, *HOSTILE]:
            resolver.ask(name)
        off_list = len(WANTED) + len(NO_NAMES) + len(HOSTILE)
        text = resolver.dnspin("suggest")
        lab.check("every question is an event, and the others are off-list",
                  f"; {1 + off_list} events read, {off_list} of them "
                  "off-list\n" in text, text)
        lab.check("names that do not exist get no rule",
                  rules(text) == {"*.manage.microsoft.com"} and
                  f"{len(NO_NAMES) + len(HOSTILE)} queries for names that do "
                  "not exist" in text, text)
        text = resolver.dnspin("suggest", "-x")
        lab.check("no rule is wider than what was asked",
                  "*.manage.microsoft.com" in rules(text)
                  and not {"*.com", "*.example", "*"} & rules(text), text)
        lab.check("nothing but ASCII is printed",
                  text.replace("\n", "").isprintable() and text.isascii(),
                  text)
        log = resolver.dnspin("log", "-1", "-S", "1h")
        lab.check("the log tells the same",
                  resolver.dnspin("suggest", "-x", "-", stdin=log) == text, text)
        resolver.dnspin("-o", "mode=strict", "compile", "-",
                        stdin=ZONE + "\n" + text)
        lab.check("strict comes into force", eventually(
            lambda: resolver.ask("www.evil.example").rcode == "NXDOMAIN", 20))
        asked = {name: resolver.ask(name).rcode for name in WANTED}
        lab.check("and allows what was proposed",
                  set(asked.values()) == {"NOERROR"}, asked)
        resolver.stop()
    return lab.finish()


sys.exit(main())
