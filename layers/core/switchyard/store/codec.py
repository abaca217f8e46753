"""The one codec of rows: from an entity to its row and back, and the conditional writes of it.

What an entity is made of follows from its struct in the domain, and the annotations give the types of its
attributes. Anything else is declared once, in the entity's file of this package: its keys, the exceptions
among its columns, and what its row has beside its fields.
"""

from collections.abc import Callable, Iterable, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from switchyard.domain import clock
from switchyard.domain.structs import Struct, is_mutable
from switchyard.store import packing
from switchyard.store.packing import FLAG, NUMBER, TEXT, Column, json_text, texts
from switchyard.store.table import Item

#: Conditions of a write: the row is not there yet, the row is there.
NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
THERE = {"ConditionExpression": "attribute_exists(pk)"}


def to_json(value: Any) -> str:
    """Return a value as rows keep it: compact, and readable in any script."""
    return packing.encode(value)


def row_key(key: tuple[str, str]) -> Item:
    """Return a key of switchyard.store.keys as DynamoDB takes it."""
    pk, sk = key
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def expiry(instant: str, seconds: int = 0) -> Item:
    """Return the value of `expires_at`, by which a row goes by itself (TTL): so many seconds after an instant."""
    return {"N": str(clock.milliseconds(instant) // 1000 + seconds)}


def unexpired(rows: Iterable[Item]) -> list[Item]:
    """Return the rows whose `expires_at` is to come; DynamoDB takes the others away within a few days.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
    """
    now = clock.epoch()
    return [each for each in rows if int(each["expires_at"]["N"]) > now]


class Codec[E: Struct]:
    """How one kind of entity lies in the table. Reading sets all fields at once.

    `key` returns partition and sort key of an entity. `columns` are the exceptions to the annotations.
    `index_keys` returns the attributes that put it into indexes (None: not in there). `beside` returns what else the
    row has; `apart` names the fields that it writes, and `restore` reads these from the row. `moving` are attributes
    that change without a new version: an update requires that they are as they were read. The fields of `packed` rows
    lie together (store/packing.py).
    """

    def __init__(
        self,
        entity: type[E],
        key: Callable[[E], tuple[str, str]],
        *,
        columns: Mapping[str, Column] | None = None,
        index_keys: Callable[[E], Mapping[str, str | None]] = lambda _: {},
        beside: Callable[[E], Item] | None = None,
        apart: Iterable[str] = (),
        restore: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
        moving: Iterable[str] = (),
        packed: bool = False,
    ) -> None:
        self.entity = entity
        self.index_keys = index_keys
        self.columns = _columns(entity, columns or {}, frozenset(apart))
        self._key, self._beside, self._restore = key, beside, restore
        self._moving = tuple(moving)
        # Most attributes are texts under their field's own name: these are written and read without a call.
        plain = [name for name, each in self.columns.items() if each is TEXT]
        self._texts = frozenset(plain)
        others = {name: each for name, each in self.columns.items() if each is not TEXT}
        self._writers = [(name, each.attribute or name, each.write, each.give) for name, each in others.items()]
        self._readers = {each.attribute or name: (name, each.read) for name, each in others.items()}
        self._packed = packed
        self._within = [(name, packing.SHORT.get(name, name)) for name in plain if name not in packing.APART]
        self._texts_beside = [name for name in plain if name in packing.BESIDE]
        # How a packed row has them: most values are the fields' own, the rest are made by a call.
        taken = {each.attribute or name: (name, each.take) for name, each in self.columns.items() if each.take}
        own = {name: field for name, (field, take) in taken.items() if take is packing.as_it_is}
        self._own = own | {packing.SHORT[name]: field for name, field in own.items() if name in packing.SHORT}
        self._takers = {name: each for name, each in taken.items() if name not in own}
        self._text_keys = self._texts & packing.APART
        self._readers_beside = {name: each for name, each in self._readers.items() if name in packing.APART}
        self._blank, self._made, self._needed = _defaults(entity, self.columns)
        self._count = len(self._blank) + len(self._made) + len(self._needed)

    def to_item(self, entity: E) -> Item:
        """Return the row of an entity: its key, its fields, and the keys of the indexes that it is in."""
        item = row_key(self._key(entity))
        values = vars(entity)
        if self._packed:
            self._write_packed(item, entity)
            return self._add_keys(item, entity)
        for name in self._texts:
            if (text := values[name]) is not None:
                item[name] = {"S": text}
        for name, attribute, write, _ in self._writers:
            value = values[name]
            if value is not None and (written := write(value)) is not None:
                item[attribute] = written
        if self._beside:
            item |= self._beside(entity)
        return self._add_keys(item, entity)

    def _write_packed(self, item: Item, entity: E) -> None:
        values, fields = vars(entity), dict[str, Any]()
        for name, short in self._within:
            if (text := values[name]) is not None:
                fields[short] = text
        for name in self._texts_beside:
            if (text := values[name]) is not None:
                item[name] = {"S": text}
        for name, attribute, write, give in self._writers:
            if (value := values[name]) is None:
                continue
            if give and attribute not in packing.BESIDE:
                if (given := give(value)) is not None:
                    fields[packing.SHORT.get(attribute, attribute)] = given
            elif (written := write(value)) is not None:
                packing.add(item, fields, attribute, written)
        for attribute, written in self._beside(entity).items() if self._beside else ():
            packing.add(item, fields, attribute, written)
        packing.close(item, fields)

    def _read_packed(self, item: Mapping[str, Any], text: str, found: dict[str, Any]) -> Item:
        """Add the fields of a packed row to what is `found`; returns what is no column, as attributes."""
        tenant, found["id"] = packing.named(item)
        if "tenant_id" in self._texts:
            found["tenant_id"] = tenant
        rest: Item = {"pk": item["pk"], "sk": item["sk"]}
        for stored, value in packing.decode(text).items():
            if stored in self._own:
                found[self._own[stored]] = value
                continue
            name = packing.FULL.get(stored, stored)
            if name in self._takers:
                field, take = self._takers[name]
                found[field] = take(value)
            elif name in self._readers:
                field, read = self._readers[name]
                found[field] = read(packing.typed(name, value))
            else:
                rest[name] = packing.typed(name, value)
        return rest

    def _add_keys(self, item: Item, entity: E) -> Item:
        for attribute, index_key in self.index_keys(entity).items():
            if index_key is not None:
                item[attribute] = {"S": index_key}
        return item

    def from_item(self, item: Mapping[str, Any]) -> E:
        """Return the entity of a row (also of a stream image). Raises ValueError when the row lacks what it needs."""
        found = self._blank.copy()
        for name, make in self._made:
            found[name] = make()
        rest, texts, readers = item, self._texts, self._readers
        if self._packed and (text := packing.text_of(item)) is not None:
            rest, texts, readers = self._read_packed(item, text, found), self._text_keys, self._readers_beside
        for attribute, value in item.items():
            if attribute in texts:
                found[attribute] = value["S"]
            elif attribute in readers:
                name, read = readers[attribute]
                found[name] = read(value)
        if len(found) < self._count:
            lacking = ", ".join(sorted(self._needed[name] for name in self._needed.keys() - found.keys()))
            raise ValueError(f"The row of a {self.entity.__name__} lacks {lacking}.")
        if self._restore:
            found |= self._restore(rest)
        return self.entity.made(found)

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


def _columns(entity: type[Struct], exceptions: Mapping[str, Column], apart: frozenset[str]) -> dict[str, Column]:
    unknown = (exceptions.keys() | apart) - entity.field_types.keys()
    if unknown:
        raise TypeError(f"{entity.__name__} has no {', '.join(sorted(unknown))}")
    return {
        name: exceptions.get(name) or _column_of(entity, name, annotation)
        for name, annotation in entity.field_types.items()
        if name not in apart
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
    entity: type[Struct], columns: Mapping[str, Column]
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], dict[str, str]]:
    """Return what fields are that a row lacks, what makes the mutable defaults, and what it needs, by field."""
    blank: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    needed: dict[str, str] = {}
    for name, annotation in entity.field_types.items():
        if name in entity.field_defaults:
            default = entity.field_defaults[name]
            if is_mutable(default):
                made.append((name, type(default)))
            else:
                blank[name] = default
        elif get_origin(annotation) is UnionType:
            blank[name] = None
        elif name in columns:
            needed[name] = columns[name].attribute or name
    return blank, made, needed
