"""Types of input that several surfaces take, each refusing with what would be right."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from switchyard.domain import clock
from switchyard.domain.text import ANSWER_MAX, CHOICE_MAX, CHOICES_MAX, COMMENT_MAX, QUESTION_MAX, VISIBLE, is_blank
from switchyard.domain.tracks import DESCRIPTION_MAX, ID_MAX, METADATA_MAX_BYTES, TITLE_MAX
from switchyard.http.models import AfterValidator, BeforeValidator, Field, Query, Rule, Wire, to_camel
from switchyard.http.validation import Expectation, bounded_json, read_id
from switchyard.store.lists import CURSOR_MAX

#: The default of a field that may be left out but not be null.
ABSENT: Any = None


class CamelBody(Wire):
    """Base of request bodies whose fields are camelCase on the wire."""

    model_config = {"alias_generator": to_camel, "serialize_by_alias": True}


class CamelQuery(Query):
    """Base of query parameters that are camelCase on the wire."""

    model_config = {"alias_generator": to_camel}


def bounded(most: int) -> AfterValidator:
    """Take any JSON of at most so many bytes."""

    def check[J](value: J) -> J:
        return bounded_json(value, most)

    return AfterValidator(check)


#: An offset whose plus sign was read as a space, as in the query of an address.
_LOST_PLUS = re.compile(r"T.* \d\d:?\d\d$", re.IGNORECASE)


def read_time[T](text: str, parse: Callable[[str], T]) -> T:
    """Return what a parser of domain.clock makes of a text; raises Expectation for what is not a date-time."""
    try:
        return parse(text)
    except clock.UnsupportedTime as error:
        raise Expectation(f"{text[:40]!r} {error}", error.expected, "date_time") from None
    except ValueError:
        expected = "an ISO 8601 date or date-time"
        if _LOST_PLUS.search(text):
            expected += ", the + of an offset written %2B in an address"
        raise Expectation(f"{text[:40]!r} is not a valid date-time", expected, "date_time") from None


def _not_blank(text: str) -> str:
    if is_blank(text):
        raise Expectation("is blank", "text that can be seen", "blank")
    return text


#: Format characters stay: names in many scripts, and joined emoji, need them.
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_ONE_LINE = rf"^[^{_CONTROLS}]*$"
_NAMED = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s][^{_CONTROLS}]*$"


def _one_line(text: str) -> str:
    if not re.fullmatch(_ONE_LINE, text):
        raise Expectation("has control characters", "one line of text", "characters")
    return text


def _named(text: str) -> str:
    found = _one_line(text).strip()
    if not found:
        raise Expectation("is blank", "text that can be seen", "blank")
    return found


def whole(value: Any) -> Any:
    """Take 31.0 for 31: JSON knows numbers alone, and a JSON Schema counts both as integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def date_or_instant(text: str) -> str:
    """Return a date or an instant in the ledger's form; raises Expectation for what is neither."""
    return read_time(text, clock.calendar_day if len(text) == 10 else clock.instant)


def _instant(text: str) -> str:
    return read_time(text, clock.instant)


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        twice = next(each for place, each in enumerate(values) if each in values[:place])
        raise Expectation(f"names a value twice: {twice[:80]!r}", "distinct values", "duplicate")
    return values


NotBlank = Rule(_not_blank, {"pattern": VISIBLE})
Trimmed = AfterValidator(str.strip)
#: One line of text.
OneLine = Rule(_one_line, {"pattern": _ONE_LINE})
Distinct = Rule(_distinct, {"uniqueItems": True})
Whole = BeforeValidator(whole)

_DATE_OR_TIME = {"anyOf": [{"format": "date"}, {"format": "date-time"}]}
#: A track's id as the surfaces spell it.
ID = r"([A-Za-z]{2,12}_)?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"

#: An id of another system or a name: any line of text, without blanks around. With them it would be another one, which
#: nobody can tell from it.
Name = Annotated[str, Field(max_length=ID_MAX), OneLine, Trimmed]
NonEmptyName = Annotated[str, Field(min_length=1, max_length=ID_MAX), Rule(_named, {"pattern": _NAMED})]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_MAX), NotBlank]
Description = Annotated[str, Field(max_length=DESCRIPTION_MAX)]
#: A date, kept as one, or an instant in the ledger's form.
DateOrInstant = Annotated[str, Field(max_length=40), Rule(date_or_instant, _DATE_OR_TIME)]
#: An instant in the ledger's form; a date is its midnight in UTC.
Instant = Annotated[str, Field(max_length=40), Rule(_instant, _DATE_OR_TIME)]
#: A track's id in any surface's form, as UUID.
TrackId = Annotated[str, Rule(read_id, {"pattern": rf"^{ID}$"})]
#: Any JSON object of bounded size.
Metadata = Annotated[dict[str, Any], bounded(METADATA_MAX_BYTES)]
#: What runs ask, what people answer, and what both say.
QuestionText = Annotated[str, Field(min_length=1, max_length=QUESTION_MAX), NotBlank]
AnswerText = Annotated[str, Field(min_length=1, max_length=ANSWER_MAX), NotBlank]
CommentText = Annotated[str, Field(min_length=1, max_length=COMMENT_MAX), NotBlank]
Choice = Annotated[str, Field(min_length=1, max_length=CHOICE_MAX), NotBlank, OneLine]
Choices = Annotated[list[Choice], Field(max_length=CHOICES_MAX), Distinct]
#: At most so many items in the page.
Limit = Annotated[int, Field(ge=1, le=100)]
#: Where the page begins, as the page before said; it is valid for the same list with the same filters alone.
Cursor = Annotated[str, Field(max_length=CURSOR_MAX), Trimmed]


class Paging(Query):
    """A page of a list that has nothing to filter by."""

    limit: Limit = 50
    cursor: Cursor = ABSENT
