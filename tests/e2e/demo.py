"""The main job, to look at: a resolver that enforces the shipped Intune
allowlists, asked what devices and attackers would ask, then its state and the
firewall input that follows. Exits non-zero when anything is not as it should.
"""
import subprocess
import sys

from lab import Lab
from resolver import Answer

ALLOW, DENY = "allow", "deny"
WIDTH = 50  # of an answer in the table
QUESTIONS = [
    ("manage.microsoft.com", "A", ALLOW),
    ("portal.manage.microsoft.com", "A", ALLOW),
    ("foo.bar.manage.microsoft.com", "A", ALLOW),
    ("foo.bar.manage.microsoft.com", "AAAA", ALLOW),
    ("FEF.msua01.Manage.Microsoft.com", "A", ALLOW),
    ("enterpriseregistration.windows.net", "A", ALLOW),
    ("chain.manage.microsoft.com", "A", ALLOW),
    ("23-courier.push.apple.com", "A", ALLOW),
    ("svc.manage.microsoft.com", "HTTPS", ALLOW),
    ("intranet.manage.microsoft.com", "A", ALLOW),
    ("microsoft.com", "A", DENY),
    ("evilmanage.microsoft.com", "A", DENY),
    ("manage.microsoft.com.evil.example", "A", DENY),
    ("hop3.trafficmanager.net", "A", DENY),
    ("ns1.lab-dns.net", "A", DENY),
    (".", "NS", DENY),
    ("com", "DNSKEY", DENY),
]


def verdict_of(answer: Answer):
    if answer.rcode == "NXDOMAIN" and any(c == 15 for c, _ in answer.ede):
        return DENY
    return ALLOW if answer.rcode == "NOERROR" and answer.rrs else answer.rcode


def rule_for(resolver, name):
    """The rule that decides, and its group, as `dnspin check` says."""
    words = resolver.dnspin("check", name, expect=None).split()
    said = dict(w.split("=", 1) for w in words if "=" in w)
    if said.get("rule", "none") == "none":
        return "none"
    groups = said["group"].split(",")
    more = f" and {len(groups) - 1} more" if len(groups) > 1 else ""
    return f"{said['rule']} in {groups[0]}{more}"


def answer_text(answer):
    if answer.rcode != "NOERROR":
        ede = ",".join(str(code) for code, _ in answer.ede)
        return f"{answer.rcode} EDE {ede}" if ede else answer.rcode
    parts = [f"-> {t}" for t in answer.texts("CNAME")[:1]]
    rest = [text for _, _, t, text in answer.rrs if t != "CNAME"]
    text = " ".join(parts + rest[:1])
    text = text if len(text) <= WIDTH else text[:WIDTH - 3] + "..."
    return text + (f" +{len(rest) - 1}" if len(rest) > 1 else "")


def show(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        print("  ".join([c.ljust(w) for c, w in zip(row, widths)] + row[-1:])
              .rstrip())


def questions(lab, resolver):
    rows = [["QUESTION", "TYPE", "VERDICT", "COLD ms", "WARM ms", "ANSWER",
             "RULE"]]
    wrong = []
    for name, rdtype, expected in QUESTIONS:
        cold = resolver.ask(name, rdtype, cd=rdtype == "DNSKEY")
        warm = resolver.ask(name, rdtype, cd=rdtype == "DNSKEY")
        rows.append([
            name, rdtype, verdict_of(cold), f"{cold.seconds * 1000:.1f}",
            f"{warm.seconds * 1000:.1f}", answer_text(cold),
            rule_for(resolver, name)])
        for when, answer in (("cold", cold), ("warm", warm)):
            if verdict_of(answer) != expected:
                wrong.append(f"{name} {rdtype} {when}: {answer}")
    show(rows)
    lab.check("every verdict, cold and warm, is the expected one", not wrong,
              "\n        ".join(wrong))


def load_into_nftables(lab, rules):
    if not lab.own_network:
        lab.skip("nft -f", "without a namespace it would change the firewall "
                 "of this machine")
        return
    for attempt in ("once", "and again"):
        done = subprocess.run(["nft", "-f", "-"], input=rules, text=True,
                              capture_output=True, check=False)
        lab.check(f"nft takes it, {attempt}", done.returncode == 0,
                  done.stderr)
    listed = subprocess.run(["nft", "list", "ruleset"], text=True,
                            capture_output=True, check=False).stdout
    lab.check("the addresses of manage.microsoft.com are in the sets",
              "134.170.168.254" in listed, listed)
    lab.check("the private address of intranet.manage.microsoft.com is not",
              "10.1.2.3" not in listed, listed)


def section(title):
    print(f"\n=== {title}")


def main():
    with Lab("demo") as lab:
        section("dnspin compile: the shipped zones become one policy")
        resolver = lab.resolver(start=False, zones=[])
        print(resolver.compile(lab.zones(), mode="strict").rstrip())
        section("Unbound with dnspin.so, strict, resolving from the root")
        resolver.start()
        questions(lab, resolver)
        section("dnspin status: what the module says of itself")
        print(resolver.dnspin("status").rstrip())
        section("dnspin export -f nft: what a firewall may let through")
        rules = resolver.dnspin("export", "-f", "nft")
        print(rules.rstrip())
        section("nft -f, in this namespace")
        load_into_nftables(lab, rules)
        resolver.stop()
        print()
    return lab.finish()


sys.exit(main())
