"""Answers that are not JSON: bytes on their way through the composition."""

from switchyard.http.endpoint import Call, Reply, Request, endpoint, public_endpoint
from switchyard.http.problems import SERVICE
from switchyard.openapi import document
from tests.support.http import Answer, Context, event

ANYTHING = bytes(range(256))


def serve(reply: Reply) -> Answer:
    @public_endpoint(SERVICE, "service.try", "GET /try", media="text/plain", empty=303)
    def handler(_request: Request) -> Reply:
        """Answer."""
        return reply

    return Answer.of(handler(event("GET", "/try", {}, {}, None), Context()))


def test_bytes_arrive_as_they_are_under_their_content_type() -> None:
    answer = serve(Reply(200, ANYTHING, {"content-type": "text/plain"}))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain")
    assert answer.content == ANYTHING


def test_an_empty_body_of_bytes_keeps_its_content_type() -> None:
    answer = serve(Reply(200, b"", {"content-type": "text/plain"}))
    assert (answer.content, answer.headers["content-type"]) == (b"", "text/plain")


def test_what_is_elsewhere_is_answered_by_its_address() -> None:
    answer = serve(Reply(303, None, {"location": "https://objects.example/log"}))
    assert (answer.status, answer.text, answer.headers["location"]) == (303, "", "https://objects.example/log")


def test_an_operation_that_answers_bytes_keeps_none_under_a_key_and_says_what_they_are() -> None:
    @endpoint(SERVICE, "service.try", "POST /try", media="text/plain", empty=303)
    def handler(_call: Call) -> Reply:
        """Answer."""
        return Reply(200, b"", {"content-type": "text/plain"})

    operation = handler.operation  # type: ignore[attr-defined]
    assert not operation.keyed
    described = document([operation])["paths"]["/try"]["post"]
    assert list(described["responses"]["200"]["content"]) == ["text/plain"]
    assert {"200", "303"} <= set(described["responses"])
