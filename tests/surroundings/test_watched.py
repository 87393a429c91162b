"""Files of the operator's that change while we serve: who comes next goes by what they say now."""

import os
import time

import pytest
import structlog

from idp.surroundings import watched
from idp.surroundings.watched import Unreadable, Watched

AGO, AHEAD = -60, 60


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_text("one")
    return path


def read(path):
    if not path.exists():
        raise Unreadable("gone")
    return path.read_text()


@pytest.fixture
def content(file, monkeypatch):
    """What the file says to somebody who comes when it is time to look."""
    monkeypatch.setattr(watched, "LOOKS_EVERY", 0.0)
    of_file = Watched(file, read, "nothing")
    assert of_file.content() == "one"
    return of_file.content


def written(file, text, since):
    """Write it as if that had been done some seconds ago, or by a clock that is ahead of ours."""
    file.write_text(text)
    at = time.time() + since
    os.utime(file, (at, at))


def test_whoever_comes_first_after_a_quiet_hour_meets_what_the_file_says_by_then(file, content):
    written(file, "two", AGO)

    assert content() == "two"


def test_what_may_still_be_being_written_waits_until_it_is_the_same_twice(file, content):
    written(file, "half", AHEAD)
    assert content() == "one"
    written(file, "whole", AHEAD + 1)
    assert content() == "one"

    assert content() == "whole"


def test_a_change_is_told_of_and_the_first_reading_is_not(file):
    with structlog.testing.capture_logs() as logs:
        of_file = Watched(file, read, "nothing")
        assert of_file.content() == "one"
        assert logs == []
        written(file, "two", AGO)
        of_file._next_look = 0.0
        assert of_file.content() == "two"

    assert [each["event"] for each in logs] == ["file_read"]


def test_a_file_that_is_gone_leaves_what_it_said(file, content):
    file.unlink()

    assert [content(), content()] == ["one", "one"]

    written(file, "two", AGO)

    assert content() == "two"
