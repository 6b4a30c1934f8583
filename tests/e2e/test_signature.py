"""With a trusted key the resolver takes only policies that this key signed;
who can write the file cannot change the policy.
"""
import os
import sys

from daemon import eventually
from lab import Lab

STRICT = """$ORIGIN signed.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.manage.microsoft.com TXT "allow" "tcp/443"
"""
LOOSE = STRICT + """*.evil.example TXT "allow"
"""

SIGNER_OFF, HEADER_B = 312, 408  # struct dp_policy_d: signer, signature


def opens_up(resolver):
    """Does the resolver answer what only the loose policy allows?"""
    return resolver.ask("www.evil.example").rcode == "NOERROR"


def attempt(lab, resolver, what, act):
    """act() puts a policy in place that must not be taken."""
    mark = len(resolver.log_text())

    def said():
        return "policy" in resolver.log_text()[mark:]

    act()
    eventually(said, 5)
    lab.check(f"{what}: the log says why", said(), resolver.log_tail(5))
    lab.check(f"{what}: not taken", not opens_up(resolver))
    a = resolver.ask("foo.bar.manage.microsoft.com")
    lab.check(f"{what}: the last good policy stays in force",
              a.rcode == "NOERROR" and a.addresses, a)


def policy_file(resolver):
    with open(os.path.join(resolver.state, "policy"), "rb") as f:
        return f.read()


def paste_signature(resolver, trusted):
    """The policy in place, with signer and signature of a trusted one."""
    forged = bytearray(policy_file(resolver))
    forged[SIGNER_OFF:HEADER_B] = trusted[SIGNER_OFF:HEADER_B]
    path = os.path.join(resolver.state, "policy")
    with open(path + ".new", "wb") as f:
        f.write(forged)
    os.rename(path + ".new", path)


def keys(lab):
    maker = lab.resolver("maker", start=False, zones=[])
    paths = [os.path.join(lab.work, name) for name in ("own", "other")]
    for path in paths:
        maker.dnspin("keygen", path)
    return paths


def signed_only(lab, own, other):
    resolver = lab.resolver("signed", zones=[], start=False, key=own + ".pub")

    def compile_with(key, text):
        resolver.dnspin("compile", *(["-k", key] if key else ["-F"]), "-",
                        stdin=text)

    compile_with(own, STRICT)
    trusted = policy_file(resolver)
    resolver.start()
    a = resolver.ask("foo.bar.manage.microsoft.com")
    lab.check("a policy signed by the trusted key is taken",
              a.rcode == "NOERROR" and a.addresses, a)
    lab.check("and enforced", not opens_up(resolver))
    resolver.dnspin("compile", "-", stdin=LOOSE, expect=3)
    lab.check("compile replaces a signed policy by an unsigned one only when "
              "forced", policy_file(resolver) == trusted)
    attempt(lab, resolver, "unsigned", lambda: compile_with(None, LOOSE))
    attempt(lab, resolver, "signed by another key",
            lambda: compile_with(other, LOOSE))
    attempt(lab, resolver, "with the signature of another policy",
            lambda: paste_signature(resolver, trusted))
    compile_with(own, LOOSE)
    lab.check("the next one signed by the trusted key is taken",
              eventually(lambda: opens_up(resolver), 2))
    resolver.stop()


def unsigned_at_start(lab, own):
    resolver = lab.resolver("unsigned", zones=STRICT, key=own + ".pub")
    a = resolver.ask("foo.bar.manage.microsoft.com")
    lab.check("unsigned at start: SERVFAIL with EDE 14",
              a.rcode == "SERVFAIL" and 14 in [c for c, _ in a.ede], a)
    resolver.stop()


with Lab("signature") as the_lab:
    the_own, the_other = keys(the_lab)
    signed_only(the_lab, the_own, the_other)
    unsigned_at_start(the_lab, the_own)
sys.exit(the_lab.finish())
