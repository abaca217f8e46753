"""Projects that requests put tracks into: whether the tenant has them, and what it wants done about others.

A scope names projects by their ids. What is no project's id is taken too, so that tracks can be grouped before there
is a project. But a misspelled id hides a track from everyone who looks into the project: so the answer tells of it,
and a tenant may have such requests refused.
"""

import time
from collections.abc import Iterable, Mapping, Sequence

from switchyard.domain.errors import FieldError, UnknownReference
from switchyard.store.table import Item, Table

#: Seconds that a container trusts what it read, which is how soon a new project or setting counts; ids that it keeps.
SECONDS, IDS_MAX = 30.0, 1_000
#: Projects that a refusal suggests at most, of the newest so many.
_SUGGESTED, _COMPARED = 3, 100

#: By tenant and id: until when this counts, whether it is a project's id, and the id of the project of that name.
_known: dict[tuple[str, str], tuple[float, bool, str | None]] = {}


class Unknown(Exception):
    """The tenant refuses these ids, each with the id of the project of that name, if there is one."""

    def __init__(self, named: Mapping[str, str | None]) -> None:
        super().__init__(", ".join(named))
        self.named = named


def forget_all() -> None:
    """Empty what is remembered (tests)."""
    _known.clear()


def new(tenant: str, ids: Iterable[str]) -> list[str]:
    """Return the ids of which nothing is remembered: their rows must be read."""
    now = time.monotonic()
    return [each for each in ids if _known.get((tenant, each), (0.0,))[0] <= now]


def unknown(
    tenant: str, ids: Sequence[str], rows: Mapping[str, tuple[Item | None, Item | None]], tenant_row: Item | None
) -> dict[str, str | None]:
    """Return which ids are no project's, each with the id of the project of that name, if there is one.

    `rows` are those of the ids that were new: of the project, and of the project's name. Raises Unknown where the
    tenant refuses such ids.
    """
    refuses = tenant_row is not None and tenant_row.get("unknown_projects") == {"S": "refuse"}
    # Taken first: what is remembered of new ids may drive out the others.
    found, known = {}, {each: _known[tenant, each] for each in ids if each not in rows}
    for each in ids:
        if each in rows:
            project, name = rows[each]
            is_there, named = project is not None, name["project_id"]["S"] if name else None
            # Where unknown ones are refused, one that was created just now is not: it is looked for each time.
            if is_there or not refuses:
                _remember(tenant, each, is_there, named)
        else:
            _, is_there, named = known[each]
        if not is_there:
            found[each] = named
    if found and refuses:
        raise Unknown(found)
    return found


def _remember(tenant: str, given: str, is_there: bool, named: str | None) -> None:
    if len(_known) >= IDS_MAX:
        for each in list(_known)[: IDS_MAX // 2]:
            del _known[each]
    _known[tenant, given] = (time.monotonic() + SECONDS, is_there, named)


def refusal(table: Table, tenant: str, ids: Sequence[str], named: Mapping[str, str | None]) -> UnknownReference:
    """Return the error about ids in a scope: with the project of that name, or those named alike (1 round trip)."""
    from difflib import get_close_matches

    from switchyard.domain.text import folded
    from switchyard.store import tenants

    newest = tenants.newest_projects(table, tenant, _COMPARED)
    by_name = {folded(name): project for project in newest for name in (project.name, project.id)}
    shown = {project.id: f"{project.id} ({project.name})" for project in newest}
    errors = []
    for each, holder in named.items():
        alike = get_close_matches(folded(each), by_name, _SUGGESTED)
        meant = [holder] if holder else list(dict.fromkeys(by_name[name].id for name in alike))
        expected = "; ".join(["the id of a project, as GET /v1/projects lists them", *(shown.get(m, m) for m in meant)])
        problem = f"no project has the id {each[:80]!r}"
        errors.append(FieldError(f"scope.ids.{ids.index(each)}", problem, expected, "unknown_reference"))
    return UnknownReference(*errors)
