"""Prebuilt documents: bytes with an ETag, before anything else is asked."""

import pytest

from idp.kernel.errors import Unavailable
from idp.web.documents import DocumentFront, document

BODY = b'{"issuer":"https://id.example.test"}'
DOCUMENT = document(BODY, "application/json", 60)


class Asked:
    """The application behind the front, which says so."""

    def __call__(self, _, start_response):
        start_response("404 Not Found", [("X-Behind", "yes")])
        return [b"behind"]


def ask(method="GET", path="/doc", library=None, **environ):
    got = {}

    def start_response(status, headers, *_):
        got.update(status=int(status[:3]), headers=dict(headers))

    found = library or {"/doc": DOCUMENT}.get
    front = DocumentFront(Asked(), found)
    body = b"".join(front({"REQUEST_METHOD": method, "PATH_INFO": path} | environ, start_response))
    return got["status"], got["headers"], body


def test_a_document_is_given_to_any_origin_for_a_while():
    status, headers, body = ask()
    assert (status, body) == (200, BODY)
    assert headers["Content-Length"] == str(len(BODY))
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"] == "public, max-age=60"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_head_is_the_same_without_the_body():
    assert ask("HEAD")[:2] == ask()[:2]
    assert ask("HEAD")[2] == b""


@pytest.mark.parametrize("sent", ["{}", "W/{}", '"x", {}', "{}, W/{}"])
def test_who_has_it_already_is_told_so(sent):
    status, headers, body = ask(HTTP_IF_NONE_MATCH=sent.replace("{}", DOCUMENT.etag))
    assert (status, body) == (304, b"")
    assert headers["ETag"] == DOCUMENT.etag
    assert "Content-Length" not in headers
    assert "Content-Type" not in headers


@pytest.mark.parametrize("sent", ["", '"x"', DOCUMENT.etag.strip('"')[:-1], "\xff"])
def test_who_has_another_gets_this_one(sent):
    assert ask(HTTP_IF_NONE_MATCH=sent)[0] == 200


def test_other_bytes_have_another_etag():
    assert document(BODY + b" ", "application/json", 60).etag != DOCUMENT.etag


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "get", ""])
def test_other_methods_and_paths_go_on(method):
    assert ask(method)[2] == b"behind"
    for path in ("", "/", "/doc/", "//doc", "/DOC", "/doc\0"):
        assert ask(path=path)[2] == b"behind"


def test_without_its_source_the_answer_is_not_now():
    def away(path):
        raise Unavailable("database")

    assert ask(library=away)[0] == 503
