"""S17: a manager as an executor of the standard library: calls become tasks, and its shutdown knows its own."""

from __future__ import annotations

import concurrent.futures
import functools
import textwrap
import threading

import pytest

from engine import ShutDown, TaskControl, TaskExecutor, UnknownTask, WaitCycle, current_task

pytestmark = pytest.mark.guarantee("S17")

PATIENCE_S = 30.0


class Doubler:
    def __call__(self, number):
        return 2 * number


def doubled(number):
    return 2 * number


@pytest.fixture
def executor(taskman):
    return TaskExecutor(taskman)


def test_a_call_becomes_a_task_and_its_result_the_futures(taskman, executor):
    """`submit` passes all arguments on, and the very object comes back; the record keeps none of it."""
    made = object()

    future = executor.submit(lambda *args, **options: (made, args, options), 1, self=2, fn=3, timeout=4)

    result = future.result(PATIENCE_S)
    assert (made, (1,), {"self": 2, "fn": 3, "timeout": 4}) == result
    assert made is result[0]
    assert [None, 0] == [taskman.get_task(future.task_id)[0][key] for key in ("result", "status")]


@pytest.mark.parametrize(
    ("function", "name"),
    [(doubled, "doubled"), (functools.partial(doubled, 3), "doubled"), (Doubler(), "Doubler"), (abs, "abs")],
    ids=["function", "partial", "callable object", "builtin"],
)
def test_the_task_has_the_functions_name(taskman, executor, function, name):
    """What the panel shows is what was called."""
    future = executor.submit(function, *([] if isinstance(function, functools.partial) else [4]))

    concurrent.futures.wait([future], PATIENCE_S)
    assert name == taskman.get_task(future.task_id)[0]["name"]


def test_the_function_is_a_tasks(executor):
    """Code that is submitted finds its handle, though it isn't passed."""
    assert "task" == executor.submit(lambda: current_task() and "task").result(PATIENCE_S)


def test_map_keeps_the_order(executor):
    """Results come in the order of the arguments, and shorter ones end it."""
    assert [1, 4, 27] == list(executor.map(pow, [1, 2, 3], [1, 2, 3, 4]))


def test_map_that_is_over_its_time_cancels_what_it_waits_for(taskman, executor, gate):
    """Nothing of it goes on, neither what runs nor what waits."""
    results = executor.map(lambda _: gate(None), range(3), timeout=0.05)

    with pytest.raises(TimeoutError):
        next(results)
    taskman.wait(timeout=PATIENCE_S)
    assert {4} == {record["status"] for record in taskman.get_all()}


def test_as_completed_hands_out_what_ends_first(executor, gate):
    """The standard library's own functions take the futures."""
    slow, fast = executor.submit(gate, None), executor.submit(doubled, 2)

    order = concurrent.futures.as_completed([slow, fast], PATIENCE_S)
    assert fast is next(order)
    gate.open()
    assert slow is next(order)


def test_a_task_starts_after_those_it_depends_on(taskman, executor, gate):
    """`submit_after` takes ids and futures."""
    first, second = executor.submit(gate, None), taskman.add("plain", lambda: None)
    then = executor.submit_after([first, second], lambda: first.result(0))

    assert not then.done()
    gate.open()
    assert then.result(PATIENCE_S) is None
    assert [first.task_id, second] == taskman.get_task(then.task_id)[0]["depend_on"]


def test_a_task_that_is_refused_leaves_nothing(taskman, executor):
    """An unknown dependency raises, and a shutdown doesn't wait for what was never added."""
    with pytest.raises(UnknownTask):
        executor.submit_after("0123456789", print)

    executor.shutdown()
    assert [] == taskman.get_all()


def test_an_executor_of_its_own_ends_its_manager(executor):
    """Without a manager it makes one, with so many seats, and shuts it down with itself."""
    with TaskExecutor(max_workers=3) as own:
        assert 6 == own.submit(doubled, 3).result(PATIENCE_S)
        assert 3 == own.taskman.max_workers

    with pytest.raises(ShutDown):
        own.taskman.add("late", print)


def test_somebody_elses_manager_goes_on(taskman, gate):
    """The executor takes no more and waits for its own tasks alone."""
    taskman.add("not its own", gate)
    with TaskExecutor(taskman) as executor:
        future = executor.submit(doubled, 3)

    assert future.done()
    with pytest.raises(ShutDown, match="this TaskExecutor has been shut down"):
        executor.submit(doubled, 3)
    assert taskman.wait(taskman.add("later", lambda: None), timeout=PATIENCE_S)


def test_a_manager_that_is_shut_down_takes_no_calls(taskman, executor):
    """That is a RuntimeError, as users of executors expect."""
    taskman.shutdown()

    with pytest.raises(RuntimeError, match="this TaskControl has been shut down"):
        executor.submit(doubled, 3)


def test_settings_of_the_manager_are_refused_beside_one(taskman):
    """They couldn't have any effect."""
    with pytest.raises(TypeError, match="max_workers is the manager's"):
        TaskExecutor(taskman, max_workers=3)
    with pytest.raises(ValueError, match="thread_timeout"):
        TaskExecutor(taskman, thread_timeout=-1)


def test_shutdown_can_cancel_what_has_not_begun(managers, gate):
    """What runs goes on to its end, as in the standard library."""
    executor = TaskExecutor(managers(max_workers=1))
    running = executor.submit(gate, None)
    gate.wait_until_started()
    waiting = [executor.submit(doubled, 1) for _ in range(20)]

    executor.shutdown(wait=False, cancel_futures=True)

    assert all(future.cancelled() for future in waiting)
    assert running.running()
    gate.open()
    assert running.result(PATIENCE_S) is None


def test_shutdown_returns_after_the_callbacks(executor, gate):
    """Whatever was to be done with the results has been done."""
    seen = []
    may_end = threading.Event()

    def slow(future):
        assert may_end.wait(PATIENCE_S)
        seen.append(future.done())

    with executor:
        future = executor.submit(gate, None)
        future.add_done_callback(slow)
        gate.open()
        future.result(PATIENCE_S)
        threading.Timer(0.05, may_end.set).start()

    assert [True] == seen


def test_a_callback_may_shut_the_executor_down(executor, gate):
    """It isn't waited for by itself."""
    over = threading.Event()

    def end(_):
        executor.shutdown()
        over.set()

    executor.submit(gate, None).add_done_callback(end)
    gate.open()

    assert over.wait(PATIENCE_S)


def test_a_task_that_shuts_its_executor_down_is_told(executor):
    """It would wait for itself."""
    with pytest.raises(WaitCycle):
        executor.submit(executor.shutdown).result(PATIENCE_S)


def test_calls_within_calls_need_no_second_seat(managers):
    """A task that asks for a result lends its seat."""
    executor = TaskExecutor(managers(max_workers=1))

    def depth(left):
        return 1 + executor.submit(depth, left - 1).result() if left else 0

    assert 5 == executor.submit(depth, 5).result(PATIENCE_S)


def test_a_task_that_asks_for_its_own_result_is_told(executor):
    """That would never come."""
    found = threading.Event()
    futures = []

    def ask():
        assert found.wait(PATIENCE_S)
        return futures[0].result()

    futures.append(executor.submit(ask))
    found.set()

    assert isinstance(futures[0].exception(PATIENCE_S), WaitCycle)


def test_thousands_of_calls_all_come_back(executor):
    """Each with its own result."""
    futures = [executor.submit(doubled, number) for number in range(5000)]

    assert [2 * number for number in range(5000)] == [future.result(PATIENCE_S) for future in futures]


def test_the_programs_end_waits_for_calls_and_callbacks(run_script):
    """A script needs no shutdown; what follows a timeout is waited for as well."""
    printed = run_script(
        textwrap.dedent("""
        import threading, time
        from engine import TaskExecutor, current_task

        def after(future):
            time.sleep(2.5)  # longer than threads that have nothing to do are waited for
            print(future.exception() or future.result(), flush=True)

        executor = TaskExecutor(thread_timeout=0.3)
        executor.submit(lambda: "done").add_done_callback(after)
        executor.submit(lambda: current_task().sleep(60)).add_done_callback(after)
        """)
    )

    assert "done" == printed[0]
    assert "ran over its limit of 0.3 seconds" in printed[1]


def test_ctrl_c_cancels_what_runs(start_script):
    """And its future with it, before the program ends."""
    script = start_script(
        textwrap.dedent("""
        from engine import TaskExecutor, current_task

        executor = TaskExecutor()
        future = executor.submit(lambda: current_task().sleep(60))
        future.add_done_callback(lambda future: print("cancelled", future.cancelled()))
        raise KeyboardInterrupt
        """)
    )

    assert "cancelled True\n" == script.communicate(timeout=3 * PATIENCE_S)[0]


def test_a_forked_child_has_no_results_to_wait_for(run_script):
    """It is told, and its end waits for nothing."""
    printed = run_script(
        textwrap.dedent("""
        import os, threading, warnings
        from engine import Forked, TaskExecutor

        warnings.simplefilter("ignore")
        gate = threading.Event()
        executor = TaskExecutor()
        done, future = executor.submit(lambda: "done"), executor.submit(gate.wait)
        done.result()
        child = os.fork()
        if not child:
            try:
                print(done.result(), flush=True)
                future.result()
            except Forked:
                print("told", flush=True)
            executor.shutdown()
            os._exit(0)
        os.waitpid(child, 0)
        gate.set()
        print(future.result())
        """)
    )

    assert ["done", "told", "True"] == printed


def test_a_manager_may_have_several_executors():
    """Each waits for its own."""
    with TaskControl() as taskman, TaskExecutor(taskman) as one, TaskExecutor(taskman) as other:
        assert [2, 4] == [one.submit(doubled, 1).result(PATIENCE_S), other.submit(doubled, 2).result(PATIENCE_S)]
