"""Numbers of a project's tasks: a container that drew the last one knows the next without a look.

The transaction decides: it holds only while the counter stands at the number. A draw by another container makes it
fail, and for a while after that the container looks first.
"""

import time

from switchyard.ledger import draws
from switchyard.ledger.unit import Unit
from switchyard.store import keys, tenants

#: Seconds for which a container trusts what it knows, and projects that it knows at most.
SECONDS, PROJECTS_MAX = 60.0, 1_000

_next: dict[tuple[str, str], tuple[float, int]] = {}


def draw(unit: Unit, project_id: str) -> int:
    """Gather the next number of a project and return it: no round trip, 1 when it is not known.

    A request with an idempotency key always looks: its key is read in the same round trip.
    """
    tenant = unit.actor.tenant_id
    until, number = _next.get((tenant, project_id), (0.0, 0))
    if draws.are_contended(unit, f"number of {project_id}") or unit.key or until < time.monotonic():
        number = tenants.next_number(unit.row(keys.project_counter(tenant, project_id)))
    if len(_next) >= PROJECTS_MAX:
        _next.clear()
    _next[tenant, project_id] = (time.monotonic() + SECONDS, number + 1)
    unit.write(tenants.draw_number(tenant, project_id, number))
    return number
