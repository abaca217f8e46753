"""What holds for every operation, also for those still to come: who may not call, and what they may not learn."""

import json
from typing import Any

import pytest

from switchyard.aws.objects import ObjectStore
from switchyard.domain.actors import SCOPES
from switchyard.domain.ids import new_id
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support import world
from tests.support.http import Answer
from tests.support.samples import ENDPOINTS, build, replay, sample
from tests.support.stream import Stream

PROTECTED = sorted(name for name, each in ENDPOINTS.items() if not each.operation.public)
#: Operations whose path names nobody but the caller: any other name is refused as such, whether it is someone's or not.
ABOUT_THE_CALLER = {"projects.register_device", "projects.list_devices", "projects.unregister_device"}
#: Operations whose path names an agent, who need not be known yet: what they are about is in the body.
ABOUT_AN_AGENT = {"pool.execute_agent"}
WITH_PATH_IDS = [
    name for name in PROTECTED if "{" in ENDPOINTS[name].operation.paths[0] and name not in ABOUT_THE_CALLER
]
KEYED = [name for name in PROTECTED if ENDPOINTS[name].operation.keyed]
MAYBE_WITH_BODY = {"POST", "PATCH", "PUT", "DELETE"}

#: The only operations that need no token. A new one is added here by decision.
PUBLIC = {
    "console.get_page",
    "mcp.end_session",
    "mcp.get_resource_metadata",
    "mcp.open_stream",
    "oauth.authorize",
    "oauth.decide",
    "oauth.get_metadata",
    "oauth.issue_tokens",
    "oauth.register_client",
    "oauth.revoke_token",
    "planning.read_feed",
    "planning.show_unsubscribe",
    "planning.unsubscribe",
    "projects.read_signed_log",
    "service.get_health",
    "service.get_openapi",
    "sessions.begin_oidc",
    "sessions.finish_oidc",
    "sessions.sign_in",
}

#: Operations that need several scopes at once: what they make the service send away is for readers of tasks.
NEEDING_MORE = {"pool.create_webhook", "pool.update_webhook", "pool.redeliver"}

#: The only operations that any valid token opens, whatever its scopes. A new one is added here by decision.
FOR_ANY_TOKEN = {"administration.get_me"}

#: The only operations that are closed to programs that people connected. A new one is added here by decision.
PERSONAL = {"sessions.list_sessions", "sessions.revoke_session"}

each_protected = pytest.mark.parametrize("operation", PROTECTED)
each_scoped = pytest.mark.parametrize("operation", [name for name in PROTECTED if name not in FOR_ANY_TOKEN])


def spoiled(event: dict[str, Any]) -> dict[str, Any]:
    """Make body and query of an event wrong: whoever may not call must not learn so."""
    event["rawQueryString"] = "no_such_parameter=1"
    if event["requestContext"]["http"]["method"] in MAYBE_WITH_BODY:
        event["body"] = "{no json"
    return event


def assert_unauthorized(answer: Answer) -> None:
    assert answer.status == 401, answer.text
    assert "bearer" in answer.headers["www-authenticate"].lower()


def test_only_the_listed_operations_are_public() -> None:
    assert {name for name, each in ENDPOINTS.items() if each.operation.public} == PUBLIC


def test_only_the_listed_operations_are_open_to_any_token() -> None:
    assert {name for name in PROTECTED if not ENDPOINTS[name].operation.scopes} == FOR_ANY_TOKEN


def test_only_the_listed_operations_are_closed_to_programs() -> None:
    assert {name for name, each in ENDPOINTS.items() if each.operation.personal} == PERSONAL


@each_scoped
def test_every_protected_operation_names_a_known_scope(operation: str) -> None:
    promised = ENDPOINTS[operation].operation
    assert promised.scopes
    assert {*promised.scopes, *promised.also} <= set(SCOPES)


@each_protected
def test_without_a_token_nothing_is_validated_and_nothing_opens(operation: str, table: Table) -> None:
    assert_unauthorized(replay(operation, spoiled(sample(operation))))


@each_protected
def test_a_damaged_token_opens_nothing(operation: str, caller: Caller) -> None:
    token = caller().token or ""
    damaged = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert_unauthorized(replay(operation, spoiled(sample(operation, damaged))))


@each_protected
def test_an_expired_token_opens_nothing(operation: str, caller: Caller) -> None:
    expired = caller(expires_at="2026-01-01T00:00:00.000Z").token
    assert_unauthorized(replay(operation, spoiled(sample(operation, expired))))


@each_scoped
def test_a_token_without_the_scope_is_refused_before_validation(operation: str, caller: Caller) -> None:
    others = sorted(set(SCOPES) - set(ENDPOINTS[operation].operation.scopes))
    answer = replay(operation, spoiled(sample(operation, caller(scopes=others).token)))
    assert answer.status == 403, answer.text


@pytest.mark.parametrize("operation", sorted(NEEDING_MORE))
def test_a_token_without_one_of_several_scopes_is_refused_before_validation(operation: str, caller: Caller) -> None:
    assert ENDPOINTS[operation].operation.also
    for scope in ENDPOINTS[operation].operation.also:
        token = caller(scopes=sorted(set(SCOPES) - {scope})).token
        answer = replay(operation, spoiled(sample(operation, token)))
        assert answer.status == 403, answer.text
        assert scope in answer.text


@each_protected
def test_a_spoiled_request_of_an_authorized_caller_is_refused_without_a_crash(operation: str, caller: Caller) -> None:
    endpoint = ENDPOINTS[operation].operation
    answer = replay(operation, spoiled(sample(operation, caller().token)))
    ignores_unknown = endpoint.query is not None and endpoint.query.model_config.get("extra") == "ignore"
    if endpoint.body or (endpoint.query and not ignores_unknown):
        assert answer.status == 400, answer.text
    else:
        assert answer.status < 500, answer.text


@pytest.mark.parametrize("operation", KEYED)
def test_no_secret_is_kept_under_an_idempotency_key(
    operation: str, table: Table, bucket: ObjectStore, tenant: str, caller: Caller
) -> None:
    build(operation, table, bucket, tenant)
    event = sample(operation, caller().token, tenant)
    event["headers"]["idempotency-key"] = "key"
    first, again = replay(operation, event), replay(operation, event)
    assert again.headers["idempotency-replayed"] == "true"
    rows = [row for row in Stream(table, tenant).scan().values() if row["pk"]["S"].endswith("#IDEMPOTENCY")]
    assert rows
    assert not [secret for secret in ("whsec_", "sy_") if secret in json.dumps(rows) + again.text]
    assert first.status == again.status


@pytest.mark.parametrize("operation", WITH_PATH_IDS)
def test_another_tenants_things_are_not_found(
    operation: str, table: Table, bucket: ObjectStore, tenant: str, caller: Caller
) -> None:
    # given the sample's things in one tenant, when a caller of another one asks
    build(operation, table, bucket, tenant)
    stranger = caller(tenant=new_id())
    answer = replay(operation, sample(operation, stranger.token, tenant))
    # then it is as if they were not there
    assert answer.status == 404, answer.text
    answer = replay(operation, sample(operation, caller().token, tenant))
    assert answer.status == ENDPOINTS[operation].operation.status, answer.text


@pytest.mark.parametrize("operation", [each for each in WITH_PATH_IDS if each not in ABOUT_AN_AGENT])
def test_another_tenants_id_is_answered_like_an_unknown_one(
    operation: str, table: Table, tenant: str, caller: Caller
) -> None:
    world.build(table, tenant)
    world.build_foreign(table, new_id())
    token = caller().token
    # Whoever names another user than `@me` is refused as such.
    for name in sample(operation)["pathParameters"].keys() - {"user"}:
        answers = [
            _with_id(sample(operation, token, tenant), operation, name, each) for each in (world.FOREIGN, new_id())
        ]
        assert [answer.status for answer in answers] == [404, 404], f"{name}: {answers[0].text}"
        assert _shape(answers[0]) == _shape(answers[1])


def _with_id(event: dict[str, Any], operation: str, name: str, value: str) -> Answer:
    given = event["pathParameters"][name]
    event["pathParameters"][name] = value
    event["rawPath"] = event["rawPath"].replace(given, value)
    event["headers"].pop("idempotency-key", None)  # a key is of one request
    return replay(operation, event)


def _shape(answer: Answer) -> Any:
    """What an answer tells besides the id that was asked for."""
    return sorted(json.loads(answer.text)), sorted(answer.headers)
