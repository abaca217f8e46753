"""Updates that write only what differs between two versions of a row."""

from collections.abc import Sequence

from switchyard.store.table import Item


def difference(old: Item, new: Item, moving: Sequence[str]) -> Item:
    """The action that turns one version of a row into the next: sets and removes what differs, nothing else.

    It holds only while `version` stands as it was read, and with it the attributes in `moving` that the old row has:
    they move without a new version, and index keys follow from them.
    """
    names, values, sets = {"#version": "version"}, {":was": old["version"]}, []
    condition = "#version = :was"
    for name in moving:
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
