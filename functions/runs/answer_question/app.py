"""POST /v1/runs/{task_id}/{run_id}/questions/{question_id}/answer"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.runs import questions
from switchyard.surfaces.runs.models import QuestionShown
from switchyard.surfaces.runs.question_models import GiveAnswer
from switchyard.surfaces.runs.surface import RUNS, rows_of_path


@endpoint(
    RUNS,
    "runs.answer_question",
    "POST /v1/runs/{task_id}/{run_id}/questions/{question_id}/answer",
    scopes=("tasks:write",),
    body=GiveAnswer,
    reply=QuestionShown,
    reads=rows_of_path,
)
def handler(call: Call[GiveAnswer]) -> Reply:
    """Answer a question of a run, once: the run goes on."""
    return questions.answer(call)
