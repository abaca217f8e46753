"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts/presign"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_artifacts, scope
from switchyard.surfaces.projects.artifact_models import NamedArtifact, Presigned
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.presign_artifact",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts/presign",
    scopes=("tasks:read", "tasks:write"),
    body=NamedArtifact,
    reply=Presigned,
    keyed=False,
    reads=scope.rows_of_path,
)
def handler(call: Call[NamedArtifact]) -> Reply:
    """Get a download address for a file of a run."""
    return run_artifacts.presign(call)
