"""A resolver to try by hand, in the foreground until Ctrl-C.

	run.py --port N [--internet] [--mode observe]

Upstream is the loopback authority of the lab, which needs port 53 of 127.53.0.1
to 127.53.0.9; with --internet, the real root servers.
"""
import argparse
import sys

from lab import Lab


def arguments():
    parser = argparse.ArgumentParser(prog="tools/quickstart run",
                                     description="A resolver to try by hand.")
    parser.add_argument("--port", type=int, required=True,
                        help="port on 127.0.0.1 to listen at")
    parser.add_argument("--internet", action="store_true",
                        help="resolve from the real root servers")
    parser.add_argument("--mode", choices=("strict", "observe"),
                        default="strict", help="default: strict")
    args = parser.parse_args()
    if not 0 < args.port < 65536:
        parser.error(f"--port {args.port}: must be 1 to 65535")
    return args


args = arguments()
with Lab("run", authority=not args.internet, namespace=False) as lab:
    resolver = lab.resolver(mode=args.mode, address="127.0.0.1",
                            port=args.port)
    print(f"""
A resolver in mode {args.mode} answers at 127.0.0.1 port {args.port}. Try:
    dig @127.0.0.1 -p {args.port} manage.microsoft.com
    dig @127.0.0.1 -p {args.port} evilmanage.microsoft.com
    {lab.tree.dnspin} -d {resolver.state} status
    {lab.tree.dnspin} -d {resolver.state} export -f nft
Its log: {resolver.log}
Ctrl-C ends it.""", flush=True)
    resolver.wait()
    print(resolver.log_tail())
sys.exit("run: the resolver ended by itself")
