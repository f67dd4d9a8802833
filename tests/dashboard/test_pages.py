"""The pages open with their first rows in them."""

from __future__ import annotations

import gzip

import pytest

from dashboard import create_app

pytestmark = pytest.mark.guarantee("P1")


def test_the_start_page_shows_the_tasks(client, tasks):
    """The start page carries the tasks without any script."""
    task_id = tasks.completed("count the files")

    page = client.get("/")

    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert "count the files" in page.text
    assert f"/tasks/{task_id}" in page.text


def test_the_start_page_filters_as_its_address_says(client, tasks):
    """A link to a filtered list opens that list."""
    tasks.completed("count the files")
    tasks.failed("hash the files")

    page = client.get("/?status=1&q=FILES")

    assert "hash the files" in page.text
    assert "count the files" not in page.text


def test_the_start_page_opens_with_filters_that_cannot_be_read(client, tasks):
    """A bad link to the list opens it unfiltered."""
    tasks.completed("count the files")

    page = client.get("/?status=many&sort=taste&dir=up&q=count")

    assert page.status_code == 200
    assert "count the files" in page.text


def test_at_most_fifty_rows_are_rendered(client, taskman):
    """A long list's page stays small; the scripts fetch the rest."""
    ids = [taskman.add(f"task {number}", lambda: None) for number in range(60)]
    taskman.wait(ids, timeout=10)

    page = client.get("/")

    assert sum(f"/tasks/{task_id}" in page.text for task_id in ids) == 50
    assert f"/tasks/{ids[-1]}" in page.text


def test_the_page_of_a_task_tells_what_happened(client, tasks):
    """The page of a failed task shows its error and its traceback."""
    task_id = tasks.failed("read the archive", RuntimeError("it is broken"))

    page = client.get(f"/tasks/{task_id}")

    assert page.status_code == 200
    assert "RuntimeError: it is broken" in page.text
    assert "Traceback" in page.text


def test_the_page_of_an_unknown_task_says_so(client):
    """An unknown id gets a page of the panel that says what happened and what to do."""
    page = client.get("/tasks/0000000000")

    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "There is no task 0000000000." in page.text


def test_pages_escape_what_tasks_say(client, tasks):
    """A name with markup is shown as it is and does nothing."""
    task_id = tasks.failed("<script>alert(1)</script>", ValueError("<img src=x>"))

    for address in ("/", f"/tasks/{task_id}"):
        text = client.get(address).text
        assert "<script>alert(1)" not in text
        assert "<img" not in text


@pytest.mark.parametrize("address", ["/", "/tasks/odd", "/tasks/odder"])
def test_pages_open_with_odd_documents_in_the_store(client, taskman, address):
    """Documents that users put into the store by hand break no page."""
    taskman.db.insert({"id": "odd", "status": 0})
    taskman.db.insert({"id": "odder", "status": 1, "name": 5, "error": float("nan"), "log": ({"message": None},)})
    taskman.db.insert({"no": "id"})

    assert client.get(address).status_code == 200


def test_the_title_is_the_hosts_choice(taskman):
    """The pages are headed with the title that the dashboard was given."""
    page = create_app(taskman, title="Night shift").test_client().get("/")

    assert "<title>Night shift</title>" in page.text


def test_answers_are_compressed_for_who_takes_it(client, tasks):
    """A page, a list and a style sheet travel as gzip where the client accepts it, else as they are."""
    for number in range(5):
        tasks.completed(f"count the files {number}")
    page = client.get("/").text
    sheet = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

    for address in ("/", "/api/tasks", sheet):
        plain = client.get(address)
        zipped = client.get(address, headers={"Accept-Encoding": "br, gzip"})
        assert "Content-Encoding" not in plain.headers
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in zipped.headers["Vary"]
        assert len(gzip.decompress(zipped.data)) == pytest.approx(len(plain.data), abs=40)  # times in it differ
        assert zipped.content_length == len(zipped.data) < len(plain.data)


def test_gzip_can_be_refused(client):
    """A client that says it takes anything but gzip gets none."""
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip;q=0, *"}).headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_pages_are_given_paths_alone(app, scheme):
    """No address names a scheme or host, the websocket's included: behind TLS it is the browser who knows."""
    with app.test_request_context("/", base_url=f"{scheme}://localhost/below"):
        links = app.extensions["task_control"][""].panels[0].links()

    assert {link[:7] for link in links.values()} == {"/below/"}
