"""POST /v1/imports"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import imports
from switchyard.surfaces.planning.import_models import CreateImport, ImportCreated
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.create_import",
    "POST /v1/imports",
    scopes=("tasks:write",),
    body=CreateImport,
    reply=ImportCreated,
    status=201,
)
def handler(call: Call[CreateImport]) -> Reply:
    """Create an import: the answer has the form by which its file is uploaded, a draft a line."""
    return imports.create(call)
