"""Serve MiniStack on one port and the deployed HTTP API, at plain paths, on another.

All settings are in the environment, which local/process.py writes.
"""

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
import uvloop
from ministack import app as ministack

from local.emulator import (
    alarms,
    api_import,
    backups,
    dead_letters,
    expiry,
    http_api,
    indexes,
    limits,
    mails,
    permissions,
    request_limits,
    response_headers,
    saved_queries,
    saving,
    schedules,
    speed,
    states,
    streams,
    subscriptions,
    uploads,
    versions,
    workers,
)

API_PORT = int(os.environ["SWITCHYARD_API_PORT"])
AWS_PORT = int(os.environ["GATEWAY_PORT"])
HOSTS = os.environ["SWITCHYARD_HOSTS"].split()


def figures() -> dict[str, object]:
    """Invocations and the handlers' seconds by function, and how many stream records are not read yet."""
    return {"invocations": workers.invocations(), "unread": streams.unread()}


#: Where people see the mails, and tests read them.
MAILS = "/_switchyard/mails"
ORDERS = {
    "/_switchyard/save": saving.save,
    "/_switchyard/restart": workers.stop_all,
    "/_switchyard/figures": figures,
    "/_switchyard/expire": expiry.expire,
    f"{MAILS}.json": mails.sent,
}


async def dispatch(scope, receive, send):
    """Send a request to the HTTP API or to MiniStack, by the port it came in on."""
    if scope["type"] == "http" and scope["server"][1] == API_PORT:
        await http_api.app(scope, receive, response_headers.remapped(ministack._with_date_header(send)))
    elif scope["type"] == "http" and scope["path"] in ORDERS:
        content = json.dumps(ORDERS[scope["path"]]()).encode()
        await http_api.reply(send, 200, {"Content-Type": "application/json"}, content)
    elif scope["type"] == "http" and scope["path"] == MAILS:
        await http_api.reply(send, 200, {"Content-Type": "text/html; charset=utf-8"}, mails.page())
    else:
        saving.note_request(scope)
        await ministack.app(scope, receive, send)


class Server(uvicorn.Server):
    """A server that leaves signals to this process, which has to save after it ended."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    def stop(self) -> None:
        """End in an orderly way."""
        self.should_exit = True


async def stop_without(parent: int, server: Server) -> None:
    """Stop when the process that started this one is gone, however it ended."""
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    server.stop()


def listen(host: str, port: int) -> socket.socket:
    """A socket on one of this machine's addresses."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((host, port))
    return opened


async def main() -> None:
    """Serve until SIGTERM or SIGINT; MiniStack then saves its state."""
    # No access log: each request would be a line, and the functions' own log says what happened.
    server = Server(
        uvicorn.Config(
            dispatch,
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    tasks = [asyncio.create_task(saving.save_regularly()), asyncio.create_task(expiry.expire_regularly())]
    tasks += [asyncio.create_task(each()) for each in (alarms.evaluate_regularly, subscriptions.deliver_regularly)]
    tasks.append(asyncio.create_task(schedules.fire_regularly()))
    if "SWITCHYARD_PARENT" in os.environ:
        tasks.append(asyncio.create_task(stop_without(int(os.environ["SWITCHYARD_PARENT"]), server)))
    try:
        await server.serve([listen(host, port) for host in HOSTS for port in (AWS_PORT, API_PORT)])
    finally:
        for task in tasks:
            task.cancel()
        saving.close()
        workers.stop_all()


if __name__ == "__main__":
    # MiniStack has a line for each request; ours say when something happens.
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("switchyard").setLevel(logging.INFO)
    workers.install()
    streams.install()
    indexes.install()
    permissions.install()
    api_import.install()
    limits.install()
    alarms.install()
    saved_queries.install()
    subscriptions.install()
    states.install()
    uploads.install()
    mails.install()
    versions.install()
    request_limits.install()
    dead_letters.install()
    speed.install()
    expiry.install()
    backups.install()
    schedules.install()
    saving.install()
    uvloop.run(main())
