"""`python -m dashboard script.py`: runs an unchanged script with the panel beside it."""

from __future__ import annotations

import argparse
import io
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import TaskControl

from . import stopping
from .background import Served
from .boards import Boards
from .listening import listen
from .problems import CannotServe


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the script that the command line names; the panel's address goes to standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Runs a Python script with the panel beside it: a board for each TaskControl that it makes.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", default=5000, type=int, help="0 for any free one (default: %(default)s)")
    parser.add_argument("--stay", action="store_true", help="serve on when the script has ended, until Ctrl-C")
    parser.add_argument("script", type=Path, help="the script to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script finds in sys.argv")
    options = parser.parse_args(arguments)
    boards = Boards(options.script.name)
    try:
        code = _compiled(options.script)
        served = Served(boards, listen(options.host, options.port), boards.close, options.host)
    except CannotServe as error:
        raise SystemExit(str(error)) from error
    except OSError as error:
        raise SystemExit(f"The script {options.script} can't be read ({error.strerror})") from error
    sys.stderr.write(f"Task Control is at {served.url}\n")  # the script's own output stays as it is
    TaskControl.__init__ = _noting(boards.add, TaskControl.__init__)  # type: ignore[method-assign]
    try:
        _run(code, options.script, options.arguments)
    finally:
        if options.stay:
            _stay(served.url)
        # Else served until the interpreter goes: it waits for the tasks that the script has left.


def _noting(note: Callable[[TaskControl], None], init: Callable[..., None]) -> Callable[..., None]:
    def noting(self: TaskControl, *positional: Any, **named: Any) -> None:
        init(self, *positional, **named)
        note(self)

    return noting


def _compiled(script: Path) -> types.CodeType:
    with io.open_code(str(script.absolute())) as file:
        return compile(file.read(), str(script), "exec")


def _run(code: types.CodeType, script: Path, arguments: list[str]) -> None:
    """Run code as Python runs a script: as `__main__`, with its arguments, its folder first in the path."""
    module = types.ModuleType("__main__")
    vars(module).update(__file__=str(script), __builtins__=__builtins__)
    sys.modules["__main__"] = module
    sys.argv = [str(script), *arguments]
    sys.path[:] = [str(script.absolute().parent), *sys.path[1:], sys.path[0]]
    exec(code, vars(module))


def _stay(url: str) -> None:
    signal = stopping.StopSignal()
    sys.stderr.write(f"The script has ended. Task Control stays at {url} (Ctrl-C stops it)\n")
    signal.wait()
    stopping.stop()


if __name__ == "__main__":
    main()
