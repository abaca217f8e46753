"""Which models, efforts and permission modes the cloud runtimes have (contract: projects.md §3, §5.1)."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain.errors import FieldError, Invalid

PROVIDERS: Mapping[str, str] = {"claude": "anthropic", "codex": "openai"}

PERMISSION_MODES: Mapping[str, tuple[str, ...]] = {
    "claude": ("default", "acceptEdits", "plan", "bypassPermissions", "auto"),
    "codex": ("plan", "auto", "read-only", "full-access"),
}

_UP_TO_HIGH = ("low", "medium", "high")
_ALL = (*_UP_TO_HIGH, "xhigh", "max")
_CLAUDE_EFFORTS: Mapping[str, tuple[str, ...]] = {
    "claude-opus-4-5": _UP_TO_HIGH,
    "claude-sonnet-4-6": _UP_TO_HIGH,
    "claude-opus-4-6": _ALL,
    "claude-opus-4-7": _ALL,
    "claude-opus-4-8": _ALL,
}
_CODEX_XHIGH = frozenset({"gpt-5.5"})


def efforts(adapter: str, model: str) -> tuple[str, ...]:
    """Return the reasoning efforts that a model takes; none for a model that is not known to take any."""
    if adapter == "codex":
        return (*_UP_TO_HIGH, "xhigh") if model.lower() in _CODEX_XHIGH else _UP_TO_HIGH
    return _CLAUDE_EFFORTS.get(model, ())


def check(
    adapter: str | None, model: str | None, effort: str | None, permission_mode: str | None, service_tier: str | None
) -> None:
    """Raise Invalid for a selection that is not complete, or whose parts do not fit each other."""
    if permission_mode is not None:
        if adapter is None:
            raise _refused("initial_permission_mode", "This field requires runtime_adapter to be set.")
        modes = PERMISSION_MODES[adapter]
        if permission_mode not in modes:
            problem = f"Invalid choice '{permission_mode}' for runtime_adapter '{adapter}'."
            supported = ", ".join(f"'{each}'" for each in modes)
            raise _refused("initial_permission_mode", f"{problem} Supported values: {supported}.")
    if (adapter, model, effort) != (None, None, None):
        for name, value in (("runtime_adapter", adapter), ("model", model)):
            if value is None:
                raise _refused(name, "This field is required when selecting a cloud runtime.")
    if adapter and model and effort and effort not in efforts(adapter, model):
        problem = f"Reasoning effort '{effort}' is not supported for runtime_adapter '{adapter}' and model '{model}'."
        supported = ", ".join(efforts(adapter, model)) or "none"
        raise _refused("reasoning_effort", f"{problem} Supported values: {supported}.")
    if service_tier is not None and adapter != "codex":
        raise _refused("service_tier", "This field requires the runtime_adapter 'codex'.")


def inherited(state: Mapping[str, Any], selected: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run takes over of the runtime of the one it resumes: what was not selected, as far as it fits."""
    found = {
        name: state[name]
        for name in ("runtime_adapter", "model", "reasoning_effort")
        if name not in selected and isinstance(state.get(name), str)
    }
    runtime = {**found, **selected}
    adapter, model, effort = (runtime.get(each) for each in ("runtime_adapter", "model", "reasoning_effort"))
    if "reasoning_effort" in found and effort not in efforts(adapter or "", model or ""):
        del found["reasoning_effort"]
    return found


def _refused(field: str, reason: str) -> Invalid:
    return Invalid(FieldError(field, reason))
