"""Whether what was built can run where it is deployed to: a wheel of another processor or Python fails at its import.

A layer is not checked by Lambda: its code runs on the function's processor and Python as it is.
https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html (build for Lambda's platform)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from local.steps import StepFailed

#: What Python 3.13 names an extension's processor; e_machine of an ELF header has the number.
#: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
PROCESSORS = {"arm64": ("aarch64", 183), "x86_64": ("x86_64", 62)}
#: The runtime of the functions, as the name of an extension has it.
PYTHON = "cpython-313"
_NAMED = re.compile(r"\.((?:cpython|pypy)[^.]*)\.so$")
_NAMES_SHOWN = 3


def check(output: Path, architecture: str) -> None:
    """Refuse a layer of `sam build` whose compiled packages cannot run on the functions. Raises StepFailed."""
    site = output / "CoreLayer" / "python"
    found = sorted(site.rglob("*.so*"))
    if not found:
        raise _refusal(output, architecture, [f"no compiled package is in {site}"])
    if wrong := list(_wrong(site, found, architecture)):
        raise _refusal(output, architecture, wrong)


def _wrong(site: Path, found: list[Path], architecture: str) -> Iterator[str]:
    processor, machine = PROCESSORS[architecture]
    fits = f"{PYTHON}-{processor}-linux-gnu"
    for path in found:
        named = _NAMED.search(path.name)
        with path.open("rb") as file:
            header = file.read(20)
        if named and named[1] != fits:
            yield f"{path.relative_to(site)} is for {named[1]}"
        elif header[:4] != b"\x7fELF":
            yield f"{path.relative_to(site)} is not for Linux"
        elif (number := int.from_bytes(header[18:20], "little")) != machine:
            others = {each: name for name, each in PROCESSORS.values()}
            yield f"{path.relative_to(site)} is for {others.get(number, f'machine {number}')}"


def _refusal(output: Path, architecture: str, wrong: list[str]) -> StepFailed:
    more = f" and {len(wrong) - _NAMES_SHOWN} more" if len(wrong) > _NAMES_SHOWN else ""
    return StepFailed(
        f"the layer that was built cannot run on Python 3.13 on {architecture}: "
        f"{'; '.join(wrong[:_NAMES_SHOWN])}{more}; nothing was uploaded",
        hint=f"delete {output} and {output.parent / 'cache' / architecture}, then this again: all of it is built anew",
    )
