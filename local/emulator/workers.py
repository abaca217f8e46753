"""How functions run: one process per concurrent invocation, reused while warm, as Lambda does it.

MiniStack keeps the pool; this module replaces what it does for one process, because MiniStack
- unpacks the whole layer again for each process (here once per content, shared by all functions),
- runs functions with its own packages importable (here a bare interpreter),
- reports every exception as Runtime.HandlerError (here with its name, so Retry and Catch by name match),
- waits 50 ms for a log line after an invocation that printed none, and
- starts a process for each published SnapStart version at deployment (60 functions would mean 60 processes).
"""

import hashlib
import io
import json
import logging
import os
import queue
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import defaultdict
from pathlib import Path

from ministack.core import lambda_runtime
from ministack.core.responses import new_uuid
from ministack.services import lambda_svc

from local.emulator.bootstrap import END_OF_LOG

logger = logging.getLogger("switchyard.workers")

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
UNPACKED = Path(os.environ["SWITCHYARD_UNPACKED"])
FUNCTION_LOG = Path(os.environ["SWITCHYARD_FUNCTION_LOG"])
# Sources that come before those in the layer, so that a change needs no deployment.
LIVE = os.environ.get("SWITCHYARD_LIVE")
# The longest wait for the end of an invocation's log; it is there at once unless the process died.
LOG_WAIT_SECONDS = 0.5

# The answer for a process that ended without one.
DIED = '{"status": "died"}'

# What was unpacked is kept for the next start as long as it is in use.
UNPACKED_KEPT_SECONDS = 24 * 3600

# The most processes of one function; further invocations wait for one of them. A burst of events would start
# hundreds on AWS, and use up the memory of this machine.
PROCESSES = 16

_slots: defaultdict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(PROCESSES))
# Of each function: how often it ran, and the seconds that its handler took.
_invocations: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0])
_unpacking = threading.Lock()
_logging = threading.Lock()


def install() -> None:
    """Put these workers in the place of MiniStack's own."""
    _remove_unused()
    lambda_runtime._worker_class_for = lambda _config: FunctionProcess
    lambda_svc._execute_function_warm = execute
    lambda_svc._snapstart_provision_version_async = mark_ready


def stop_all() -> None:
    """End every worker process."""
    lambda_runtime.reset()


def invocations() -> dict[str, list[float]]:
    """How often each function ran since the start, and for how many seconds its handler was at work."""
    return dict(_invocations)


def mark_ready(_name: str, version: dict) -> None:
    """A published version is ready at once; its process starts with its first invocation."""
    version["config"].update(State="Active", StateReason="", StateReasonCode="", LastUpdateStatus="Successful")


def unpacked(content: bytes) -> Path:
    """The folder that holds the content of a zip file, made when it is first asked for."""
    folder = UNPACKED / hashlib.sha256(content).hexdigest()[:32]
    with _unpacking:
        if not folder.is_dir():
            UNPACKED.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=UNPACKED))
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(partial)
            partial.rename(folder)
    os.utime(folder)
    return folder


def _remove_unused() -> None:
    """Remove what nothing was started from for a day, and what was unpacked in part."""
    for folder in UNPACKED.glob("*"):
        if folder.name.startswith("tmp") or folder.stat().st_mtime < time.time() - UNPACKED_KEPT_SECONDS:
            shutil.rmtree(folder)


class FunctionProcess(lambda_runtime.Worker):
    """A process that runs one function, an invocation at a time."""

    def _spawn(self) -> None:
        started = time.monotonic()
        code = unpacked(self.code_zip)
        path = [str(code)]
        for layer in self.config.get("Layers", []):
            content = lambda_svc._resolve_layer_zip(layer)
            if content:
                path += [LIVE] if LIVE else []
                path.append(str(unpacked(content) / "python"))
        self._proc = subprocess.Popen(
            # The interpreter behind the virtual environment, without any site-packages.
            [sys._base_executable, "-I", "-S", *([] if LIVE else ["-B"]), str(BOOTSTRAP)],
            cwd=code,
            env=self._environment(code),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            bufsize=1,
        )
        self._stderr_queue = queue.Queue()
        self._stderr_thread = threading.Thread(target=self._read_stderr, args=(self._proc,), daemon=True)
        self._stderr_thread.start()
        module, _, handler = self.config["Handler"].rpartition(".")
        start = {"path": path, "module": module.replace("/", "."), "handler": handler}
        self._proc.stdin.write(json.dumps(start) + "\n")
        self._proc.stdin.flush()
        reply = json.loads(self._proc.stdout.readline() or DIED)
        self._drain_stderr_bounded()
        if reply["status"] != "ready":
            raise InitError(reply.get("error", "the process ended while it started"))
        logger.info("%s: started in %.0f ms", self.func_name, (time.monotonic() - started) * 1000)

    def invoke(self, event: object, request_id: str, **call: object) -> dict:
        """Run one invocation. MiniStack starts a thread for each, to wait for the answer."""
        with self._lock:
            if self._proc is None or self._proc.poll() is not None:
                self._spawn()
            timeout = self.config.get("Timeout", 30)
            call |= {"request_id": request_id, "timeout_ms": int(timeout * 1000)}
            try:
                self._proc.stdin.write(json.dumps({"event": event, "ctx": call}) + "\n")
                self._proc.stdin.flush()
                waiting = select.poll()
                waiting.register(self._proc.stdout, select.POLLIN)
                answered = waiting.poll(timeout * 1000)
                reply = json.loads(self._proc.stdout.readline() or DIED) if answered else None
            except BrokenPipeError:
                reply = json.loads(DIED)
            if reply is None:
                logger.warning("%s: timed out after %d s", self.func_name, timeout)
                self.kill()
                error = f"Task timed out after {timeout}.00 seconds"
                return {"status": "error", "error": error, "log": self._drain_stderr()}
            if reply["status"] == "died":
                self.kill()
                reply = {"status": "error", "error": "the process ended"}
            return reply | {"log": self._drain_stderr_bounded()}

    def _environment(self, code: Path) -> dict[str, str]:
        """The environment variables that Lambda would set, and the emulator's address."""
        name = self.config["FunctionName"]
        log_group = (self.config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
        _account, region = lambda_runtime._account_region_from_function_config(self.config)
        variables = (self.config.get("Environment") or {}).get("Variables") or {}
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "AWS_ENDPOINT_URL": os.environ["SWITCHYARD_ENDPOINT"],
            lambda_runtime.HOST_PREFIX_ENV: "true",
            **variables,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.config.get('Runtime', '')}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.config.get("Version", "$LATEST"),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.config.get("MemorySize", 128)),
            "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": new_uuid(),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": self.config["Handler"],
            **lambda_runtime.execution_credentials(self.config),
        }

    def _read_stderr(self, process: subprocess.Popen) -> None:
        """Hand each line of a function's log to its invocation, and keep it in the log file."""
        for line in process.stderr:
            text = line.rstrip("\n")
            self._stderr_queue.put(text)
            if text != END_OF_LOG:
                with _logging, FUNCTION_LOG.open("a", encoding="utf-8") as log:
                    log.write(f"{self.func_name} {text}\n")

    def _drain_stderr_bounded(self, *_limits: float) -> str:
        """The log of the invocation that just ended."""
        lines = []
        while True:
            try:
                line = self._stderr_queue.get(timeout=LOG_WAIT_SECONDS)
            except queue.Empty:
                break
            if line == END_OF_LOG:
                break
            lines.append(line)
        return "\n".join(lines)


class InitError(RuntimeError):
    """A function's module could not be imported."""


def execute(function: dict, event: object, request_id: str) -> dict:
    """Run one invocation on a free process of the function, or on a new one."""
    config = function.get("config") or function
    lambda_svc._ensure_reaper_thread()
    with _slots[config["FunctionName"]]:
        return execute_in_slot(config, function["code_zip"], event, request_id)


def execute_in_slot(config: dict, code: bytes, event: object, request_id: str) -> dict:
    """Run one invocation, given that the function may have another process."""
    worker, _ = lambda_runtime.acquire_worker(
        config["FunctionName"], config, code, qualifier=config.get("Version", "$LATEST")
    )
    try:
        result = worker.invoke(
            event,
            request_id,
            trace_id=lambda_svc._xray_trace_id_for_invocation(config),
            invoked_function_arn=config.get("FunctionArn", ""),
        )
    except InitError as error:
        worker.kill()
        return failed("Runtime.ImportModuleError", str(error), worker._drain_stderr())
    finally:
        lambda_runtime.release_worker(worker)
    log = result.get("log", "")
    count = _invocations[config["FunctionName"]]
    count[0] += 1
    count[1] += result.get("seconds", 0.0)
    if "failure" in result:
        return {"body": result["failure"], "error": True, "log": log}
    if result["status"] == "ok":
        return {"body": result["result"], "log": log}
    kind = "Sandbox.Timedout" if result["error"].startswith("Task timed out") else "Runtime.ExitError"
    return failed(kind, result["error"], log)


def failed(kind: str, message: str, log: str) -> dict:
    """The outcome of an invocation that ended without an answer of the function."""
    return {"body": {"errorType": kind, "errorMessage": message}, "error": True, "log": log}
