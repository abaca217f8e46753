"""One line of the preflight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line. `stops` tells whether a deployment would fail; otherwise it is good to know."""

    text: str
    stops: bool = True
