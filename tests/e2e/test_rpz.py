"""What `dnspin show -f rpz` prints, in a plain Unbound: set up as its comments
say, it gives the verdicts of the policy it was made from.
"""
import subprocess
import sys

from lab import Lab

ZONE = r"""
$ORIGIN sites.dnspin.
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
manage.microsoft.com TXT "allow"
*.manage.microsoft.com TXT "allow"
foo.bar.manage.microsoft.com TXT "deny"
www.microsoft.com TXT "allow" "tcp/443"
*.www.evil.example TXT "allow"
"""
# Each has an address; what is not here is denied.
ALLOWED = ["manage.microsoft.com", "portal.manage.microsoft.com",
           "fef.msua01.manage.microsoft.com", "v6.manage.microsoft.com",
           "www.microsoft.com"]
DENIED = ["foo.bar.manage.microsoft.com", "microsoft.com",
          "mail.microsoft.com", "www.evil.example", r"\033", "ns1.lab-dns.net"]
CONF = """\
module-config: "respip validator iterator"
define-tag: dnspin
access-control-tag: 127.0.0.0/8 dnspin
rpz:
name: rules.rpz.dnspin
zonefile: {0}/rules.rpz
tags: dnspin
rpz:
name: rest.rpz.dnspin
zonefile: {0}/rest.rpz
tags: dnspin"""


def split(text, folder):
    """By the command in the comments."""
    subprocess.run(["awk", "$1 == \";;\" { f = $2 } f { print > f }"],
                   input=text, text=True, check=True, cwd=folder)


# "!", a name that Unbound sorts in front of "*".
with Lab("rpz", extra={".": "\\033 A 20.1.2.3\n"}) as lab:
    plain = lab.resolver("plain", module=False)
    plain.compile(ZONE)
    split(plain.dnspin("show", "-f", "rpz"), lab.work)
    rpz = lab.resolver("rpz", module=False,
                       server_conf=CONF.format(lab.work).split("\n"))
    for name in ALLOWED + DENIED:
        rdtype = "AAAA" if name.startswith("v6.") else "A"
        lab.check(f"{name}: has an address",
                  plain.ask(name, rdtype).addresses, name)
        said = plain.dnspin("check", name, expect=None)
        lab.check(f"{name}: the policy's verdict",
                  (" allow " in said) == (name in ALLOWED), said)
        for when in ("cold", "warm"):
            a = rpz.ask(name, rdtype)
            lab.check(f"{name}: the same in RPZ, {when}",
                      a.rcode == "NOERROR" and a.addresses
                      if name in ALLOWED else
                      a.rcode == "NXDOMAIN" and not a.rrs, a)
sys.exit(lab.finish())
