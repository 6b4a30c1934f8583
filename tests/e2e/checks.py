"""The verdicts of one test program, in the lines that make check shows."""


SKIPPED = 77  # the exit status that make check takes for it


class Checks:
    def __init__(self, name):
        self.name = name
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def check(self, name, good, detail=""):
        """A named check; detail is shown when it failed."""
        if good:
            self.passed += 1
            print(f"ok      {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED  {name}: {detail}", flush=True)
        return bool(good)

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skipped {name}: {reason}", flush=True)

    def finish(self):
        """Print the closing line; the exit status."""
        if self.passed + self.failed == 0 and self.skipped == 0:
            print(f"FAILED  {self.name}: nothing was checked")
            self.failed = 1
        text = f"{self.passed} passed, {self.failed} failed"
        if self.skipped:
            text += f", {self.skipped} skipped"
        print(text, flush=True)
        if self.failed:
            return 1
        return 0 if self.passed else SKIPPED


def skip_all(name, reason):
    """Nothing of the test can run; the exit status."""
    print(f"{name}: skipped: {reason}\n0 passed, 0 failed, 1 skipped",
          flush=True)
    return SKIPPED
