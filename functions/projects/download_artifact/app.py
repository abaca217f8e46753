"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts/download"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_artifacts, scope
from switchyard.surfaces.projects.artifact_models import NamedArtifact
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.download_artifact",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts/download",
    scopes=("tasks:read", "tasks:write"),
    body=NamedArtifact,
    media="*/*",
    empty=303,
    reads=scope.rows_of_path,
)
def handler(call: Call[NamedArtifact]) -> Reply:
    """Download a file of a run; a large one is redirected to S3 (303)."""
    return run_artifacts.download(call)
