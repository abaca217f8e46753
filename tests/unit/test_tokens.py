"""The form of a token, and the time it ends."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.domain import clock, tokens

BASE62 = string.digits + string.ascii_letters


def test_new_tokens_are_well_formed_and_differ() -> None:
    made = {tokens.new_token() for _ in range(200)}
    assert len(made) == 200
    for token in made:
        assert len(token) == tokens.LENGTH == 41
        assert set(token.removeprefix("sy_")) <= set(BASE62)
        assert tokens.well_formed(token)


@given(position=st.integers(0, tokens.LENGTH - 1), letter=st.sampled_from(BASE62))
def test_one_changed_character_is_noticed(position: int, letter: str) -> None:
    token = tokens.new_token()
    damaged = token[:position] + letter + token[position + 1 :]
    assert tokens.well_formed(damaged) is (damaged == token)


@given(st.text(max_size=80))
def test_any_other_text_is_not_a_token(text: str) -> None:
    assert not tokens.well_formed(text)
    assert not tokens.well_formed("sy_" + text)


def test_the_checksum_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    token, compared = tokens.new_token(), []
    monkeypatch.setattr(tokens.hmac, "compare_digest", lambda a, b: bool(compared.append((a, b))) or a == b)
    assert tokens.well_formed(token)
    assert compared == [(token[-6:], token[-6:])]


def test_the_digest_is_sha_256_and_reveals_nothing_of_the_token() -> None:
    token = tokens.new_token()
    assert len(tokens.digest(token)) == 64
    assert token not in tokens.digest(token)
    assert tokens.digest(token) == tokens.digest(token) != tokens.digest(tokens.new_token())


def test_tokens_are_taken_out_of_a_text_whole_or_damaged() -> None:
    token = tokens.new_token()
    for text in (token, token[:-3], token + "x"):
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
