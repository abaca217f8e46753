"""What the sources say of the fields of wire models: the comment `#: …` beside or above a field, or above its type.

Comments cost a function nothing: they are read from the sources when the documentation is made. No function imports
this.
"""

import ast
import re
import sys
from functools import cache
from inspect import get_annotations
from pathlib import Path
from typing import NamedTuple

from switchyard.http.models import Model


class Named(NamedTuple):
    """One name of a module or a class: what its comment says, and the type that it is declared with, as a name."""

    comment: str | None
    type: str | None


class Source(NamedTuple):
    """The names of a module (`Limit`) and of its classes' fields (`ListTasks.limit`), and where others come from."""

    path: Path
    names: dict[str, Named]
    imported: dict[str, tuple[str, str]]


def comment_of(model: type[Model], field: str) -> str | None:
    """Return what the sources say of a field: where it is declared, or else of its type."""
    for owner in model.__mro__:
        if field in get_annotations(owner):
            found = source(owner.__module__).names.get(f"{owner.__qualname__}.{field}", Named(None, None))
            return found.comment or _of_type(owner.__module__, found.type)
    return None


def where(model: type[Model], field: str) -> str:
    """Return the file and the class in which a field is declared."""
    owner = next(each for each in model.__mro__ if field in get_annotations(each))
    return f"{source(owner.__module__).path}: {owner.__qualname__}.{field}"


def _of_type(module: str, name: str | None) -> str | None:
    if name is None:
        return None
    known = source(module)
    if name in known.imported:
        return _of_type(*known.imported[name])
    found = known.names.get(name)
    return found and (found.comment or _of_type(module, found.type))


@cache
def source(module: str) -> Source:
    """Return the comments of a module that is imported."""
    path = Path(str(sys.modules[module].__file__))
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    names: dict[str, Named] = {}
    imported: dict[str, tuple[str, str]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {each.asname or each.name: (node.module, each.name) for each in node.names}
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for each in inner:
            match each:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=said):
                    pass
                case ast.Assign(targets=[ast.Name(id=name)], value=said) if not prefix:
                    pass
                case _:
                    continue
            names[prefix + name] = Named(_comment(lines, each), _type(said))
    return Source(path, names, imported)


def _comment(lines: list[str], node: ast.stmt) -> str | None:
    """Return the comment at the end of a statement, or in the lines above it."""
    last = lines[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset :].decode()
    if found := re.search(r"#: (.*)$", last):
        return found[1].strip()
    above: list[str] = []
    for line in reversed(lines[: node.lineno - 1]):
        if not (found := re.fullmatch(r"\s*#: (.*)", line)):
            break
        above.insert(0, found[1].strip())
    return " ".join(above) or None


def _type(said: ast.expr) -> str | None:
    """Return the name of a type, also of one that may be null or has more said of it; a list's is not its items'."""
    match said:
        case ast.Name(id=name):
            return name
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _type(left)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[first, *_])):
            return _type(first)
    return None
