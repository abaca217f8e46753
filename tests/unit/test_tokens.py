"""The form of a token, and the time it ends."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.domain import clock, tokens

BASE62 = string.digits + string.ascii_letters


TENANT = "01981f5c-7a00-7000-8000-0000000000aa"
each_kind = pytest.mark.parametrize(("tenant", "length"), [(None, 41), (TENANT, 73)])


@each_kind
def test_new_tokens_are_well_formed_and_differ(tenant: str | None, length: int) -> None:
    made = {tokens.new_token(tenant) for _ in range(200)}
    assert len({token[-38:-6] for token in made}) == 200
    for token in made:
        assert len(token) == length
        assert set(token.removeprefix("sy_")) <= set(BASE62)
        assert tokens.well_formed(token)
        assert tokens.tenant_of(token) == tenant


def test_the_secret_of_a_token_is_as_long_whether_it_names_its_tenant_or_not() -> None:
    assert tokens.new_token(TENANT).startswith(f"sy_{TENANT.replace('-', '')}")
    assert len(TENANT.replace("-", "")) == tokens.LENGTH_MAX - tokens.LENGTH


@pytest.mark.parametrize("tenant", ["acme", "01981F5C-7A00-7000-8000-0000000000AA", TENANT.replace("-", ""), "0" * 36])
def test_no_token_names_what_is_no_tenant(tenant: str) -> None:
    with pytest.raises(ValueError, match="no tenant's id"):
        tokens.new_token(tenant)


@given(st.text(BASE62, min_size=32, max_size=32).filter(lambda text: not set(text.lower()) <= set("0123456789abcdef")))
def test_a_token_with_anything_but_an_id_for_its_tenant_is_wrong(named: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        tokens.tenant_of(f"sy_{named}{tokens.new_token()[3:]}")


@each_kind
@given(position=st.integers(0, tokens.LENGTH_MAX - 1), letter=st.sampled_from(BASE62))
def test_one_changed_character_is_noticed(tenant: str | None, length: int, position: int, letter: str) -> None:
    token, position = tokens.new_token(tenant), position % length
    damaged = token[:position] + letter + token[position + 1 :]
    assert tokens.well_formed(damaged) is (damaged == token)


@given(st.text(max_size=80))
def test_any_other_text_is_not_a_token(text: str) -> None:
    assert not tokens.well_formed(text)
    assert not tokens.well_formed("sy_" + text)


@each_kind
def test_the_checksum_is_compared_in_constant_time(
    tenant: str | None, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, compared = tokens.new_token(tenant), []
    assert len(token) == length
    monkeypatch.setattr(tokens.hmac, "compare_digest", lambda a, b: bool(compared.append((a, b))) or a == b)
    assert tokens.well_formed(token)
    assert compared == [(token[-6:], token[-6:])]


def test_the_digest_is_sha_256_and_reveals_nothing_of_the_token() -> None:
    token = tokens.new_token()
    assert len(tokens.digest(token)) == 64
    assert token not in tokens.digest(token)
    assert tokens.digest(token) == tokens.digest(token) != tokens.digest(tokens.new_token())


@each_kind
def test_tokens_are_taken_out_of_a_text_whole_or_damaged(tenant: str | None, length: int) -> None:
    token = tokens.new_token(tenant)
    for text in (token, token[: length - 3], token[:40], token + "x"):
        assert tokens.redacted(f"'{text}' is not an id") == "'sy_…' is not an id"
    assert tokens.redacted("easy_going sy_ text") == "easy_going sy_ text"


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1_800), ("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600)])
def test_a_duration_counts_from_now(text: str, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "epoch", lambda: 1_780_000_000)
    assert tokens.expiry(text) == clock.stamp(1_780_000_000 + seconds)


def test_a_time_is_kept_in_utc() -> None:
    assert tokens.expiry("2999-01-01T02:00:00+02:00") == "2999-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "0d",
        "-1d",
        "1.5h",
        "90",
        "90y",
        "١d",
        "100000d",
        "0999-01-01T00:00:00Z",
        "9999-12-31T23:00:00-02:00",
    ],
)
def test_a_time_not_in_the_future_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts differ, the wire's wording is one
        tokens.expiry(text)
