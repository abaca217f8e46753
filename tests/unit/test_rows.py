"""What lies in the table stays as it is: the row of each kind of entity, to the letter, and what is read from it."""

import importlib
import json
import pkgutil
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard import store
from switchyard.domain.structs import Struct, replace
from switchyard.store import (
    audit,
    comments,
    devices,
    feeds,
    goal_runs,
    imports,
    inbox,
    indexes,
    keys,
    mailboxes,
    notifications,
    oauth,
    oidc,
    packing,
    questions,
    runs,
    schedules,
    sign_in_links,
    tenants,
    tokens,
    tracks,
    webhooks,
)
from switchyard.store.codec import NEW, Codec, to_json
from switchyard.store.packing import unpack
from tests.support import entities
from tests.support.template import resources, template
from tests.support.texts import readable

GOLDEN: Mapping[str, Mapping[str, Any]] = json.loads(Path(__file__).with_name("golden_rows.json").read_text())
#: The same entities as rows of before: each field an attribute.
UNPACKED: Mapping[str, Mapping[str, Any]] = json.loads(Path(__file__).with_name("unpacked_rows.json").read_text())
KINDS: Mapping[str, tuple[Codec[Any], Mapping[str, Any]]] = {
    "tracks": (tracks.ROWS, entities.TRACKS),
    "runs": (runs.ROWS, entities.RUNS),
    "questions": (questions.ROWS, entities.QUESTIONS),
    "comments": (comments.ROWS, entities.COMMENTS),
    "inbox": (inbox.ROWS, entities.INBOX),
    "mailboxes": (mailboxes.ROWS, entities.MAILBOXES),
    "goal_runs": (goal_runs.ROWS, entities.GOAL_RUNS),
    "imports": (imports.JOBS, entities.IMPORTS),
    "lanes": (imports.LANES, entities.LANES),
    "feeds": (feeds.ROWS, entities.FEEDS),
    "schedules": (schedules.ROWS, entities.SCHEDULES),
    "occurrences": (schedules.OCCURRENCES, entities.OCCURRENCES),
    "entries": (audit.ROWS, entities.ENTRIES),
    "attempts": (audit.ATTEMPTS, entities.ATTEMPTS),
    "notices": (notifications.ROWS, entities.NOTICES),
    "devices": (devices.ROWS, entities.DEVICES),
    "presences": (devices.PRESENCES, entities.PRESENCES),
    "tokens": (tokens.ROWS, entities.TOKENS),
    "sign_in_links": (sign_in_links.ROWS, entities.SIGN_IN_LINKS),
    "oauth_clients": (oauth.CLIENTS, entities.OAUTH_CLIENTS),
    "invitations": (oidc.INVITATIONS, entities.INVITATIONS),
    "domains": (oidc.DOMAINS, entities.DOMAINS),
    "oauth_codes": (oauth.CODES, entities.OAUTH_CODES),
    "refresh_tokens": (oauth.REFRESH_TOKENS, entities.REFRESH_TOKENS),
    "tenants": (tenants.TENANTS, entities.TENANTS),
    "projects": (tenants.PROJECTS, entities.PROJECTS),
    "members": (tenants.MEMBERS, entities.MEMBERS),
    "webhooks": (webhooks.ROWS, entities.WEBHOOKS),
    "deliveries": (webhooks.DELIVERIES, entities.DELIVERIES),
}
EACH = [(kind, name) for kind, rows in GOLDEN.items() for name in rows]


def index_keys(kind: str, name: str) -> Mapping[str, str | None]:
    codec, made = KINDS[kind]
    return codec.index_keys(made[name])


def codecs() -> list[Codec[Any]]:
    """All that the package declares."""
    modules = [
        importlib.import_module(f"{store.__name__}.{each.name}") for each in pkgutil.iter_modules(store.__path__)
    ]
    return [each for module in modules for each in vars(module).values() if isinstance(each, Codec)]


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: float(entities.NOW))


# ---------------------------------------------------------------- rows


def test_each_declared_kind_of_row_has_golden_ones_and_each_golden_row_an_entity() -> None:
    assert {id(each) for each in codecs()} == {id(codec) for codec, _ in KINDS.values()}
    assert {kind: set(rows) for kind, rows in GOLDEN.items()} == {kind: set(made) for kind, (_, made) in KINDS.items()}


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_an_entity_is_written_as_its_golden_row(kind: str, name: str) -> None:
    codec, made = KINDS[kind]
    assert readable(codec.to_item(made[name])) == GOLDEN[kind][name]


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_a_golden_row_is_read_as_the_entity_that_it_was_made_of(kind: str, name: str) -> None:
    codec, made = KINDS[kind]
    assert codec.from_item(GOLDEN[kind][name]) == made[name]


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_a_row_that_is_read_and_written_again_is_the_same(kind: str, name: str) -> None:
    codec, _ = KINDS[kind]
    assert readable(codec.to_item(codec.from_item(GOLDEN[kind][name]))) == GOLDEN[kind][name]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, rows in UNPACKED.items() for name in rows])
def test_a_row_of_before_is_read_as_the_same_entity(kind: str, name: str) -> None:
    codec, made = KINDS[kind]
    assert codec.from_item(UNPACKED[kind][name]) == made[name]


@pytest.mark.parametrize("name", list(entities.TRACKS))
def test_a_row_of_before_that_is_changed_holds_nothing_of_what_it_was(name: str) -> None:
    row, after = dict(UNPACKED["tracks"]["full"]), replace(entities.TRACKS[name], version=8)
    sets, removes = named(tracks.update(entities.TRACKS["full"], after))
    changed = {each: value for each, value in row.items() if each not in removes} | sets
    assert tracks.from_item(changed) == after


@pytest.mark.parametrize("text", ["{} {}", "[]", '{"t":', '{"t":"a"}]', ""])
def test_a_row_whose_fields_are_not_one_json_object_is_refused(text: str) -> None:
    row = {**GOLDEN["tracks"]["full"], "fields": {"S": text}}
    for read in (tracks.from_item, unpack):
        with pytest.raises(ValueError, match=r"not one JSON object|Expecting"):
            read(row)


def test_each_short_name_is_one_fields_alone() -> None:
    names = {each for codec in codecs() for each in codec.columns}
    assert len(set(packing.SHORT.values())) == len(packing.SHORT)
    assert not names & set(packing.SHORT.values())


def test_a_condition_on_what_is_packed_is_refused() -> None:
    with pytest.raises(TypeError, match="title is packed"):
        tracks.ROWS.unchanged(entities.TRACKS["minimal"], "title")


def test_attributes_that_nobody_knows_are_passed_over() -> None:
    row = GOLDEN["tracks"]["full"]
    assert tracks.from_item({**row, "of_tomorrow": {"M": {}}}) == entities.TRACKS["full"]


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_row_that_lacks_what_its_entity_needs_is_refused_by_the_attributes_name(kind: str) -> None:
    codec, _ = KINDS[kind]
    row = dict(unpack(next(iter(GOLDEN[kind].values()))))
    own = {"presences": "last_seen_at", "entries": "action", "lanes": "size", "questions": "asked_at"}
    own["mailboxes"] = "actor_id"
    needed = own.get(kind, "created_at" if "created_at" in row else "at")
    del row[needed]
    with pytest.raises(ValueError, match=rf"lacks {needed}\."):
        codec.from_item(row)


def test_what_is_read_shares_nothing_with_what_is_read_next() -> None:
    first, second = (tracks.from_item(GOLDEN["tracks"]["minimal"]) for _ in range(2))
    assert first.metadata == second.metadata == {}
    assert first.metadata is not second.metadata


def test_an_entity_that_was_read_can_not_be_changed() -> None:
    read = tracks.from_item(GOLDEN["tracks"]["minimal"])
    with pytest.raises(AttributeError):
        read.title = "Another"  # type: ignore[misc]


words = st.text(max_size=3)
within = {
    "task_number": st.none() | st.integers(0, 9),
    "origin_product": st.sampled_from(["", "signal_report"]),
    "repository": st.none() | words,
    "internal": st.booleans(),
    "archived": st.booleans(),
    "stages": st.lists(words, max_size=2).map(tuple),
    "idle_seconds": st.none() | st.integers(10, 20),
    "timeout_seconds": st.none() | st.integers(60, 90),
}
own = st.dictionaries(st.sampled_from(["slug", "json_schema", "archived_at", "other"]), words, min_size=1)
kept = st.fixed_dictionaries({}, optional={"projects": own, "objectives": st.dictionaries(words, words)})


@settings(deadline=None)
@given(fields=st.fixed_dictionaries({}, optional=within), ext=kept)
def test_the_fields_within_ext_come_back_beside_what_a_surface_keeps_there(
    fields: dict[str, Any], ext: dict[str, Any]
) -> None:
    track = replace(entities.TRACKS["minimal"], **fields, ext=ext)
    row = tracks.to_item(track)
    assert tracks.from_item(row) == track
    assert tracks.to_item(tracks.from_item(row)) == row


def test_the_order_in_which_a_surface_keeps_its_fields_is_not_a_difference() -> None:
    row = unpack(GOLDEN["tracks"]["of a project"])
    kept = json.loads(row["ext"]["S"])["projects"]
    turned = json.dumps({"projects": dict(reversed(kept.items()))})
    assert tracks.from_item({**row, "ext": {"S": turned}}) == entities.TRACKS["of a project"]


# ---------------------------------------------------------------- writes


def named(action: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Return what an Update sets, and what it removes, by attribute."""
    update = action["Update"]
    names, values = update["ExpressionAttributeNames"], update["ExpressionAttributeValues"]
    sets, _, removes = update["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
    pairs = [each.split(" = ") for each in sets.split(", ")]
    return {names[name]: values[value] for name, value in pairs}, {names[each] for each in removes.split(", ") if each}


@pytest.mark.parametrize("name", list(entities.TRACKS))
def test_an_update_writes_what_differs_and_nothing_else(name: str) -> None:
    before, after = entities.TRACKS["full"], replace(entities.TRACKS[name], version=8)
    old, new = tracks.to_item(before), tracks.to_item(after)
    sets, removes = named(tracks.update(before, after))
    assert sets == {each: value for each, value in new.items() if old.get(each) != value}
    assert removes == old.keys() - new.keys()


def test_an_update_asks_for_the_version_and_for_what_moves_without_one() -> None:
    leased = entities.TRACKS["leased"]
    update = tracks.update(leased, replace(leased, version=2))["Update"]
    assert update["ConditionExpression"] == "#version = :was AND lease_until = :lease_until"
    values = update["ExpressionAttributeValues"]
    assert (values[":was"], values[":lease_until"]) == ({"N": "1"}, {"S": entities.LATER})


def test_what_must_stand_is_asked_for_by_the_attributes_own_name_and_type() -> None:
    with_end, without = entities.TOKENS["full"], entities.TOKENS["without an end"]
    assert tokens.ROWS.unchanged(with_end, "expires_at", "created_at") == {
        "ConditionExpression": "#expires_at = :expires_at AND #created_at = :created_at",
        "ExpressionAttributeNames": {"#expires_at": "valid_until", "#created_at": "created_at"},
        "ExpressionAttributeValues": {":expires_at": {"S": entities.LATER}, ":created_at": {"S": entities.AT}},
    }
    assert tokens.ROWS.unchanged(without, "expires_at") == {
        "ConditionExpression": "attribute_not_exists(#expires_at)",
        "ExpressionAttributeNames": {"#expires_at": "valid_until"},
    }


def test_a_new_row_must_not_be_there() -> None:
    run = entities.RUNS["minimal"]
    assert runs.put(run) == {"Put": {"Item": GOLDEN["runs"]["minimal"], **NEW}}


# ---------------------------------------------------------------- declarations


class Thing(Struct):
    id: str
    weight: float = 1.0
    parts: list[str] = []


def key(thing: Any) -> tuple[str, str]:
    return keys.tenant(thing.id)


@pytest.mark.parametrize(
    ("declare", "problem"),
    [
        (lambda: Codec(Thing, key), r"Thing\.weight: .*float.* gives no column"),
        (lambda: Codec(Thing, key, apart=("weight",)), r"Thing\.parts"),
        (lambda: Codec(Thing, key, apart=("weight", "wings")), "Thing has no wings"),
    ],
)
def test_a_declaration_that_can_not_be_kept_is_refused_at_once(declare: Callable[[], Any], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        declare()


def projection(index: indexes.Index) -> dict[str, Any]:
    """Return a projection as CloudFormation takes it."""
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.projected)}


def test_indexes_copy_no_more_attributes_than_dynamodb_takes() -> None:
    counts = [len(each.projected) for each in indexes.SECONDARY]
    assert max(counts) <= 20
    assert sum(counts) <= 100


def test_the_template_has_the_declared_indexes_and_no_others() -> None:
    table = template()["Resources"]["Table"]["Properties"]
    found = {
        each["IndexName"]: (
            [(part["AttributeName"], part["KeyType"]) for part in each["KeySchema"]],
            each["Projection"],
        )
        for each in table["GlobalSecondaryIndexes"]
    }
    assert found == {
        each.name: ([(each.partition, "HASH"), (each.sort, "RANGE")], projection(each)) for each in indexes.SECONDARY
    }
    attributes = {name for each in (indexes.TABLE, *indexes.SECONDARY) for name in (each.partition, each.sort)}
    assert table["AttributeDefinitions"] == [
        {"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in table["AttributeDefinitions"]
    ]
    assert {each["AttributeName"] for each in table["AttributeDefinitions"]} == attributes


def granted(function: Mapping[str, Any]) -> list[tuple[set[str], str]]:
    """Return what a function may do with the table: the actions of each statement, and the resource."""
    statements = [each for policy in function.get("Policies", ()) for each in policy["Statement"]]
    return [
        ({each["Action"]} if isinstance(each["Action"], str) else set(each["Action"]), str(each["Resource"]))
        for each in statements
        if "dynamodb" in str(each["Action"])
    ]


@pytest.mark.parametrize("name", list(resources("AWS::Serverless::Function")))
def test_a_function_may_query_indexes_that_there_are_and_read_the_rows_that_it_finds(name: str) -> None:
    grants = granted(resources("AWS::Serverless::Function")[name])
    queried = {found for _, resource in grants for found in re.findall(r"/index/([^'}\"]+)", resource)}
    assert queried <= {"*", *(each.name for each in indexes.SECONDARY)}
    if queried:
        assert any("dynamodb:BatchGetItem" in actions and "/index/" not in resource for actions, resource in grants)


def test_every_index_is_kept_by_an_entity_and_every_index_key_belongs_to_an_index() -> None:
    attributes = {part for each in indexes.SECONDARY for part in (each.partition, each.sort)}
    declared = {name for kind, name in EACH for name in index_keys(kind, name)}
    # `id` is a field, and is an index's sort key as it is.
    assert declared == attributes - {"id"}


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_a_row_has_no_index_key_but_those_of_its_entity(kind: str, name: str) -> None:
    keys_of_indexes = {part for each in indexes.SECONDARY for part in (each.partition, each.sort)}
    assert (GOLDEN[kind][name].keys() & keys_of_indexes) <= index_keys(kind, name).keys() | {"id"}


def test_an_entry_in_the_words_of_before_is_read_as_one_of_today() -> None:
    row, entry = unpack(GOLDEN["entries"]["full"]), entities.ENTRIES["full"]
    worded = [each.as_dict() for each in entry.differences]
    assert len(to_json(worded)) > len(row["differences"]["S"])
    before = {
        "at": entry.at,
        "tenant_id": entry.tenant_id,
        "track_id": entry.track_id,
        "differences": to_json(worded),
    }
    assert audit.from_item(row | {name: {"S": value} for name, value in before.items()}) == entry
