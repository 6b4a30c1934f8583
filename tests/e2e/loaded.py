"""For tests of the loader for pythonmod: Debian's own server, in place of the
one that can load modules."""
import os
import sys

from checks import skip_all


def use(name):
    """From here on labs run that server. Ends the program where there is
    none."""
    stock = os.environ.get("STOCK_UNBOUND")
    if not stock:
        sys.exit(skip_all(name, "configured without --with-stock-unbound"))
    os.environ["DNSPIN_LAB_STOCK"] = stock
