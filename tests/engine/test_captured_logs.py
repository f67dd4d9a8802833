"""S4: what is logged inside of a task is on the task's record, and the host's logging stays as it was."""

from __future__ import annotations

import contextvars
import logging
import threading

import pytest

from engine.lines import Lines

pytestmark = pytest.mark.guarantee("S4")

LOG = logging.getLogger("tests.captured")
BELOW = logging.getLogger("tests.captured.below")


def nothing(record):
    """A filter that keeps records from all handlers: an interrupt may leave a handler's lock held."""
    return False


@pytest.fixture(autouse=True)
def _levels():
    """Have these loggers make a record of everything, for no handler."""
    for logger in (LOG, BELOW):
        logger.setLevel(logging.DEBUG)
        logger.addFilter(nothing)
    yield
    for logger in (LOG, BELOW):
        logger.setLevel(logging.NOTSET)
        logger.removeFilter(nothing)


@pytest.fixture
def log_of(taskman, ended):
    """Run a function as a task to its end and return the lines of its log."""

    def run(work, manager=taskman):
        return ended(manager.add(name="logs", function=work), manager)["log"]

    return run


def messages(lines):
    return [line["message"] for line in lines]


def test_what_is_logged_is_on_the_record(log_of):
    """Level, message with its arguments, and the logger's name; None for what the handle was told. All in order."""

    def work(handle):
        LOG.info("%d of %d", 1, 2)
        handle.log("by the handle")
        BELOW.warning("odd")

    lines = log_of(work)

    assert [(line["level"], line["message"], line["logger"]) for line in lines] == [
        ("INFO", "1 of 2", "tests.captured"),
        ("INFO", "by the handle", None),
        ("WARNING", "odd", "tests.captured.below"),
    ]
    assert sorted(line["at"] for line in lines) == [line["at"] for line in lines]


def test_lines_come_while_the_task_runs(taskman, gate, until):
    """A line is on the record soon, not only at the end."""

    def work(handle):
        LOG.info("about to wait")
        gate(handle)

    task_id = taskman.add(name="logs", function=work)

    until(lambda: messages(taskman.get_task(task_id)[0]["log"]) == ["about to wait"], "the line")


def test_threads_in_a_copied_context_are_of_the_task(log_of):
    """Code that a task runs in threads of its own is heard where its context was copied, and only there."""

    def work(handle):
        context = contextvars.copy_context()
        threads = [
            threading.Thread(target=context.run, args=(LOG.info, "with the context")),
            threading.Thread(target=LOG.info, args=("without",), daemon=True),
        ]
        for thread in threads:
            thread.start()
            thread.join()

    assert messages(log_of(work)) == ["with the context"]


def test_each_task_has_its_own_lines(taskman, ended):
    """Tasks that log at the same time don't get each other's lines."""
    ids = [taskman.add(f"task {n}", lambda n=n: [LOG.info("%d", n) for _ in range(50)]) for n in range(20)]

    assert [set(messages(ended(task_id)["log"])) for task_id in ids] == [{str(n)} for n in range(20)]


def test_what_loggers_do_not_let_pass_is_not_kept(log_of):
    """The levels of the host's loggers count here as well."""
    LOG.setLevel(logging.WARNING)

    assert messages(log_of(lambda handle: [LOG.info("quiet"), LOG.warning("aloud")])) == ["aloud"]


def test_the_engines_own_records_and_unfinished_ones_are_left_out(log_of):
    """The engine doesn't quote itself, and records that come from elsewhere are not this task's."""

    def work(handle):
        logging.getLogger("task_control").warning("the engine's")
        logging.getLogger("task_control.audit").warning("the panel's")
        logging.makeLogRecord({"name": "from another process", "msg": "theirs"})

    assert log_of(work) == ()


class Rude:
    """Can't be put into words."""

    def __str__(self):
        raise ValueError("no words")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("%d", "three"), "%d (TypeError: %d format: a real number is required, not str)"),
        (("%s %s", 1), "%s %s (TypeError: not enough arguments for format string)"),
        (("so %s", Rude()), "so %s (ValueError: no words)"),
        ((Rude(),), "(ValueError: no words)"),
        ((5,), "5"),
    ],
)
def test_messages_that_cannot_be_made_are_kept_as_they_are(log_of, ended, taskman, arguments, said):
    """A mistake in a log call costs the task nothing here, and the line says what it was."""
    task_id = taskman.add(name="logs", function=lambda: LOG.info(*arguments))

    record = ended(task_id)

    assert (record["status"], messages(record["log"])) == (0, [said])


def test_a_logged_exception_is_named(log_of):
    """The line says which error it was; the traceback is the host's log's."""

    def work(handle):
        try:
            raise FileNotFoundError("nowhere")
        except OSError:
            LOG.exception("can't read")

    assert messages(log_of(work)) == ["can't read\nFileNotFoundError: nowhere"]


def test_long_lines_are_cut(log_of):
    """A line is kept up to 2,000 characters, whoever wrote it."""

    def work(handle):
        LOG.info("x" * 100_000)
        handle.log("y" * 100_000)

    assert messages(log_of(work)) == ["x" * 1999 + "…", "y" * 1999 + "…"]


def test_a_flood_of_lines_makes_few_changes(taskman, ended):
    """However much a task logs, few versions of its record come of it, and the last 200 lines are there at its end."""
    task_id = taskman.add(name="floods", function=lambda: [LOG.info("%d", n) for n in range(20_000)])
    record = ended(task_id)
    ran_s = record["perf"]

    changes = [change for change in taskman.changes(0) if change.id == task_id]
    assert messages(record["log"]) == [str(n) for n in range(19_800, 20_000)]
    assert len(changes) <= 5 + ran_s / 0.1


def test_lines_of_a_canceled_task_are_on_its_last_version(taskman, gate):
    """The very version that says how a task ended has what it had logged until then."""
    gone = threading.Event()

    def work(handle):
        LOG.info("before")
        gone.set()
        gate(handle)

    task_id = taskman.add(name="logs", function=work)
    assert gone.wait(10)
    taskman.cancel(task_id)

    final = next(change.record for change in taskman.changes(0) if change.record["status"] == 4)
    assert messages(final["log"]) == ["before"]


# One that lands in a finalizer, as of a weak reference, is told by Python, and sent again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_of_log_calls_can_be_stopped_and_the_next_task_is_heard(managers, ended):
    """Where a stop lands inside of a log call, neither this thread nor the next task on it suffers."""
    manager = managers(max_workers=1)
    for _ in range(20):
        started = threading.Event()

        def loop(started=started):
            while True:
                LOG.debug("round")
                started.set()

        task_id = manager.add(name="loops", function=loop)
        assert started.wait(10)
        manager.cancel(task_id)
        following = manager.add(name="next", function=lambda: LOG.info("heard"))
        assert messages(ended(following, manager)["log"]) == ["heard"]


def test_capturing_can_be_switched_off(managers, log_of):
    """A manager that was told so keeps only what handles were told."""

    def work(handle):
        LOG.info("not kept")
        handle.log("kept")

    assert messages(log_of(work, managers(capture_logs=False))) == ["kept"]


class Talkative:
    """Logs while it is put into words."""

    def __str__(self):
        LOG.info("%s is being asked", Talkative())
        return "talkative"


def test_what_logs_while_it_is_logged_is_no_endless_loop(log_of):
    """An argument whose own text logs itself is kept once."""
    assert messages(log_of(lambda handle: LOG.info("%s", Talkative()))) == ["talkative"]


def test_a_handler_that_logs_and_an_update_that_logs_wait_for_nothing(taskman, ended):
    """One task logs inside of a handler, another inside of an update of the database: neither waits for the other."""
    in_handler, in_update = threading.Event(), threading.Event()

    class Chatty(logging.Handler):
        def emit(self, record):
            if record.msg == "from the handler's task":
                in_handler.set()
                assert in_update.wait(10)
                LOG.info("within the handler")  # with the handler's lock; the store's is held by the other task

    def update(record):
        in_update.set()
        assert in_handler.wait(10)
        BELOW.info("within the update")  # with the store's lock; waits until the handler is done

    chatty = Chatty()
    BELOW.removeFilter(nothing)
    BELOW.addHandler(chatty)
    BELOW.propagate = False
    try:
        first = taskman.add("handler", lambda: BELOW.info("from the handler's task"))
        second = taskman.add("update", lambda: taskman.db.update(update, taskman.dbQuery.id == first))
        found = [messages(ended(task_id)["log"]) for task_id in (first, second)]
    finally:
        BELOW.removeHandler(chatty)
        BELOW.propagate = True

    assert found == [["from the handler's task", "within the handler"], ["within the update"]]


def test_a_line_that_comes_while_the_others_are_taken_out_is_not_lost():
    """Between finding where a task's lines are and adding one, they may have been taken out: it is put back."""
    task = object()
    lines = Lines(lambda *_, **__: None, lambda _: None)
    taken = []

    class Racing(dict):
        def get(self, key, default=None):
            found = super().get(key, default)
            taken.extend(lines.take(task))
            return found

    lines.kept = Racing()
    for number in range(5):
        lines.add(task, {"number": number})

    assert [line["number"] for line in [*taken, *lines.take(task)]] == list(range(5))


def test_the_hosts_logging_is_what_it_was(run_script):
    """Levels, handlers and the last resort are as without tasks; basicConfig still does what it does."""
    lines = run_script(
        "import logging, sys\n"
        "from engine import TaskControl\n"
        "def state():\n"
        "    loggers = [logging.getLogger(), logging.getLogger('app')]\n"
        "    return [(one.level, list(one.handlers), one.propagate, one.disabled, one.filters) for one in loggers]\n"
        "resort, before = logging.lastResort, state()\n"
        "with TaskControl() as taskman:\n"
        "    task = taskman.add('logs', lambda: logging.getLogger('app').info('below the level'))\n"
        "    taskman.wait()\n"
        "    print(state() == before, logging.lastResort is resort, taskman.get_task(task)[0]['log'])\n"
        "    logging.basicConfig(level='INFO', stream=sys.stdout, format='%(name)s %(funcName)s %(message)s')\n"
        "    def work():\n"
        "        logging.getLogger('app').info('aloud')\n"
        "    task = taskman.add('logs', work)\n"
        "    taskman.wait()\n"
        "    print(len(logging.getLogger().handlers), [line['message'] for line in taskman.get_task(task)[0]['log']])\n"
    )

    assert lines == ["True True ()", "app work aloud", "1 ['aloud']"]


def test_a_factory_of_the_hosts_goes_on_making_the_records(run_script):
    """Who has set a factory before, or sets one around ours later, sees what it makes."""
    lines = run_script(
        "import logging, sys\n"
        "from engine import TaskControl\n"
        "class Record(logging.LogRecord):\n"
        "    def __init__(self, *args, **kwargs):\n"
        "        super().__init__(*args, **kwargs)\n"
        "        self.made_by = 'host'\n"
        "logging.setLogRecordFactory(Record)\n"
        "taskman, other = TaskControl(), TaskControl()\n"
        "ours = logging.getLogRecordFactory()\n"
        "def later(*args, **kwargs):\n"
        "    record = ours(*args, **kwargs)\n"
        "    record.later = 'too'\n"
        "    return record\n"
        "logging.setLogRecordFactory(later)\n"
        "logging.basicConfig(stream=sys.stdout, format='%(made_by)s %(later)s %(message)s')\n"
        "task = taskman.add('logs', lambda: logging.warning('aloud'))\n"
        "taskman.wait()\n"
        "print([line['message'] for line in taskman.get_task(task)[0]['log']])\n"
    )

    assert lines == ["host too aloud", "['aloud']"]


def test_a_forked_child_logs_without_the_engine(run_script):
    """A process that a task forks off logs as it likes, even if a lock of the engine's was held then."""
    lines = run_script(
        "import logging, multiprocessing, sys, threading\n"
        "from engine import TaskControl\n"
        "logging.basicConfig(stream=sys.stdout, format='%(message)s')\n"
        "forking, held, over = multiprocessing.get_context('fork'), threading.Event(), threading.Event()\n"
        "def hold():\n"
        "    with taskman._runtime.supervisor._lock:\n"
        "        held.set()\n"
        "        over.wait(10)\n"
        "def work(f):\n"
        "    threading.Thread(target=hold).start()\n"
        "    held.wait(10)\n"
        "    process = forking.Process(target=logging.warning, args=('in the child',))\n"
        "    process.start()\n"
        "    over.set()\n"
        "    process.join(10)\n"
        "    process.kill()\n"
        "    return process.exitcode\n"
        "taskman = TaskControl()\n"
        "task = taskman.add('forks', work, get_result=True)\n"
        "taskman.wait(timeout=20)\n"
        "print(taskman.get_result(task), taskman.get_task(task)[0]['log'])\n",
        may_complain=True,
    )

    assert lines == ["in the child", "0 ()"]
