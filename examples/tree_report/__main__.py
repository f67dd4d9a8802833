"""The command line of the tree report: with the live panel, or with lines in the terminal alone."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine import Status, TaskControl
from examples.tree_report.pace import PACE_S
from examples.tree_report.plan import WATCH, plan
from examples.tree_report.tree import standard_library


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 with a report, 1 without one, 2 for wrong arguments, 130 after Ctrl-C."""
    parser = _parser()
    options = parser.parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names of files may be anything
    try:
        return _run(options) if options.no_panel else _serve(options)
    except (ValueError, NotADirectoryError) as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.tree_report",
        description="Scans, hashes, counts and compresses a directory tree in many tasks, and reports on it.",
    )
    parser.add_argument("path", nargs="?", default=standard_library(), help="(default: Python's standard library)")
    parser.add_argument(
        "--pace",
        type=float,
        default=PACE_S,
        help="about how many seconds a round takes; 0: as fast as it goes",
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often it is done, one after the other (default: 1)")
    parser.add_argument("--no-panel", action="store_true", help="print what ends, then the report, and leave")
    parser.add_argument("--port", type=int, default=5000, help="of the panel (default: %(default)s)")
    return parser


def _serve(options: argparse.Namespace) -> int:
    import wsgi  # makes the panel, which the other way does without

    def begin() -> None:
        ids = plan(wsgi.taskman, options.path, pace=options.pace, rounds=options.rounds)
        report = ids[-1]
        wsgi.taskman.add("Print the report", lambda: print(wsgi.taskman.get_result(report)), depend_on=report)

    wsgi.serve("127.0.0.1", options.port, begin)
    return 0


def _run(options: argparse.Namespace) -> int:
    # How each task ended is printed below; the engine's log would say it a second time.
    logging.getLogger("task_control").addHandler(logging.NullHandler())
    # As Ctrl-C does: the tasks are cancelled, and with them their temporary files go.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with TaskControl() as taskman:
        try:
            return _until_reported(taskman, options)
        except KeyboardInterrupt:
            taskman.shutdown(cancel_futures=True, timeout=2)
            return 130


def _until_reported(taskman: TaskControl, options: argparse.Namespace) -> int:
    with taskman.subscribe() as changes:
        ids = plan(taskman, options.path, pace=options.pace, rounds=options.rounds)
        running = set(ids)
        while running:
            for change in changes.get(timeout=1.0):
                record = change.record
                if record["id"] in running and Status(record["status"]).is_final:
                    running.discard(record["id"])
                    print(_line(taskman, record), flush=True)
                if record["id"] == ids[-1] and record["id"] not in running:
                    _stop_watching(taskman, ids)
    report = taskman.get_task(ids[-1])[0]
    if report["status"] != Status.COMPLETED:
        print(f"There is no report: {report['error']}", file=sys.stderr)
        return 1
    print(report["result"])
    return 0


def _line(taskman: TaskControl, record: Mapping[str, Any]) -> str:
    outcome = record["error"] or f"{record['perf']:.2f} s"
    return f"{taskman.status_code[record['status']]:<10} {record['name']} ({outcome})"


def _stop_watching(taskman: TaskControl, ids: list[str]) -> None:
    """The report is made, so nobody needs to go on watching."""
    for task_id in ids:
        if taskman.get_task(task_id)[0]["name"].startswith(WATCH):
            taskman.cancel(task_id)


if __name__ == "__main__":
    sys.exit(main())
