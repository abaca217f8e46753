"""GET /v1/imports"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.planning import imports
from switchyard.surfaces.planning.import_models import ImportPage
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.list_imports",
    "GET /v1/imports",
    scopes=("tasks:read",),
    query=Paging,
    reply=ImportPage,
)
def handler(call: Call[None, Paging]) -> Reply:
    """List the caller's imports, newest first."""
    return imports.page(call)
