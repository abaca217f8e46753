"""The tools of /mcp/search: what connectors that only read look for, under the names and in the shapes that they know.

ChatGPT's connectors: https://platform.openai.com/docs/mcp ("search tool", "fetch tool"). They have a path of their own,
so that the list of /mcp stays short.
"""

from typing import Annotated, Any

from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.models import Field, Model, Wire
from switchyard.mcp.tools import READ, Tool
from switchyard.surfaces.inputs import TrackId
from switchyard.surfaces.planning import search
from switchyard.surfaces.planning.models import Filter, SearchTracks


class Search(Wire):
    query: Annotated[str, Field(max_length=200)]  #: Words that must all occur in the title or description.


class Fetch(Wire):
    id: TrackId  #: The id of a result.


class Result(Model):
    id: str
    title: str
    url: str


class Results(Model):
    results: list[Result]


class Document(Model):
    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]


def _search(call: Call[Search]) -> Reply:
    """Search tasks, then goals: the first page of each."""
    found = [each for kind in ("task", "goal") for each in _found(call, kind)]
    return Reply(200, {"results": [{"id": e["id"], "title": e["title"], "url": _url(call, e)} for e in found]})


def _found(call: Call[Search], kind: Any) -> list[dict[str, Any]]:
    body = SearchTracks.model_construct(type=kind, query=call.body.query, filter=Filter.model_construct())
    reply = search.search(Call(call.request, call.actor, body, None, unit=call.unit))
    return list(reply.body["items"])


def _fetch(call: Call[Fetch]) -> Reply:
    track = call.unit.get(call.body.id)
    shown = {"id": track.id, "type": track.type}
    document = {"id": track.id, "title": track.title, "text": _text(track), "url": _url(call, shown)}
    return Reply(200, {**document, "metadata": _metadata(track)})


def _text(track: Track) -> str:
    facts = "\n".join(f"{name}: {value}" for name, value in _metadata(track).items())
    return "\n\n".join(filter(None, (track.title, track.description, facts)))


def _metadata(track: Track) -> dict[str, str]:
    """Return what is known of a track beside its texts."""
    found = {
        "type": track.type,
        "status": track.status,
        "priority": track.priority,
        "due": track.due,
        "assignee": track.assignee,
        "completed": track.completed_at,
        "note": track.completed_note,
        "created": track.created_at,
        "updated": track.updated_at,
    }
    return {name: value for name, value in found.items() if value}


def _url(call: AnyCall, shown: dict[str, Any]) -> str:
    """Return the page of the console that shows a track."""
    return f"{call.request.base_url}/console/{'goals' if shown['type'] == 'goal' else 'tasks'}/{shown['id']}"


_SEARCH = "Search tasks and goals by keywords: all of them must occur."
_FETCH = "Read one task or goal whole, by the id of a result."
SEARCH_TOOLS: dict[str, Tool[Any]] = {
    "search": Tool("search", _SEARCH, "tasks:read", Search, Results, READ, _search),
    "fetch": Tool("fetch", _FETCH, "tasks:read", Fetch, Document, READ, _fetch),
}
