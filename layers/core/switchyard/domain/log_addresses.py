"""Addresses of runs' logs that open without a token for about an hour: `tenant.task.run.expires.signature`.

The signature is made with a secret of the run's own, so that an address opens one log of one tenant. It ends early when
the run's task becomes personal, or somebody else's.
"""

import base64
import hashlib
import hmac
import re

from switchyard.domain import clock
from switchyard.domain.runs import Run
from switchyard.domain.structs import Struct

#: Seconds for which an address is good at least, and how much longer it may be: it stays the same for that long.
LIFE_SECONDS, STEP_SECONDS = 3_600, 600

_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESS = re.compile(rf"({_ID})\.({_ID})\.({_ID})\.([1-9][0-9]{{9,10}})\.([A-Za-z0-9_-]{{43}})")


class LogAddress(Struct):
    """What an address says, not yet trusted; `expires` is in seconds since the epoch."""

    tenant_id: str
    task_id: str
    run_id: str
    expires: int
    signature: str

    @property
    def is_over(self) -> bool:
        return self.expires <= clock.epoch()

    def opens(self, run: Run) -> bool:
        """Tell, in constant time, whether the address was made for the run as it stands and is not over."""
        if run.log_key is None:
            return False
        expected = _signature(run, run.log_key, self.expires)
        return hmac.compare_digest(expected.encode(), self.signature.encode()) and not self.is_over


def make(run: Run) -> str | None:
    """Return the address of a run's log; None for a run that was made before runs had secrets."""
    if run.log_key is None:
        return None
    expires = -(-(clock.epoch() + LIFE_SECONDS) // STEP_SECONDS) * STEP_SECONDS
    return f"{run.tenant_id}.{run.task_id}.{run.id}.{expires}.{_signature(run, run.log_key, expires)}"


def read(text: str) -> LogAddress | None:
    """Return what an address says; None for what is none."""
    found = _ADDRESS.fullmatch(text)
    return LogAddress(found[1], found[2], found[3], int(found[4]), found[5]) if found else None


def _signature(run: Run, key: str, expires: int) -> str:
    # The tenant needs no part in it: the key lies with the run, in the tenant's own partition.
    said = f"{run.task_id}.{run.id}.{run.owner or ''}.{expires}"
    made = hmac.new(key.encode(), said.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
