"""Secrets don't leave, and other text does."""

from __future__ import annotations

import time

import pytest

from dashboard.text import clean, masked, shown


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "PASSWORD = hunter2",
        "Token: hunter2",
        "token=>hunter2",
        "{'api_key': 'hunter2', 'n': 1}",
        '{"accessToken": "hunter2"}',
        '{"secret": "a\\"hunter2"}',
        "AWS_SECRET_ACCESS_KEY=hunter2",
        "Authorization: Bearer hunter2",
        "curl -H 'Authorization: Basic hunter2'",
        "got Bearer hunter2hunter2",
        "postgres://me:hunter2@db/tasks",
        "https://api.example/?key=hunter2&page=1",
        "login --password hunter2 --quiet",
        "login --api-key=hunter2",
        "Cookie: id=hunter2",
        "db_passwd='hunter2",
        r'"{\"password\": \"hunter2\", \"n\": 1}"',
        "{b'token': b'hunter2'}",
        "token = u'hunter2'",
        "sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_secrets_are_masked(text):
    """The value of what is named like a secret is replaced."""
    assert "hunter2" not in masked(text)
    assert "***" in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "scan: /usr/lib/python3",
        "KeyError: 'token'",
        "TokenError: unexpected end",
        "pre-token step",
        "non-secret things",
        "tokenizer: fast",
        "sorted by key: name",
        "bearer of bad news",
        "http://127.0.0.1:5000/tasks",
        "12:30:15",
        "passed: 5, failed: 0",
    ],
)
def test_other_text_stays(text):
    """What is no secret is shown as it is."""
    assert masked(text) == text


def test_the_rest_of_the_text_stays():
    """Only the value goes; what stands around it stays."""
    assert masked("connect(password='a b', host='db')") == "connect(password=***, host='db')"


def test_a_secret_is_masked_before_the_text_is_cut():
    """A secret at the place where the text is cut doesn't leave in part."""
    text = clean("x" * 90 + " password=" + "hunter2" * 10, 110)

    assert "hunter" not in text


@pytest.mark.parametrize(
    "text",
    [
        "token" * 20_000,
        "--" * 50_000,
        "password='" + "\\" * 100_000,
        "api_" * 30_000 + "=",
        "://" * 30_000,
        "--a" * 30_000,
        "token:" + "\\" * 100_000,
        'token=\\"' * 20_000,
        "eyJaaaaaaaa." * 20_000,
        "-----BEGIN PRIVATE KEY-----" * 5_000,
    ],
)
def test_no_text_takes_long(text):
    """Texts that are made to be slow to look through are not."""
    begun = time.perf_counter()
    masked(text)

    assert time.perf_counter() - begun < 1.0


def test_the_end_can_be_kept():
    """A long traceback keeps its last line, which says what was raised."""
    text = clean("x" * 5000 + " password=hunter2 ValueError", 40, keep_end=True)

    assert len(text) == 40
    assert text.startswith("…")
    assert text.endswith("password=*** ValueError")


def test_text_that_is_no_unicode_becomes_some():
    """Half a surrogate pair, as in some file names, is shown by its code."""
    assert clean("caf\udce9", 100) == "caf\\udce9"


def test_text_in_other_scripts_stays():
    """Letters and signs of all languages are kept."""
    assert clean("Größe 寸法 👍", 100) == "Größe 寸法 👍"


def test_none_is_no_text():
    """A missing text is an empty one."""
    assert clean(None, 100) == ""


def test_representations_are_cut():
    """A long representation ends with an ellipsis at the limit."""
    assert shown("x" * 1000, 50) == "'" + "x" * 48 + "…"


def test_representations_are_masked():
    """A result that holds a secret is shown without it."""
    assert shown({"user": "me", "password": "hunter2"}, 100) == "{'password': ***, 'user': 'me'}"
