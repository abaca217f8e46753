"""Wire models of questions: what an agent asks, and what a person answers (docs/questions.md)."""

from typing import Annotated

from switchyard.domain.artifacts import ID_MAX as ARTIFACT_MAX
from switchyard.http.models import Field, Query, Shown, Wire
from switchyard.surfaces.inputs import ABSENT, AnswerText, Choices, Cursor, Instant, Limit, NonEmptyName, QuestionText
from switchyard.surfaces.runs.models import WAIT_MAX, QuestionShown


class Ask(Wire):
    """A question in the name of a run."""

    text: QuestionText  #: What is asked.
    choices: Choices = []  #: The answers that it takes; without choices, any text.
    #: Id of a file of the run that it is about.
    artifact: Annotated[str, Field(min_length=1, max_length=ARTIFACT_MAX)] = ABSENT
    to: NonEmptyName = ABSENT  #: Id of the one actor who may answer; without it, any member but the run's holder.
    deadline: Instant = ABSENT  #: Until when the run waits, 10 seconds to 28 days from now; without it, 28 days.
    default: AnswerText = ABSENT  #: The answer at the deadline; without it the run fails then.


class GiveAnswer(Wire):
    """An answer to a question."""

    answer: AnswerText  #: The answer: one of the choices, where there are some.


class GetQuestion(Query):
    wait_seconds: Annotated[int, Field(ge=0, le=WAIT_MAX)] = 0  #: Seconds to wait while the question is open.


class ListQuestions(Query):
    limit: Limit = 20  #: How many questions a page has at most.
    cursor: Cursor = ABSENT  #: Where the page begins, as the page before it said.


class QuestionPage(Shown):
    """A page of a run's questions, newest first."""

    items: list[QuestionShown]  #: The questions.
    next_cursor: str | None  #: Where the next page begins; null at the end.
