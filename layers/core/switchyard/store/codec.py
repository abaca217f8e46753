"""The one codec of rows: from an entity to its row and back, and the conditional writes of it.

What an entity is made of follows from its dataclass in the domain, and the annotations give the types of its
attributes. Anything else is declared once, in the entity's file of this package: its keys, the exceptions
among its columns, and what its row has beside its fields.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from switchyard.domain.entities import made
from switchyard.store import packing
from switchyard.store.table import Item

#: Conditions of a write: the row is not there yet, the row is there.
NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
THERE = {"ConditionExpression": "attribute_exists(pk)"}


class Column(NamedTuple):
    """How a field lies in a row: `write` returns the attribute's value (None: no attribute), `read` takes it back.

    `attribute` is the attribute's name where it is another than the field's. None of a field is never written.
    """

    write: Callable[[Any], Item | None]
    read: Callable[[Item], Any]
    attribute: str | None = None


def _read_text(value: Item) -> Any:
    return value["S"]


TEXT = Column(lambda value: {"S": value}, _read_text)
NUMBER = Column(lambda value: {"N": str(value)}, lambda value: int(value["N"]))
FLAG = Column(lambda value: {"BOOL": value}, lambda value: value["BOOL"])


def texts(*, kept: bool = False) -> Column:
    """A tuple of texts; an empty one is left out unless it is `kept`."""
    return Column(
        lambda value: {"L": [{"S": each} for each in value]} if value or kept else None,
        lambda value: tuple([each["S"] for each in value["L"]]),
    )


def json_text(
    load: Callable[[Any], Any] | None = None, dump: Callable[[Any], Any] | None = None, *, kept: bool = False
) -> Column:
    """A value as compact JSON; an empty object or tuple is left out unless it is `kept`.

    `dump` turns the field into what JSON has, `load` turns that back.
    """

    def write(value: Any) -> Item | None:
        if not kept and value in ({}, ()):
            return None
        return {"S": to_json(dump(value) if dump else value)}

    def read(value: Item) -> Any:
        found = json.loads(value["S"])
        return load(found) if load else found

    return Column(write, read)


def to_json(value: Any) -> str:
    """Return a value as rows keep it: compact, and readable in any script."""
    return packing.encode(value)


def row_key(key: tuple[str, str]) -> Item:
    """Return a key of switchyard.store.keys as DynamoDB takes it."""
    pk, sk = key
    return {"pk": {"S": pk}, "sk": {"S": sk}}


class Codec[E]:
    """How one kind of entity lies in the table. Its dataclass has no slots: reading sets all fields at once.

    `key` returns partition and sort key of an entity. `columns` are the exceptions to the annotations.
    `index_keys` are the attributes that put it into indexes, each with what returns its value (None: not in there),
    for entities that are `listed`. `beside` returns what else the row has; `apart` names the fields that it writes,
    and `restore` reads these from the row. `moving` are attributes that change without a new version: an update
    requires that they are as they were read. The fields of `packed` rows lie together (store/packing.py).
    """

    def __init__(
        self,
        entity: type[E],
        key: Callable[[E], tuple[str, str]],
        *,
        columns: Mapping[str, Column] | None = None,
        index_keys: Mapping[str, Callable[[E], str | None]] | None = None,
        listed: Callable[[E], bool] | None = None,
        beside: Callable[[E], Item] | None = None,
        apart: Iterable[str] = (),
        restore: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
        moving: Iterable[str] = (),
        packed: bool = False,
    ) -> None:
        if "__slots__" in vars(entity):
            raise TypeError(f"{entity.__name__} has slots: its fields cannot be set at once")
        self.entity = entity
        self.index_keys = index_keys or {}
        self.columns = _columns(entity, columns or {}, frozenset(apart))
        self._key, self._listed, self._beside, self._restore = key, listed, beside, restore
        self._moving, self._packed = tuple(moving), packed
        # Most attributes are texts under their field's own name: these are written and read without a call.
        self._texts = frozenset(name for name, each in self.columns.items() if each is TEXT)
        others = {name: each for name, each in self.columns.items() if each is not TEXT}
        self._writers = [(name, each.attribute or name, each.write) for name, each in others.items()]
        self._readers = {each.attribute or name: (name, each.read) for name, each in others.items()}
        self._blank, self._made, self._needed = _defaults(entity, self.columns)

    def to_item(self, entity: E) -> Item:
        """Return the row of an entity: its key, its fields, and the keys of the indexes that it is in."""
        item = row_key(self._key(entity))
        values = vars(entity)
        for name in self._texts:
            if (text := values[name]) is not None:
                item[name] = {"S": text}
        for name, attribute, write in self._writers:
            value = values[name]
            if value is not None and (written := write(value)) is not None:
                item[attribute] = written
        if self._beside:
            item |= self._beside(entity)
        if self._listed is None or self._listed(entity):
            for attribute, value_of in self.index_keys.items():
                if (index_key := value_of(entity)) is not None:
                    item[attribute] = {"S": index_key}
        return packing.pack(item) if self._packed else item

    def from_item(self, item: Mapping[str, Any]) -> E:
        """Return the entity of a row (also of a stream image). Raises ValueError when the row lacks what it needs."""
        item = packing.unpack(item)
        if not item.keys() >= self._needed:
            lacking = ", ".join(sorted(self._needed - item.keys()))
            raise ValueError(f"The row of a {self.entity.__name__} lacks {lacking}.")
        found = self._blank.copy()
        for name, make in self._made:
            found[name] = make()
        for attribute, value in item.items():
            if attribute in self._texts:
                found[attribute] = value["S"]
            elif attribute in self._readers:
                name, read = self._readers[attribute]
                found[name] = read(value)
        if self._restore:
            found |= self._restore(item)
        return made(self.entity, found)

    # ------------------------------------------------------------ actions
    def unchanged(self, entity: E, *names: str) -> Item:
        """The condition that these fields of the row are as they are in an entity that was read."""
        conditions, attributes, values = [], {}, {}
        for name in names:
            column = self.columns[name]
            attributes[f"#{name}"] = column.attribute or name
            if self._packed and attributes[f"#{name}"] not in packing.BESIDE:
                raise TypeError(f"{self.entity.__name__}.{name} is packed: no condition can ask for it")
            value = vars(entity)[name]
            written = None if value is None else column.write(value)
            conditions.append(f"attribute_not_exists(#{name})" if written is None else f"#{name} = :{name}")
            if written is not None:
                values[f":{name}"] = written
        condition = {"ConditionExpression": " AND ".join(conditions), "ExpressionAttributeNames": attributes}
        return condition | ({"ExpressionAttributeValues": values} if values else {})

    def put(self, entity: E, condition: Mapping[str, Any] | None = None) -> Item:
        """The action that writes the whole row, under a condition: NEW, THERE, or what `unchanged` returns."""
        return {"Put": {"Item": self.to_item(entity), **(condition or {})}}

    def create(self, entity: E) -> Item:
        """The action that writes a row which must not be there yet."""
        return self.put(entity, NEW)

    def delete(self, entity: E, condition: Mapping[str, Any] | None = None) -> Item:
        """The action that removes the row, under such a condition."""
        return {"Delete": {"Key": row_key(self._key(entity)), **(condition or {})}}

    def update(self, before: E, after: E) -> Item:
        """The action that turns one version of an entity into the next: sets and removes what differs, nothing else.

        It holds only while `version` is as it was read, and with it the `moving` attributes that the old row has:
        index keys follow from them.
        """
        old, new = self.to_item(before), self.to_item(after)
        names, values, sets = {"#version": "version"}, {":was": old["version"]}, []
        condition = "#version = :was"
        for name in self._moving:
            if name in old:
                condition += f" AND {name} = :{name}"
                values[f":{name}"] = old[name]
        for position, (name, value) in enumerate(sorted(new.items())):
            if old.get(name) != value:
                names[f"#n{position}"], values[f":v{position}"] = name, value
                sets.append(f"#n{position} = :v{position}")
        removed = sorted(old.keys() - new.keys())
        names |= {f"#r{position}": name for position, name in enumerate(removed)}
        expression = "SET " + ", ".join(sets)
        if removed:
            expression += " REMOVE " + ", ".join(f"#r{position}" for position in range(len(removed)))
        return {
            "Update": {
                "Key": {"pk": new["pk"], "sk": new["sk"]},
                "UpdateExpression": expression,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            }
        }


def _columns(entity: type, exceptions: Mapping[str, Column], apart: frozenset[str]) -> dict[str, Column]:
    unknown = (exceptions.keys() | apart) - {each.name for each in fields(entity)}
    if unknown:
        raise TypeError(f"{entity.__name__} has no {', '.join(sorted(unknown))}")
    return {
        each.name: exceptions.get(each.name) or _column_of(entity, each.name, each.type)
        for each in fields(entity)
        if each.name not in apart
    }


def _column_of(entity: type, name: str, annotation: Any) -> Column:
    """Return the column for an annotation."""
    kind = annotation
    if get_origin(annotation) is UnionType:
        kinds = [each for each in get_args(annotation) if each is not NoneType]
        kind = kinds[0] if len(kinds) == 1 else None
    origin = get_origin(kind)
    if kind is str or origin is Literal:
        return TEXT
    if kind is bool:
        return FLAG
    if kind is int:
        return NUMBER
    if kind == tuple[str, ...]:
        return texts()
    if origin is tuple:
        return json_text(tuple)
    if origin is Mapping or kind is Any:
        return json_text()
    raise TypeError(f"{entity.__name__}.{name}: {annotation} gives no column, declare one")


def _defaults(
    entity: type, columns: Mapping[str, Column]
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], frozenset[str]]:
    """Return what fields are that a row lacks, what makes the mutable defaults, and the attributes it needs."""
    blank: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    needed = set()
    for each in fields(entity):
        if each.default_factory is not MISSING:
            made.append((each.name, each.default_factory))
        elif each.default is not MISSING:
            blank[each.name] = each.default
        elif get_origin(each.type) is UnionType:
            blank[each.name] = None
        elif each.name in columns:
            needed.add(columns[each.name].attribute or each.name)
    return blank, made, frozenset(needed)
