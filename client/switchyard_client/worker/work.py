"""The worker's loop: claim a run whenever there is room for one, and carry it out."""

import threading

from switchyard_client.client import Claimed, Client
from switchyard_client.console import say
from switchyard_client.errors import Refused, Unreachable
from switchyard_client.retries import Deadline
from switchyard_client.worker.runner import Options, carry_out

#: Seconds between two looks whether there is room; also the pause after a claim that found nothing.
_IDLE = 1.0
#: Each further claim that finds nothing pauses a second longer, up to this: a poll is paid for (docs/cost.md).
IDLE_MAX = 5.0


class Worker:
    """Carries out runs of one agent, so many at a time, one claim after the other."""

    def __init__(self, client: Client, options: Options, wait: int, parallel: int, stop: threading.Event) -> None:
        self._client = client
        self._options = options
        self._wait = wait
        self._stop = stop
        self._room = threading.Semaphore(parallel)
        self._pause = _IDLE

    def once(self) -> str | None:
        """Wait for one run and execute it; returns its outcome, None when stopped before."""
        say("waiting for one run")
        reported = False
        while not self._stop.is_set():
            claimed = self._claim()
            if claimed:
                return self._carry_out(claimed)
            if not reported and not self._stop.is_set():
                say("still waiting: no run is offered that is meant for this agent")
                reported = True
        return None

    def work(self) -> None:
        """Execute runs until stopped by a signal; returns when the active ones have ended or were released.

        Raises Refused when the service does not let the worker claim.
        """
        say("waiting for runs")
        threads: list[threading.Thread] = []
        try:
            while not self._stop.is_set():
                # There may be room because a run was just released: a worker that is to stop claims no further one.
                if not self._room.acquire(timeout=_IDLE) or self._stop.is_set():
                    continue
                claimed = self._claim()
                if claimed is None:
                    self._room.release()
                    continue
                threads = [each for each in threads if each.is_alive()]
                threads.append(threading.Thread(target=self._make_room, args=(claimed,), name="run"))
                threads[-1].start()
        finally:
            self._stop.set()
            for each in threads:
                each.join()
        say("stopped")

    def _make_room(self, run: Claimed) -> None:
        try:
            self._carry_out(run)
        except Refused as refusal:
            say(f"run {run.run_id}: the report was refused: {refusal}")
        finally:
            self._room.release()

    def _carry_out(self, run: Claimed) -> str:
        return carry_out(self._client, run, self._options, self._stop)

    def _claim(self) -> Claimed | None:
        """Claim a run; None when there was none.

        A claim that waits is not broken off by the order to stop: the run that it gets would be nobody's for a lease.
        """
        try:
            run = self._client.claim(self._wait, self._options.lease_seconds, Deadline(stop=self._stop))
        except Unreachable:
            return None  # stopped while the service did not answer
        if run is not None:
            self._pause = _IDLE
        elif not self._wait:
            self._stop.wait(self._pause)
            self._pause = min(self._pause + _IDLE, IDLE_MAX)
        return run
