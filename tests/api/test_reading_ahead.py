"""A token that names its tenant is read together with the rows that the request's path names, in one round trip."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from switchyard.aws.objects import ObjectStore
from switchyard.aws.telemetry import logger
from switchyard.domain import tokens
from switchyard.domain.ids import new_id
from switchyard.http import auth
from switchyard.store import keys
from switchyard.store.table import Ahead, Table
from switchyard.surfaces.projects import scope
from tests.api.conftest import Caller
from tests.api.test_correlation import Log
from tests.support import samples, world
from tests.support import tokens as tokens_of
from tests.support.http import Answer, Api
from tests.support.samples import APART, ENDPOINTS, ORDERED

#: Operations whose path names a track that they read first, together with a row that only the caller's id leads to.
WITH_THE_CALLERS_OWN = {"projects.beat_presence", "projects.end_presence"}
PATHS = [name for name in ORDERED if not ENDPOINTS[name].operation.public and "{" in ENDPOINTS[name].operation.paths[0]]
READS = [name for name in PATHS if ENDPOINTS[name].operation.reads]
#: One of each surface and of each kind of path, with the rows that it reads.
SOME = {
    "planning.get_track": 1,
    "planning.list_comments": 1,
    "planning.get_goal_run": 2,
    "pool.get_task": 1,
    "pool.get_execution": 2,
    "projects.get_task": 2,
    "projects.get_run": 3,
    "objectives.get_objective": 1,
    "objectives.get_task": 2,
    "followups.get_task": 1,
    "runs.get_question": 3,
}

Call = tuple[str, list[tuple[str, str]]]


@contextmanager
def watched() -> Iterator[list[Call]]:
    """Note each call of DynamoDB with the keys that it reads."""
    calls: list[Call] = []
    real = Table.call

    def call(self: Table, operation: str, **params: Any) -> Any:
        asked = (
            [params["Key"]] if "Key" in params else params.get("RequestItems", {}).get(self.name, {}).get("Keys", [])
        )
        calls.append((operation, [(key["pk"]["S"], key["sk"]["S"]) for key in asked]))
        return real(self, operation, **params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "call", call)
        yield calls


def issue(table: Table, tenant: str, named: str | None, **more: Any) -> str:
    """Write a token of a person of one tenant that names another, or none; returns its secret."""
    return tokens_of.issue(table, tenant, names=named, **more)


def cold(operation: str, token: str, tenant: str) -> tuple[Answer, list[Call]]:
    """Run a sample event in a container that remembers nothing."""
    auth.forget_all()
    scope._numbers.clear()
    scope._projects.clear()
    with watched() as calls:
        answer = samples.replay(operation, samples.sample(operation, token, tenant))
    return answer, calls


@pytest.fixture
def worlds(table: Table, bucket: ObjectStore) -> Callable[[], tuple[str, str]]:
    """Make two tenants with the same records."""

    def made() -> tuple[str, str]:
        first, second = new_id(), new_id()
        world.build(table, first)
        world.build(table, second, tokens.new_token(), tokens.new_token())
        for tenant in (first, second):
            world.build_files(bucket, tenant)
        return first, second

    return made


@pytest.mark.parametrize("group", [None, *sorted(APART & set(PATHS))])
def test_a_token_that_names_its_tenant_saves_a_round_trip_wherever_the_path_names_what_is_read_first(
    group: str | None, table: Table, worlds: Callable[[], tuple[str, str]]
) -> None:
    plain, named = worlds()
    secrets = {plain: issue(table, plain, None), named: issue(table, named, named)}
    for name in [each for each in PATHS if each not in APART] if group is None else [group]:
        before, apart = cold(name, secrets[plain], plain)
        after, together = cold(name, secrets[named], named)
        assert before.status == after.status == samples.status_of(name), name
        assert apart[0] == ("get_item", [keys.token(tokens.digest(secrets[plain]))]), name
        if ENDPOINTS[name].operation.reads:
            operation, rows = together[0]
            assert (operation, rows[0]) == ("batch_get_item", keys.token(tokens.digest(secrets[named]))), name
            assert len(together) == len(apart) - 1, (name, apart, together)
            assert len(rows[1:]) == SOME.get(name, len(rows[1:])), (name, rows)
            # Each of them is what the request reads first without it, too, and is not read again.
            asked = [(pk.replace(plain, named), sk) for _, each in apart[1:2] for pk, sk in each]
            assert set(rows[1:]) <= set(asked) or apart[1][0] == "query", (name, rows, asked)
            again = [key for operation, each in together[1:] if "get" in operation for key in each]
            assert not set(rows) & set(again), (name, again)
        else:
            of_path = ENDPOINTS[name].operation.paths[0]
            first = [pk.removeprefix(f"{plain}#") for pk, sk in apart[1][1] if sk == keys.TRACK]
            named_first = [each for each in first if each in str(samples.sample(name)["pathParameters"])]
            is_read = "get" in apart[1][0] and named_first and name not in WITH_THE_CALLERS_OWN
            assert not is_read, f"{name} reads {of_path} first: declare it (reads=…)"
            assert len(together) == len(apart), name


def test_there_is_one_of_each_surface() -> None:
    assert SOME.keys() <= set(READS)
    assert {name.partition(".")[0] for name in READS} == {name.partition(".")[0] for name in SOME}


def test_a_remembered_token_and_one_of_before_read_as_ever(table: Table, tenant: str) -> None:
    world.build(table, tenant)
    for secret, first in (
        (issue(table, tenant, tenant), ["batch_get_item"]),
        (issue(table, tenant, None), ["get_item"] * 2),
    ):
        api = Api(secret)
        for expected in (first, ["get_item"]):
            with watched() as calls:
                assert api.get(f"/v1/tracks/{world.TASK}").status == 200
            assert [operation for operation, _ in calls] == expected


def test_a_container_reads_ahead_again_when_it_has_to_read_the_token_again(
    table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.build(table, tenant)
    api = Api(issue(table, tenant, tenant))
    api.get(f"/v1/tracks/{world.TASK}")
    monkeypatch.setattr(auth, "_cache", {name: (0.0, row) for name, (_, row) in auth._cache.items()})
    with watched() as calls:
        assert api.get(f"/v1/tracks/{world.TASK}").status == 200
    assert [operation for operation, _ in calls] == ["batch_get_item"]


def test_what_is_not_there_takes_one_round_trip_as_well(table: Table, tenant: str) -> None:
    api = Api(issue(table, tenant, tenant))
    with watched() as calls:
        assert api.get(f"/v1/tracks/{new_id()}").status == 404
    assert [operation for operation, _ in calls] == ["batch_get_item"]
    auth.forget_all()
    with watched() as calls:
        assert api.get("/v1/tracks/none").status == 400
    assert [operation for operation, _ in calls] == ["get_item"]


def test_a_session_reads_ahead_too(table: Table, tenant: str) -> None:
    world.build(table, tenant)
    secret = issue(table, tenant, tenant, session="Firefox")
    cookie = {"cookie": f"__Host-switchyard={secret}", "sec-fetch-site": "same-origin"}
    with watched() as calls:
        assert Api(None).get(f"/v1/tracks/{world.TASK}", headers=cookie).status == 200
    assert [operation for operation, _ in calls] == ["batch_get_item"]


# ---------------------------------------------------------------- whose rows they are


def without_ids(answer: Answer) -> tuple[int, Mapping[str, str], str]:
    """Return an answer without what differs between any two."""
    request = answer.headers["x-request-id"]
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status, headers, answer.text.replace(request, "REQUEST")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Log:
    monkeypatch.setattr(logger, "level", 0)
    return Log(capsys)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sort keys of all rows that were read ahead and then used."""
    found: list[str] = []

    class Watched(Ahead):
        def get(self, pk: str, sk: str) -> Any:
            found.extend(key[1] for key in [(pk, sk)] if key in self.ahead)
            return super().get(pk, sk)

        def get_many(self, keys: Any, consistent: bool = True) -> Any:
            found.extend(key[1] for key in keys if key in self.ahead)
            return super().get_many(keys, consistent)

    monkeypatch.setattr(auth, "Ahead", Watched)
    return found


@pytest.mark.parametrize("operation", SOME)
def test_what_was_read_ahead_is_used(
    operation: str, table: Table, tenant: str, bucket: ObjectStore, taken: list[str]
) -> None:
    samples.build(operation, table, bucket, tenant)
    assert cold(operation, issue(table, tenant, tenant), tenant)[0].status == 200
    assert (taken[0], len(taken[1:])) == ("TOKEN", SOME[operation])


@pytest.mark.parametrize("operation", SOME)
def test_a_token_that_names_another_tenant_than_its_own_opens_nothing_there(
    operation: str, table: Table, worlds: Callable[[], tuple[str, str]], taken: list[str]
) -> None:
    other, _ = worlds()
    elsewhere = new_id()
    lying, plain = issue(table, elsewhere, other), issue(table, elsewhere, None)
    refused, calls = cold(operation, lying, other)
    as_ever, before = cold(operation, plain, other)
    assert refused.status == 404
    assert without_ids(refused) == without_ids(as_ever)
    assert calls[0][0] == "batch_get_item"
    assert calls[1:] == before[1:]
    assert taken == ["TOKEN"]


@pytest.mark.parametrize("operation", SOME)
def test_a_token_that_names_another_tenant_reads_its_own_rows(
    operation: str, table: Table, worlds: Callable[[], tuple[str, str]], taken: list[str]
) -> None:
    """Both tenants have records of the same ids."""
    other, own = worlds()
    lying, plain = issue(table, own, other), issue(table, own, None)
    answer, calls = cold(operation, lying, own)
    as_ever, before = cold(operation, plain, own)
    assert answer.status == 200
    assert without_ids(answer) == without_ids(as_ever)
    assert calls[1:] == before[1:]
    # A path that names the workspace is not the other tenant's: nothing is read ahead.
    assert taken == ["TOKEN"] * (not operation.startswith("objectives."))


@pytest.mark.parametrize("operation", SOME)
def test_a_token_that_nobody_has_tells_nothing_of_the_tenant_that_it_names(
    operation: str,
    table: Table,
    worlds: Callable[[], tuple[str, str]],
    taken: list[str],
    log: Log,
) -> None:
    """Whether the rows are there makes no difference: one request after the other, same calls, answer and log line."""
    there, _ = worlds()
    seen = []
    for tenant in (there, new_id()):
        secret = tokens.new_token(tenant)
        log.take()
        answer, calls = cold(operation, secret, tenant)
        lines = log.take()
        assert secret not in json.dumps(lines) + answer.text
        assert len(calls) == 1
        ((called, rows),) = calls
        written = [(sorted(line), line["status"], line["detail"]) for line in lines]
        seen.append((without_ids(answer), called, [sk for _, sk in rows], written))
    assert seen[0] == seen[1]
    (status, _, _), called, _, written = seen[0]
    assert (status, called, len(written)) == (401, "batch_get_item", 1)
    assert taken == ["TOKEN"] * 2


@pytest.mark.parametrize(
    "ended", [{"revoked_at": "2026-06-05T00:00:00.000Z"}, {"expires_at": "2026-06-05T00:00:00.000Z"}]
)
def test_what_was_read_with_a_token_that_has_ended_is_not_used(
    ended: dict[str, str], table: Table, tenant: str, taken: list[str]
) -> None:
    world.build(table, tenant)
    secret = issue(table, tenant, tenant, **ended)
    assert Api(secret).get(f"/v1/tracks/{world.TASK}").status == 401
    assert taken == ["TOKEN"]


def test_a_personal_track_is_its_owners_alone(table: Table, tenant: str, caller: Caller) -> None:
    made = caller("user_eve").post("/v1/tracks", {"type": "task", "title": "Mine", "scope": {"type": "personal"}}).json
    api = Api(issue(table, tenant, tenant))
    with watched() as calls:
        assert api.get(f"/v1/tracks/{made['id']}").status == 404
    assert [operation for operation, _ in calls] == ["batch_get_item"]


@pytest.mark.parametrize("named", ["z" * 32, "_" * 32, "task_" + "0" * 27])
def test_a_token_whose_tenant_is_no_id_is_refused_without_a_read(table: Table, named: str) -> None:
    body = f"sy_{named}{'a' * 32}"
    with watched() as calls:
        answer = Api(body + tokens._checksum(body)).get(f"/v1/tracks/{world.TASK}")
    assert (answer.status, calls) == (401, [])
    assert "its form or checksum is wrong" in answer.text


# ---------------------------------------------------------------- what a row that was read ahead is good for


def key_of(number: int) -> tuple[str, str]:
    return f"ahead#{number}", "ROW"


@pytest.fixture
def ahead(table: Table) -> Ahead:
    """A table of which row 0 and the lack of row 1 were read; row 2 is there too."""
    put(table, 0, "before")
    put(table, 2, "before")
    return Ahead(table, [key_of(0), key_of(1)])


def put(table: Table, number: int, text: str) -> None:
    pk, sk = key_of(number)
    table.write([{"Put": {"Item": {"pk": {"S": pk}, "sk": {"S": sk}, "text": {"S": text}}}}])


def text_of(row: Mapping[str, Any] | None) -> str | None:
    return row["text"]["S"] if row else None


def test_a_row_that_was_read_ahead_answers_one_read(table: Table, ahead: Ahead) -> None:
    put(table, 0, "after")
    with watched() as calls:
        assert text_of(ahead.get(*key_of(0))) == "before"
        assert ahead.get(*key_of(1)) is None
        assert calls == []
        assert text_of(ahead.get(*key_of(0))) == "after"
        assert ahead.get(*key_of(1)) is None
    assert len(calls) == 2


def test_rows_that_were_read_ahead_are_left_out_of_a_batch(ahead: Ahead) -> None:
    with watched() as calls:
        found = ahead.get_many([key_of(0), key_of(1), key_of(2)])
    assert {key: text_of(row) for key, row in found.items()} == {key_of(0): "before", key_of(2): "before"}
    assert calls == [("batch_get_item", [key_of(2)])]


def test_a_batch_of_rows_that_were_all_read_ahead_is_no_call(ahead: Ahead) -> None:
    with watched() as calls:
        assert ahead.get_many([key_of(0), key_of(1)]).keys() == {key_of(0)}
    assert calls == []


def test_after_a_write_nothing_counts_that_was_read_before(ahead: Ahead) -> None:
    put(ahead, 0, "mine")
    assert text_of(ahead.get(*key_of(0))) == "mine"


def test_a_change_that_met_another_one_reads_again(table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read ahead is good for the first attempt alone."""
    world.build(table, tenant)
    other, api = Api(issue(table, tenant, tenant)), Api(issue(table, tenant, tenant))
    real, refused = Ahead.write, []

    def write(self: Ahead, *args: Any, **more: Any) -> None:
        monkeypatch.setattr(Ahead, "write", real)
        assert other.patch(f"/v1/tracks/{world.READY}", {"priority": "high"}).status == 200
        refused.append(True)
        real(self, *args, **more)

    monkeypatch.setattr(Ahead, "write", write)
    answer = api.patch(f"/v1/tracks/{world.READY}", {"title": "Draw all the diagrams"})
    assert answer.status == 200, answer.text
    shown = api.get(f"/v1/tracks/{world.READY}").json
    assert refused
    assert (shown["title"], shown["priority"]) == ("Draw all the diagrams", "high")


def test_what_the_batch_leaves_unprocessed_is_asked_for_again(table: Table, tenant: str) -> None:
    world.build(table, tenant)
    api, answers = Api(issue(table, tenant, tenant)), []
    real = table.client.batch_get_item

    def partial_answer(**params: Any) -> Any:
        """Leave the track for later, as a partition that is throttled may."""
        answers.append(params)
        asked = params["RequestItems"][table.name]["Keys"]
        if len(asked) == 1:
            return real(**params)
        now, later = asked[:1], asked[1:]
        params["RequestItems"] = {table.name: {"Keys": now, "ConsistentRead": True}}
        return {**real(**params), "UnprocessedKeys": {table.name: {"Keys": later}}}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table.client, "batch_get_item", partial_answer, raising=False)
        assert api.get(f"/v1/tracks/{world.TASK}").status == 200
    assert len(answers) == 2
    assert all(each["RequestItems"][table.name]["ConsistentRead"] for each in answers)
