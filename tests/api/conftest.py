"""Handlers against moto's DynamoDB, one thread: what they answer, not how they compete (that is tests/stack)."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from switchyard.admin import Admin
from switchyard.aws import objects
from switchyard.aws.clients import make_client
from switchyard.aws.objects import ObjectStore
from switchyard.domain.ids import new_id
from switchyard.http import auth
from switchyard.http.container import use_table
from switchyard.store.table import Table
from tests.support import rights
from tests.support.http import Api
from tests.support.moto_pool import moto
from tests.support.runs import Runs
from tests.support.stream import Stream
from tests.support.template import resources, table_definition
from tests.support.tokens import issue

Caller = Callable[..., Api]


@pytest.fixture(scope="session")
def _client() -> Iterator[Any]:
    with moto():
        yield make_client("dynamodb")


@contextmanager
def empty_table(client: Any) -> Iterator[Table]:
    """An empty table, used by all handlers: each of the simulator's transactions copies all that is in one."""
    name = f"switchyard-{new_id()}"
    client.create_table(TableName=name, **table_definition())
    made = Table(name, client)
    use_table(made)
    yield made
    use_table(None)
    client.delete_table(TableName=name)


@pytest.fixture
def table(_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """A table of the test's own."""
    with empty_table(_client) as made:
        monkeypatch.setenv("TABLE_NAME", made.name)
        yield made


@pytest.fixture(scope="session")
def _bucket(_client: Any) -> ObjectStore:
    made = objects.make_objects_client()
    made.create_bucket(Bucket="switchyard-artifacts")
    made.put_bucket_versioning(Bucket="switchyard-artifacts", VersioningConfiguration={"Status": "Enabled"})
    return ObjectStore("switchyard-artifacts", made)


@pytest.fixture
def bucket(_bucket: ObjectStore) -> Iterator[ObjectStore]:
    """The bucket of artifacts; its keys begin with the tenant, so that no test sees another's."""
    objects.use(_bucket)
    yield _bucket
    objects.use(None)


@pytest.fixture
def admin(table: Table) -> Admin:
    """The operator's side of the table."""
    return Admin(table.name, table.client)


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return new_id()


@pytest.fixture
def caller(table: Table, tenant: str) -> Caller:
    """Makes clients: `caller("agent_a", kind="agent", scopes=["tasks:read"], tenant=other)`."""

    def make(actor_id: str = "user_ada", *, tenant: str = tenant, **more: Any) -> Api:
        return client_of(table, tenant, actor_id, **more)

    return make


def client_of(table: Table, tenant: str, actor_id: str = "user_ada", **more: Any) -> Api:
    """Issue a token and return a client that holds it."""
    return Api(issue(table, tenant, actor_id, **more))


@pytest.fixture
def api(caller: Caller) -> Api:
    """A user of the test's tenant, with every scope."""
    return caller()


@pytest.fixture
def bo(caller: Caller) -> Api:
    """An agent of the test's tenant, with every scope."""
    return caller("agent_bo", kind="agent")


@pytest.fixture
def ledger(table: Table, tenant: str) -> Runs:
    """Runs of the test's tenant, as the service itself makes and changes them."""
    return Runs(table, tenant)


@pytest.fixture
def stream(table: Table, tenant: str) -> Stream:
    """The stream of the test's tenant, and what is at its other end."""
    return Stream(table, tenant)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Moves the clock on by so many seconds."""
    began = time.time

    def move(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: began() + seconds)
        auth.forget_all()

    yield move
    auth.forget_all()


# ---------------------------------------------------------------- what functions call, and what their roles allow

#: Options by which a run leaves tests out: what is not called in it may be called all the same.
_SELECTING = ("keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob", "stepwise", "collectonly")
_FOLDER = "SWITCHYARD_CALLS"
_wrong = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Note what each function calls."""
    if not hasattr(config, "workerinput"):
        os.environ[_FOLDER] = tempfile.mkdtemp()
    rights.install()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Compare what each role allows with what its function called, and fail the run where they differ.

    Any run shows a right that is missing; only a whole one, in which every test passed, one that nothing uses.
    """
    folder, config = Path(os.environ[_FOLDER]), session.config
    rights.write(folder)
    if hasattr(config, "workerinput"):
        return
    ring = Path(__file__).parent
    whole = (
        exitstatus == pytest.ExitCode.OK
        and any(ring.is_relative_to((config.invocation_params.dir / each).resolve()) for each in config.args)
        and not any(config.getoption(each, None) for each in _SELECTING)
    )
    wrong = rights.compare(resources("AWS::Serverless::Function"), rights.read(folder), whole=whole)
    if wrong or whole:
        config.stash[_wrong] = wrong
    if wrong and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    shutil.rmtree(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the comparison found."""
    wrong = config.stash.get(_wrong, None)
    if wrong is not None:
        terminalreporter.section("roles and calls")
        terminalreporter.line("\n".join(wrong) or "each function called what its role allows, and nothing else")
