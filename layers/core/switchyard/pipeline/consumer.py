"""What surrounds every function that is not an endpoint, written once: consumers of the stream and of queues,
targets of rules and schedules, steps of workflows.

deadline of the invocation -> the container's clients, made on first use -> the handler, record by record where there
are several -> one log line, metrics. An error that the handler raises is logged and raised, so that whoever invoked the
function tries again.
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from switchyard.aws import telemetry
from switchyard.aws.bus import Bus
from switchyard.aws.executions import Executions
from switchyard.aws.queues import Queue
from switchyard.aws.telemetry import logger
from switchyard.store.table import Table

if TYPE_CHECKING:
    from switchyard.aws.scheduler import Scheduler

Event = Mapping[str, Any]
#: Seconds of an invocation that are kept for what remains to be done after the last record.
_RESERVE = 1.0

_clients: dict[str, Any] = {}


def use(**clients: Any) -> None:
    """Put other clients in the place of the container's (tests): table, bus, executions_… and queue_…, by name."""
    _clients.clear()
    _clients.update(clients)


class Unfinished(Exception):
    """The invocation's time is over: what is left comes again, and continues from there."""


def check_time(deadline: float) -> None:
    """Raise Unfinished after a deadline, a time.monotonic() value."""
    if time.monotonic() > deadline:
        raise Unfinished


class Invocation:
    """One invocation: its request id, its time and the container's clients.

    `deadline` is a time.monotonic() value: nothing new is begun after it. What a batch leads to may still be sent
    until `end`. `counts` are numbers for the log line and the metrics.
    """

    def __init__(self, name: str, context: Any, reserve: float) -> None:
        self.name = name
        self.request_id: str = context.aws_request_id
        self.end = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE
        self.deadline = self.end - reserve
        self.counts: dict[str, int] = {}
        self._concerns: dict[str, None] = {}

    def concerns(self, correlation_id: str) -> None:
        """Note what is worked on, for the log line: the id of a run, or of the request that led to this."""
        self._concerns[correlation_id] = None

    @property
    def correlation_id(self) -> str:
        """What the invocation worked on, one or several ids with spaces between them; its own id for nothing else."""
        return " ".join(self._concerns) or self.request_id

    @property
    def table(self) -> Table:
        return self._client("table", Table.from_environment, self.deadline)

    @property
    def bus(self) -> Bus:
        return self._client("bus", Bus.from_environment, self.end)

    def queue(self, name: str) -> Queue:
        """Return a queue by its name."""
        return self._client(f"queue_{name}", lambda: Queue.named(name), self.end)

    def executions(self, of: str) -> Executions:
        """Return the executions of `runs`, `goal_runs` or `imports`."""
        return self._client(f"executions_{of}", lambda: Executions.of(of), self.deadline)

    @property
    def scheduler(self) -> "Scheduler":
        # Imported here: its SDK is needed where a schedule changed, and nowhere else.
        from switchyard.aws.scheduler import Scheduler

        return self._client("scheduler", Scheduler.from_environment, self.deadline)

    def _client[T: _Timed](self, name: str, make: Callable[[], T], deadline: float) -> T:
        found: T = _clients[name] if name in _clients else _clients.setdefault(name, make())
        found.deadline = deadline
        return found


class _Timed(Protocol):
    deadline: float


#: Takes an Invocation, and the event or what `Batch` makes of it.
Handler = Callable[..., Any]
#: How an event is taken apart: hands its records to the handler one by one, and returns the function's answer.
Batch = Callable[[Invocation, Handler, Event], Any]


def consumer(name: str, batch: Batch | None = None, reserve: float = 0) -> Callable[[Handler], Callable[..., Any]]:
    """Make a Lambda handler of a function that takes an Invocation and the event, or one record of it.

    `name` is that of the folder, as `pipeline.signal_runs`; `batch` (pipeline/batches.py) takes an event of several
    records apart; `reserve` are seconds that are kept to send what the records of a batch lead to.
    """

    def decorate(handler: Handler) -> Callable[..., Any]:
        def run(event: Event, context: Any) -> Any:
            invocation = Invocation(name, context, reserve)
            started, failure = time.perf_counter(), None
            try:
                return batch(invocation, handler, event) if batch else handler(invocation, event)
            except Exception as error:
                failure = error
                raise
            finally:
                _record(invocation, round((time.perf_counter() - started) * 1000, 2), failure)

        run.consumer = name  # type: ignore[attr-defined]
        run.__doc__ = handler.__doc__
        return run

    return decorate


def _record(invocation: Invocation, milliseconds: float, failure: Exception | None) -> None:
    fields = {"operation": invocation.name, "ms": milliseconds, "request_id": invocation.request_id}
    fields["correlation_id"] = invocation.correlation_id
    counts = invocation.counts
    if failure:
        logger.error("failed", exc_info=failure, extra={**fields, **counts, "error": type(failure).__name__})
    else:
        logger.info("consumed", extra={**fields, **counts})
    counted = {name.title().replace("_", ""): count for name, count in counts.items()}
    telemetry.count(invocation.name, milliseconds, Failures=int(failure is not None), **counted)
