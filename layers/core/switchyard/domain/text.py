"""How texts are compared, and which of them show nothing: Unicode has several encodings of what people see as one."""

import unicodedata

#: Characters without a shape that Unicode does not class as separators or formats: fillers of Hangul and of Braille,
#: the grapheme joiner, inherent vowels of Khmer, and the selectors of variants (Default_Ignorable_Code_Point, and
#: U+2800).
_SHAPELESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SELECTORS = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})

#: Characters of a question, an answer to it, one of its choices, and a comment; and how many choices there may be.
QUESTION_MAX, ANSWER_MAX, CHOICE_MAX, COMMENT_MAX = 4_000, 10_000, 200, 10_000
CHOICES_MAX = 20

#: The pattern that each text with something to see matches, for schemas: any character but those of the first plane
#: that show nothing. Written out, because to look at all characters takes a tenth of a second.
VISIBLE = (
    r"[^"
    r"\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    r"\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u2800\u3000"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    r"]"
)


def folded(text: str) -> str:
    """Return the form in which texts are compared: compatibility variants and upper case become one (UAX #15, D146)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def one_line(text: str, most: int) -> str:
    """Return what of a text can be printed on one line, at most so many characters of it."""
    return "".join(each for each in text if each.isprintable())[:most]


def is_blank(text: str) -> bool:
    """Return whether nothing of a text can be seen."""
    return all(_is_invisible(each) for each in text)


def _is_invisible(character: str) -> bool:
    if character.isspace() or character in _SHAPELESS or unicodedata.category(character) in _INVISIBLE:
        return True
    return any(first <= ord(character) <= last for first, last in _SELECTORS)


_DAY, _MONTH_DAY = "(MO|TU|WE|TH|FR|SA|SU)", "-?([1-9]|[12][0-9]|3[01])"
_PARTS = (
    "INTERVAL=[1-9][0-9]{0,2}",
    f"BYDAY=([+-]?[1-5])?{_DAY}(,([+-]?[1-5])?{_DAY})*",
    f"BYMONTHDAY={_MONTH_DAY}(,{_MONTH_DAY})*",
    "BYMONTH=([1-9]|1[0-2])(,([1-9]|1[0-2]))*",
    "UNTIL=[0-9]{8}",
)
#: What a rule of recurrence looks like (domain.repeats), and its characters at most.
RECURRENCE = f"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;({'|'.join(_PARTS)}))*"
RECURRENCE_MAX = 200
_TIME = "T([0-9]{1,2}H([0-9]{1,2}M)?|[0-9]{1,2}M)"
#: How long before something: a duration of ISO 8601 in days, hours and minutes.
LEAD = f"P([0-9]{{1,3}}D({_TIME})?|{_TIME})"
