"""The queue of signals: executions are started, and told of their runs."""

from functools import cache
from typing import Any

from switchyard.pipeline.signals import Signaller


@cache
def _signaller() -> Signaller:
    return Signaller.from_environment()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry a batch of signals to the workflows; answer with those that are to come again."""
    answer: dict[str, Any] = _signaller().consume(event, context.get_remaining_time_in_millis())
    return answer
