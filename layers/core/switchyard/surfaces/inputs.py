"""Types of input that several surfaces take, each refusing with what would be right."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from switchyard.domain import clock
from switchyard.domain.ids import parse_id
from switchyard.domain.tracks import ID_MAX, METADATA_MAX_BYTES
from switchyard.http.validation import Expectation, bounded_json


def _not_blank(text: str) -> str:
    if not text.strip():
        raise Expectation("is blank", "text", "blank")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise Expectation("has control characters", "printable characters", "characters")
    return text


def _moment(text: str) -> str:
    try:
        return text if len(text) == 10 and clock.calendar_day(text) else clock.instant(text)
    except (ValueError, OverflowError):
        raise Expectation(f"{text[:40]!r} is no time", "an ISO 8601 date-time", "date_time") from None


def _instant(text: str) -> str:
    try:
        return clock.instant(text)
    except (ValueError, OverflowError):
        raise Expectation(f"{text[:40]!r} is no time", "an ISO 8601 date-time", "date_time") from None


def _uuid(text: str) -> str:
    found = parse_id(text)
    if found is None:
        raise Expectation(f"{text[:80]!r} is not an id", "the id of a task", "id")
    return found


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    return bounded_json(value, METADATA_MAX_BYTES)


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise Expectation("names a value twice", "distinct values", "duplicate")
    return values


NotBlank = AfterValidator(_not_blank)
Printable = AfterValidator(_printable)
Distinct = AfterValidator(_distinct)

#: An id of another system or a name: any printable text.
Name = Annotated[str, Field(max_length=ID_MAX), Printable]
#: A date, kept as one, or an instant in the ledger's form.
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
#: An instant in the ledger's form; a date is its midnight in UTC.
Instant = Annotated[str, Field(max_length=40), AfterValidator(_instant)]
#: A track's id in any surface's spelling, as UUID.
TrackId = Annotated[str, AfterValidator(_uuid)]
#: Any JSON object of bounded size.
Metadata = Annotated[dict[str, Any], AfterValidator(_bounded)]
