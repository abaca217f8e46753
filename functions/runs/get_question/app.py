"""GET /v1/runs/{task_id}/{run_id}/questions/{question_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.runs import questions
from switchyard.surfaces.runs.models import QuestionShown
from switchyard.surfaces.runs.question_models import GetQuestion
from switchyard.surfaces.runs.surface import RUNS, rows_of_path


@endpoint(
    RUNS,
    "runs.get_question",
    "GET /v1/runs/{task_id}/{run_id}/questions/{question_id}",
    scopes=("tasks:read", "tasks:write"),
    query=GetQuestion,
    reply=QuestionShown,
    reads=rows_of_path,
)
def handler(call: Call[None, GetQuestion]) -> Reply:
    """Show a question of a run, or wait for its answer."""
    return questions.read(call)
