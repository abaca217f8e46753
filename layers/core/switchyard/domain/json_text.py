"""JSON as text without spaces, as it is written several times for each request."""

from collections.abc import Callable, Iterable
from json.encoder import (  # type: ignore[attr-defined]  # the encoder in C is not in the types
    JSONEncoder,
    c_make_encoder,
    encode_basestring,
    encode_basestring_ascii,
)
from typing import Any

_refuse = JSONEncoder().default


def pieces(
    *, ascii_only: bool = False, infinite: bool = True, default: Callable[[Any], Any] = _refuse
) -> Callable[[Any, int], Iterable[str]]:
    """Return what makes a value into pieces of text, to be joined: Python's own encoder, of a value and level 0.

    It is made once: JSONEncoder.encode makes one for each value. Nothing that is written here holds itself, so that it
    does not look for that. `ascii_only` escapes all other characters, `default` makes something of what JSON does not
    have (else TypeError), and without `infinite` an infinite number is a ValueError.
    """
    write = encode_basestring_ascii if ascii_only else encode_basestring
    return c_make_encoder(None, default, write, None, ":", ",", False, False, infinite)
