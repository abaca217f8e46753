"""Lines of a calendar: folded after 75 octets and never within a character (RFC 5545 §3.1)."""

import pytest

from switchyard.domain.calendar import DESCRIPTION_MAX, calendar
from tests.support.entities import a_track


def lines(name: str) -> list[bytes]:
    return calendar(name, []).split(b"\r\n")


def unfolded(content: bytes) -> str:
    return content.replace(b"\r\n ", b"").decode()


def test_a_line_of_75_octets_stays_whole_and_a_longer_one_is_folded() -> None:
    whole, longer = "x" * (75 - len("NAME:")), "x" * (76 - len("NAME:"))
    assert f"NAME:{whole}".encode() in lines(whole)
    at = lines(longer).index(f"NAME:{longer[:-1]}".encode())
    assert lines(longer)[at + 1] == b" x"


@pytest.mark.parametrize("name", ["é" * 100, "日本" * 60, "👩" * 50, "a" + "é" * 74])
def test_no_line_is_longer_and_no_character_is_cut(name: str) -> None:
    content = calendar(name, [])
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert f"NAME:{name}\r\n" in unfolded(content)


def test_a_text_is_escaped_and_an_entry_is_the_same_each_time() -> None:
    track = a_track(title="a;b,c\\d\ne\x00", description="x" * (DESCRIPTION_MAX + 1), due="2026-06-05", version=3)
    content = calendar("Due", [track])
    assert content == calendar("Due", [track])
    told = unfolded(content)
    assert "SUMMARY:a\\;b\\,c\\\\d\\ne\r\n" in told
    assert f"DESCRIPTION:{'x' * DESCRIPTION_MAX}\r\n" in told
    assert "DTSTART;VALUE=DATE:20260605\r\nDTEND;VALUE=DATE:20260606\r\n" in told
    assert "SEQUENCE:2\r\n" in told


def test_the_last_day_that_there_is_has_no_day_after_it() -> None:
    told = unfolded(calendar("Due", [a_track(due="9999-12-31")]))
    assert "DTSTART;VALUE=DATE:99991231\r\n" in told
    assert "DTEND" not in told
