"""`python -m tests.soak`: loads a real server at random and says whether what it uses stays as it is."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence

from tests.soak.soak import Soak


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as the command line asks for; 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the load lasts (default: %(default)g)")
    parser.add_argument("--server", choices=["gunicorn", "werkzeug"], default="gunicorn")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats a run, but for its timing")
    options = parser.parse_args(arguments)
    print(f"{options.seconds:g} s on {options.server}, --seed {options.seed}", flush=True)
    soak = Soak(options.server, options.seconds, options.seed, tell=lambda line: print(line, flush=True))
    problems = soak.run()
    print("\n".join([f"done: {dict(soak.done)}", *problems, "failed" if problems else "all as it was"]), flush=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
