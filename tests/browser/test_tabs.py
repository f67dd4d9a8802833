"""All tabs of a browser that show the same panel hear the engine over one websocket, and none misses anything."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, Response
from flask import request as asked
from playwright.sync_api import Error, Page, expect

import dashboard
from dashboard import Dashboard, create_app
from engine import TaskControl
from tests.browser.looking import expect_names, leave_rows, row_of
from tests.browser.proxy import Proxy
from tests.browser.serving import Served, served, sockets
from tests.browser.test_connection import connection
from tests.browser.working import ends, runs_on

pytestmark = pytest.mark.guarantee("P2")

Visit = Callable[..., Page]
Until = Callable[..., object]

#: In sight of which all rows of these tests exist.
TALL = {"width": 1440, "height": 8_000}
NO_WORKER = "delete globalThis.SharedWorker"
#: Each way in which a browser, or the host, has no shared worker for the page.
OBSTACLES = ("the browser has none", "the policy forbids it", "it can't be loaded", "it says nothing")


def another(page: Page, url: str = "") -> Page:
    """One more tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(url or page.url)
    tab.wait_for_selector('html[data-ready="1"]')
    return tab


def expect_live(*pages: Page, timeout: float = 15_000) -> None:
    for page in pages:
        expect(connection(page)).to_have_attribute("data-connection", "live", timeout=timeout)


def expect_all(taskman: TaskControl, *pages: Page, timeout: float = 15_000) -> None:
    """Wait until each of the pages shows what the store has: every task with its status, the newest first."""
    records = reversed(taskman.get_all())
    names = [f"{record['name']} {taskman.status_code[record['status']]}" for record in records]
    read = """rows => rows.map(row => row.querySelector(".cell-name").textContent.trim() + " "
        + row.querySelector(".cell-status .word").textContent.trim())"""
    for page in pages:
        leave_rows(page)
        seen: list[str] = []
        for _ in range(int(timeout / 100)):
            seen = page.locator("[data-rows] tr").evaluate_all(read)
            if seen == names:
                break
            page.wait_for_timeout(100)
        assert seen == names


@pytest.mark.parametrize("number", [2, 5])
def test_tabs_share_one_socket(taskman: TaskControl, panel: Served, visit: Visit, until: Until, number: int) -> None:
    """However many tabs there are, of whatever view, the server holds one socket; it closes with the last of them."""
    task = taskman.add("Runs", runs_on)
    pages = [visit()]
    views = (f"/tasks/{task}", "/", "/activity", "/failures")
    pages += [another(pages[0], panel.url + views[index]) for index in range(number - 1)]
    expect_live(*pages)

    assert 1 == sockets(panel)
    taskman.cancel(task)
    expect(row_of(pages[0], "Runs").locator(".cell-status")).to_have_text("Canceled 4")
    expect(pages[1].locator(".task-head .word")).to_have_text("Canceled")
    for page in pages:
        assert 1 == sockets(panel)
        page.close()

    until(lambda: sockets(panel) == 0, "the socket to be closed")


def test_browsers_share_nothing(panel: Served, visit: Visit) -> None:
    """Two browsers have a socket each."""
    pages = [visit(), visit()]
    expect_live(*pages)

    assert 2 == sockets(panel)


def test_the_first_tab_may_go(taskman: TaskControl, panel: Served, visit: Visit) -> None:
    """The tabs that came later go on when the one that had opened the socket is closed."""
    first = visit()
    others = [another(first), another(first)]
    expect_live(first, *others)

    first.close()
    taskman.add("New", runs_on)

    for page in others:
        expect(row_of(page, "New")).to_be_visible()
    expect_live(*others)
    assert 1 == sockets(panel)


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_tab_may_crash(
    taskman: TaskControl, panel: Served, visit: Visit, complaints, until: Until, which: str
) -> None:
    """When a tab crashes, even the one whose process holds the worker, the others go on, and by one socket."""
    complaints.let_network_fail()
    first = visit()
    pages = [first, another(first), another(first)]
    expect_live(*pages)
    crashing = pages.pop(0 if which == "first" else 1)

    with pytest.raises(Error, match="crash"):
        crashing.goto("chrome://crash")
    taskman.add("New", ends)

    for page in pages:
        expect(row_of(page, "New")).to_be_visible(timeout=15_000)
    expect_live(*pages)
    until(lambda: sockets(panel) == 1, "one socket")
    for page in pages:
        page.close()
    until(lambda: sockets(panel) == 0, "the socket to be closed", patience_s=50)


def test_a_tab_that_leaves_and_comes_back(taskman: TaskControl, panel: Served, visit: Visit, until: Until) -> None:
    """Who goes to another page takes the socket along, and is live again, with all that is new, on coming back."""
    page = visit()
    expect_live(page)

    page.goto("about:blank")
    until(lambda: sockets(panel) == 0, "the socket to be closed")
    taskman.add("New", ends)
    page.go_back()

    expect(row_of(page, "New")).to_be_visible()
    expect_live(page)


def test_a_page_that_is_kept_while_away(taskman: TaskControl, panel: Served, visit: Visit, until: Until) -> None:
    """A page that the browser keeps on leaving, and shows again as it was, has left the socket and takes it again."""
    page = visit()
    expect_live(page)

    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    until(lambda: sockets(panel) == 0, "the socket to be closed")
    taskman.add("New", ends)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    expect(row_of(page, "New")).to_be_visible()
    expect_live(page)
    assert 1 == sockets(panel)


def test_a_cut_mends_in_all_tabs(taskman: TaskControl, panel: Served, visit: Visit, complaints) -> None:
    """After a loss both tabs show what the store has, and each has said that it was cut off."""
    complaints.let_network_fail()
    tasks = [taskman.add(f"Old {number}", runs_on) for number in range(3)]
    with Proxy(panel.port) as proxy:
        page = visit(url=proxy.url)
        pages = [page, another(page)]
        expect_live(*pages)

        proxy.become("cut")
        for page in pages:
            expect(connection(page)).to_have_attribute("data-connection", "reconnecting")
        taskman.cancel(tasks[0])
        taskman.db.remove(taskman.dbQuery.id == tasks[1])
        taskman.add("Missed", ends)
        proxy.become("pass")

        expect_live(*pages)
        expect_all(taskman, *pages)
        assert 1 == sockets(panel)
        page.context.close()


@pytest.mark.long
def test_silence_is_told_in_all_tabs(taskman: TaskControl, panel: Served, visit: Visit, complaints) -> None:
    """A connection that falls silent is said to be lost in both tabs, and to be stale if that lasts."""
    complaints.let_network_fail()
    with Proxy(panel.port) as proxy:
        page = visit(url=proxy.url)
        pages = [page, another(page)]
        expect_live(*pages)

        proxy.become("silent")
        for page in pages:
            expect(connection(page)).to_have_attribute("data-connection", "reconnecting", timeout=10_000)
        for page in pages:
            expect(connection(page)).to_have_attribute("data-connection", "stale", timeout=25_000)
        taskman.add("Missed", ends)
        proxy.become("pass")

        expect_live(*pages, timeout=20_000)
        expect_all(taskman, *pages)
        page.context.close()


def test_all_tabs_poll_as_one(taskman: TaskControl, panel: Served, visit: Visit, complaints) -> None:
    """Where no socket can be had, one of the tabs' questions every two seconds serves them all."""
    complaints.let_network_fail()
    panel.app.config["TASK_CONTROL_MAX_SOCKETS"] = 0
    paths: list[str] = []
    panel.app.after_request(lambda response: paths.append(asked.path) or response)
    page = visit()
    pages = [page, another(page), another(page)]
    for page in pages:
        expect(connection(page)).to_have_attribute("data-connection", "polling")

    paths.clear()
    page.wait_for_timeout(5_000)
    taskman.add("New", runs_on)

    for page in pages:
        expect(row_of(page, "New")).to_be_visible()
    assert paths.count("/api/changes") <= 5


def test_a_restart_reaches_all_tabs(taskman: TaskControl, visit: Visit, complaints) -> None:
    """After a restart every tab shows the new engine's tasks, says so, and keeps none of before."""
    complaints.let_network_fail()
    taskman.add("Of before", ends)
    again = TaskControl()
    again.add("Of now", ends)
    with served(create_app(taskman)) as before:
        page = visit(url=before.url)
        pages = [page, another(page)]
        expect_live(*pages)

    with served(create_app(again), before.port) as now:
        for page in pages:
            expect(row_of(page, "Of now")).to_be_visible(timeout=15_000)
            leave_rows(page)
            expect(page.locator("[data-notices]")).to_contain_text("The engine was restarted")
            expect_names(page, ["Of now"])
        expect_live(*pages)
        assert 1 == sockets(now)
        page.context.close()
    again.shutdown()


def test_permission_that_ends(taskman: TaskControl, visit: Visit, complaints) -> None:
    """When the hook refuses, both tabs say so and hear nothing more; when it lets in again, they have everything."""
    complaints.let_network_fail()
    allowed = threading.Event()
    allowed.set()
    app = Flask("host")
    board = Dashboard(taskman, url_prefix="/tasks", authorize=lambda request: allowed.is_set())
    board.pace = dashboard.Pace(permission_s=0.2)
    board.init_app(app)
    with served(app) as server:
        page = visit("/tasks/", url=server.url)
        pages = [page, another(page)]
        expect_live(*pages)

        allowed.clear()
        for page in pages:
            expect(page.locator("[data-notices]")).to_contain_text("Log in, or ask for permission", timeout=15_000)
            expect(connection(page)).to_have_attribute("data-connection", "reconnecting")
            expect(page.locator("[data-notices] .notice")).to_have_count(1)
        taskman.add("Secret", ends)
        page.wait_for_timeout(2_500)
        assert all(row_of(page, "Secret").count() == 0 for page in pages)
        assert 0 == sockets(server, "/tasks")
        allowed.set()

        expect_live(*pages, timeout=40_000)
        expect_all(taskman, *pages)
        page.context.close()


def test_boards_of_one_app_stay_apart(taskman: TaskControl, visit: Visit) -> None:
    """Two panels of one app in one browser have a socket each, and neither shows the other's tasks."""
    other = TaskControl()
    app = Flask("host")
    Dashboard(taskman, app, url_prefix="/one")
    Dashboard(other, app, url_prefix="/two")
    with served(app) as server:
        one = visit("/one/", url=server.url)
        two = another(one, f"{server.url}/two/")
        expect_live(one, two)

        taskman.add("Of one", ends)
        other.add("Of two", ends)

        expect_names(one, ["Of one"])
        expect_names(two, ["Of two"])
        assert [1, 1] == [sockets(server, "/one"), sockets(server, "/two")]
        one.context.close()
    other.shutdown()


def test_a_new_version_has_a_worker_of_its_own(
    taskman: TaskControl, panel: Served, visit: Visit, tmp_path: Path
) -> None:
    """Tabs from before the static files changed go on with their worker; those of the new version share another."""
    folder = shutil.copytree(Path(dashboard.__file__).parent / "static", tmp_path / "static")
    (board,) = panel.app.extensions["task_control"][""].panels
    board.assets._folder, board.assets._look_again_s = folder, 0
    first = visit()
    old = [first, another(first)]
    expect_live(*old)

    (folder / "js" / "relay.js").write_text((folder / "js" / "relay.js").read_text() + "\n// changed\n")
    new = [another(first), another(first)]
    expect_live(*new)
    taskman.add("New", ends)

    for page in (*old, *new):
        expect(row_of(page, "New")).to_be_visible()
    expect_live(*old)
    assert 2 == sockets(panel)


@pytest.fixture
def hindered(taskman: TaskControl, request: pytest.FixtureRequest) -> Iterator[Served]:
    """Serve a panel in a host that stands in the way of workers as the parameter says."""
    app = create_app(taskman)

    def hinder(response: Response) -> Response:
        is_worker = asked.path.endswith("/worker.js")
        if request.param == "the policy forbids it":
            response.headers["Content-Security-Policy"] += "; worker-src 'none'"
        elif is_worker and request.param == "it can't be loaded":
            response.status_code = 404
        elif is_worker and request.param == "it says nothing":
            response.set_data(b"")
            response.headers.pop("Content-Encoding", None)
        return response

    app.after_request(hinder)
    with served(app) as server:
        yield server


@pytest.mark.parametrize("hindered", OBSTACLES, indirect=True)
def test_without_a_worker_each_tab_has_a_socket(
    taskman: TaskControl, hindered: Served, visit: Visit, complaints, request: pytest.FixtureRequest, until: Until
) -> None:
    """Where a shared worker can't be had, each tab follows over a socket of its own, and nothing else is different."""
    complaints.let_network_fail()
    obstacle = request.node.callspec.params["hindered"]
    page = visit(url="data:text/html,", framed=True)
    if obstacle == "the browser has none":
        page.context.add_init_script(NO_WORKER)
    pages = [another(page, hindered.url) for _ in range(2)]
    expect_live(*pages)

    taskman.add("New", ends)

    for one in pages:
        expect(row_of(one, "New")).to_be_visible()
    until(lambda: sockets(hindered) == 2, "a socket for each tab")
    pages[0].close()
    until(lambda: sockets(hindered) == 1, "the socket of the closed tab to go")
    pages[1].context.close()
    if obstacle == "the policy forbids it":
        assert all("worker" in complaint for complaint in complaints.heard), complaints.heard
        complaints.heard.clear()


def freeze(page: Page, is_frozen: bool) -> None:
    """Have the browser suspend a tab, as it does with those that nobody has looked at for long, or wake it up."""
    session = page.context.new_cdp_session(page)
    session.send("Page.setWebLifecycleState", {"state": "frozen" if is_frozen else "active"})
    session.detach()


def test_a_suspended_tab_holds_up_nobody(taskman: TaskControl, panel: Served, visit: Visit, until: Until) -> None:
    """While one tab is suspended the others follow; when it wakes up, it catches up."""
    first = visit(viewport=TALL)
    asleep = another(first)
    expect_live(first, asleep)

    freeze(asleep, True)
    first.bring_to_front()
    for number in range(80):
        taskman.add(f"Task {number}", ends)
        first.wait_for_timeout(50)  # each comes in a message of its own, and those are more than wait for a tab
    expect(row_of(first, "Task 79")).to_be_visible()
    expect_live(first)
    freeze(asleep, False)

    expect_all(taskman, first, asleep)
    expect_live(first, asleep)
    assert 1 == sockets(panel)


def test_a_busy_tab_catches_up(taskman: TaskControl, visit: Visit) -> None:
    """A tab whose script runs for seconds misses messages, and has everything afterwards; the other follows."""
    first = visit(viewport=TALL)
    busy = another(first)
    expect_live(first, busy)

    busy.evaluate("setTimeout(() => { const until = Date.now() + 5000; while (Date.now() < until); }, 0)")
    for number in range(70):
        taskman.add(f"Task {number}", ends)
        first.wait_for_timeout(50)
    expect(row_of(first, "Task 69")).to_be_visible()

    expect_all(taskman, first, busy)


SILENT_TAB = """async ([module, addresses]) => {
    const { Relay } = await import(module);
    const usual = globalThis.setInterval;
    globalThis.setInterval = (look, ms) => usual(look, ms / 5); // half a minute in six seconds
    globalThis.told = 0;
    globalThis.silent = { postMessage: () => { globalThis.told += 1; } };
    new Relay(addresses).serve(globalThis.silent);
    globalThis.silent.onmessage({ data: { join: { bootId: null, revision: null } } });
}"""


def test_a_tab_that_takes_nothing_in(taskman: TaskControl, panel: Served, visit: Visit, until: Until) -> None:
    """A tab that doesn't answer is told so much and no more, and after half a minute it is let go."""
    page = visit()
    expect_live(page)
    module = page.locator('link[rel="modulepreload"][href$="/relay.js"]').get_attribute("href")
    page.evaluate(SILENT_TAB, [module, {"socket": "/live", "polling": "/api/changes"}])
    until(lambda: sockets(panel) == 2, "the socket of the silent tab")

    for number in range(80):
        taskman.add(f"Task {number}", ends)
        page.wait_for_timeout(40)

    assert 50 == page.evaluate("told")
    until(lambda: sockets(panel) == 1, "the socket of the silent tab to go")


def test_a_tab_that_joins_late_misses_nothing(taskman: TaskControl, panel: Served, visit: Visit) -> None:
    """What happens between a tab's first message and its joining is asked for."""
    first = visit()
    expect_live(first)
    late = first.context.new_page()

    def answer_late(route) -> None:
        answer = route.fetch()
        taskman.add("Between", ends)
        taskman.wait(timeout=5)
        expect(row_of(first, "Between").locator(".cell-status")).to_have_text("Completed 0")
        route.fulfill(response=answer)

    late.route("**/api/changes", answer_late, times=1)
    late.goto(first.url)

    expect(row_of(late, "Between").locator(".cell-status")).to_have_text("Completed 0")
    expect_live(first, late)
    assert 1 == sockets(panel)


def test_tabs_that_join_amid_changes(taskman: TaskControl, panel: Served, visit: Visit, until: Until) -> None:
    """Tabs that are opened while tasks come and go without a pause have each task once and in its last state."""
    is_over = threading.Event()

    def add_tasks() -> None:
        number = 0
        while not is_over.wait(0.04):
            number += 1
            task = taskman.add(f"Task {number}", ends)
            if number % 3 == 0:
                taskman.wait([task], timeout=5)
                taskman.db.remove(taskman.dbQuery.id == task)
            if number == 200:
                break

    adding = threading.Thread(target=add_tasks)
    adding.start()
    try:
        first = visit(viewport=TALL)
        pages = [first, *(another(first) for _ in range(4))]
        expect_live(*pages)
    finally:
        is_over.set()
        adding.join()
    taskman.wait(timeout=10)

    expect_all(taskman, *pages)
    assert 1 == sockets(panel)
