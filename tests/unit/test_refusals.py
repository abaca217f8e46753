"""Which status an error has, and how a surface's data words it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.domain.claims import StaleFence
from switchyard.domain.errors import (
    Busy,
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    SwitchyardError,
    Unauthorized,
    UnknownReference,
)
from switchyard.http.request import Request
from switchyard.http.statuses import STATUSES, EndpointRefusal, MethodNotAllowed, by_class, status_of
from switchyard.http.surface import Refused, Surface
from tests.support.http import all_endpoints

REQUEST = Request("GET", "/path", "", {"host": "api.example"}, {}, "request", {})
FIELD = FieldError("field", "is wrong", "right")
SURFACES = sorted({each.operation.surface for each in all_endpoints()}, key=lambda each: each.name)


def shape(refused: Refused) -> dict[str, Any]:
    return {"status": refused.status, "code": refused.code, "text": refused.text}


def kinds(error: type[SwitchyardError] = SwitchyardError) -> Iterator[type[SwitchyardError]]:
    yield error
    for each in error.__subclasses__():
        yield from kinds(each)


def test_an_error_has_the_status_of_its_class_or_of_the_nearest_ancestor_that_is_listed() -> None:
    assert status_of(UnknownReference(FIELD)) == 422
    assert status_of(Invalid(FIELD)) == 400
    assert status_of(StaleFence()) == status_of(Conflict()) == 409
    assert status_of(EndpointRefusal(502, {})) == 502


def test_only_what_nobody_foresaw_is_an_internal_error() -> None:
    listed = {kind for each in SURFACES for kind in each.statuses} | set(STATUSES) - {SwitchyardError}
    assert not [
        each.__name__
        for each in kinds()
        if each not in (SwitchyardError, EndpointRefusal)
        and not listed & set(each.__mro__)
        and each.__module__.startswith("switchyard.")
    ]


def test_no_error_knows_its_status() -> None:
    assert not [each.__name__ for each in kinds() if "status" in vars(each)]


def test_a_table_that_says_nothing_of_a_class_leaves_it_alone() -> None:
    assert by_class({NotFound: "a"}, Conflict()) is None


def test_a_surface_overrides_status_code_and_text_by_class_for_all_that_derive_from_it() -> None:
    surface = Surface("s", shape, statuses={Invalid: 400}, codes={Invalid: "bad"}, texts={Invalid: "Bad."})
    status, _, body = surface.refuse(UnknownReference(FIELD), REQUEST)
    assert (status, json.loads(body)) == (400, {"status": 400, "code": "bad", "text": "Bad."})
    status, _, body = surface.refuse(NotFound("Gone."), REQUEST)
    assert (status, json.loads(body)) == (404, {"status": 404, "code": "resource_not_found", "text": "Gone."})


def test_what_an_endpoint_words_itself_goes_out_as_it_is() -> None:
    status, _, body = Surface("s", shape).refuse(EndpointRefusal(403, {"error": "No."}), REQUEST)
    assert (status, json.loads(body)) == (403, {"error": "No."})


@pytest.mark.parametrize("surface", SURFACES, ids=lambda each: each.name)
def test_every_surface_names_the_methods_that_a_path_has(surface: Surface) -> None:
    status, headers, body = surface.refuse(MethodNotAllowed(("GET", "HEAD")), REQUEST)
    assert (status, headers["allow"]) == (405, "GET, HEAD")
    if surface.error is None:  # a person reads it: a page
        assert headers["content-type"].startswith("text/html")
        return
    surface.error.model_validate_json(body)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda each: each.name)
def test_every_surface_says_how_to_authenticate_and_when_to_come_back(surface: Surface) -> None:
    headers = surface.refuse(Unauthorized(), REQUEST)[1]
    assert headers["www-authenticate"].startswith("Bearer ")
    assert headers["x-amzn-remapped-www-authenticate"] == headers["www-authenticate"]
    assert surface.refuse(Busy(), REQUEST)[1]["retry-after"] == "1"
