"""A cold cache costs the same number of upstream queries with the module as
without it, in both modes, with and without validator; counted by the kernel.
"""
import json
import os
import shutil
import subprocess
import sys

from checks import skip_all
from lab import Lab

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
ZONES, PROVIDERS = 120, 15
WITHIN = 0.01
QUESTIONS = [(f"{host}.z{i}.example", rdtype) for i in range(ZONES)
             for host, rdtype in (("www", "A"), ("www", "AAAA"), ("to", "A"))
             ] + [(name, "A") for name in (
                 "manage.microsoft.com", "chain.manage.microsoft.com",
                 "x.tree.manage.microsoft.com", "nx.manage.microsoft.com",
                 "fef.msua01.manage.microsoft.com")]
POLICY = """$ORIGIN upstream.dnspin.
$TTL 3600
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
*.example TXT "allow"
*.microsoft.com TXT "allow"
"""
RULES = """
table inet upstream {
	counter queries { }
	chain out {
		type filter hook output priority 0;
		ip daddr 127.53.0.0/24 udp dport 53 counter name queries
		ip daddr 127.53.0.0/24 tcp dport 53 \\
			tcp flags & (syn|ack) == syn counter name queries
	}
}
"""


def zones():
    """Zones with name servers in other zones, each at another provider, and
    an alias from each zone into the next."""
    soa = ("$TTL 300\n@ SOA ns1.lab-dns.net. hostmaster.lab-dns.net. "
           "1 3600 600 86400 60\n")
    made = {"example.": "", "net.": ""}
    for i in range(PROVIDERS):
        origin = f"p{i}.net."
        servers = f"{origin} NS ns1.{origin}\n{origin} NS ns2.{origin}\n"
        glue = f"ns1.{origin} A 127.53.0.3\nns2.{origin} A 127.53.0.4\n"
        made["net."] += servers + glue
        made[origin] = f"$ORIGIN {origin}\n" + soa + servers + glue
    for i in range(ZONES):
        origin = f"z{i}.example."
        servers = (f"{origin} NS ns1.p{i % PROVIDERS}.net.\n"
                   f"{origin} NS ns2.p{(i * 7 + 3) % PROVIDERS}.net.\n")
        made["example."] += servers
        made[origin] = (f"$ORIGIN {origin}\n" + soa + servers
                        + f"www A 23.97.0.{i}\n"
                        f"to CNAME www.z{(i + 1) % ZONES}.example.\n")
    return made


def nft(*args, text=None):
    return subprocess.run([shutil.which("nft", path=PATH), *args], input=text,
                          text=True, check=True, capture_output=True).stdout


def counted():
    """Queries since the last call."""
    told = json.loads(nft("-j", "reset", "counter", "inet", "upstream",
                          "queries"))
    return next(item["counter"]["packets"] for item in told["nftables"]
                if "counter" in item)


def upstream(lab, what, modules, **how):
    """How many queries a resolver sends that begins with nothing."""
    resolver = lab.resolver(what.replace(" ", "-"), zones=POLICY,
                            server_conf=[f'module-config: "{modules}"'], **how)
    counted()
    wrong = [(q, str(a)) for q in QUESTIONS for a in [resolver.ask(*q)]
             if a.rcode not in ("NOERROR", "NXDOMAIN")]
    resolver.stop()
    number = counted()
    lab.check(f"{what}: all {len(QUESTIONS)} questions are answered",
              not wrong, wrong[:3])
    return number


def least(*runs):
    """(number of the first, of the second): a query that had to be sent twice
    only adds, so that the least of three runs counts where they differ."""
    counts = [[run(0) for run in runs]]
    while len({*counts[-1]}) > 1 and len(counts) < 3:
        counts.append([run(len(counts)) for run in runs])
    return [min(column) for column in zip(*counts)]


def compare(lab, modules, mode, what):
    plain, loaded = least(
        lambda n: upstream(lab, f"plain {n}, {mode}, {what}", modules,
                           module=False),
        lambda n: upstream(lab, f"{mode} {n}, {what}", f"dynlib {modules}",
                           mode=mode))
    print(f"        {mode}, {what}: {plain} upstream queries without the "
          f"module, {loaded} with it", flush=True)
    lab.check(f"{mode}, {what}: within {WITHIN:.0%}",
              plain > ZONES and abs(loaded - plain) <= WITHIN * plain,
              (plain, loaded))


if shutil.which("nft", path=PATH) is None:
    sys.exit(skip_all("upstream", "there is no nft"))
with Lab("upstream", extra=zones()) as the_lab:
    if the_lab.own_network:
        nft("-f", "-", text=RULES)
        for the_mode in ("observe", "strict"):
            compare(the_lab, "validator iterator", the_mode, "validating")
            compare(the_lab, "iterator", the_mode, "not validating")
    else:
        the_lab.skip("upstream queries", "no network namespace: those of "
                     "others would be counted, too")
sys.exit(the_lab.finish())
