# SPDX-License-Identifier: Apache-2.0
"""What a caller gives is looked at before anything is asked of anybody: a wrong type is a TypeError, a
wrong value a ValueError, and both name the argument. Nothing is made a text by str()."""

from __future__ import annotations

import math
import os
from collections import abc
from typing import Any, Iterable, List, Mapping, Optional, Union

from .values import Ref

Path = Union[str, "os.PathLike[str]"]
AnyRef = Union[str, Ref]
Number = Union[int, str]

#: As long as it takes, for the library.
FOR_EVER_MS = 2**32 - 1
#: A number of bytes that is not known, for the library.
UNKNOWN_SIZE = 2**64 - 1


def wrong(name: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{name}: expected {wanted}, not {type(value).__name__}")


def place(name: str, value: AnyRef) -> str:
    """The text of a reference or a place."""
    if isinstance(value, Ref):
        return str(value)
    if not isinstance(value, str):
        raise wrong(name, "str or zreg.Ref", value)
    return value


def path(name: str, value: Optional[Path]) -> Optional[str]:
    if value is None:
        return None
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else value
    if not isinstance(text, str):
        raise wrong(name, "str or os.PathLike of str", value)
    return text


def needed_path(name: str, value: Path) -> str:
    text = path(name, value)
    if text is None:
        raise wrong(name, "str or os.PathLike of str", value)
    return text


def number(name: str, value: Optional[Number]) -> Optional[str]:
    """The text of what Zuul counts: a change, a patchset."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(name, "int or str", value)
    if value < 0:
        raise ValueError(f"{name}: {value} is negative")
    return str(value)


def flag(name: str, value: bool) -> int:
    if not isinstance(value, bool):
        raise wrong(name, "bool", value)
    return int(value)


def byte_count(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(name, "int", value)
    if not 0 <= value < UNKNOWN_SIZE:
        raise ValueError(f"{name}: {value} is out of range")
    return value


def seconds(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(name, "a number of seconds", value)
    if math.isnan(value) or value < 0:
        raise ValueError(f"{name}: {value} is no time; it is 0 or more seconds")
    return value


def milliseconds(name: str, value: Optional[float]) -> int:
    """0, which means the default to the library, for None."""
    if value is None:
        return 0
    if seconds(name, value) == 0:
        raise ValueError(f"{name}: 0 is no time; it is more than 0 seconds, or None for the default")
    return max(1, grace_ms(name, value))


def grace_ms(name: str, value: float) -> int:
    """0 is none, and infinity as long as it takes."""
    return math.ceil(min(seconds(name, value) * 1000, FOR_EVER_MS))


def items(name: str, values: Iterable[Any]) -> List[Any]:
    """A list. One text alone would be taken for a list of letters, and a set has no order."""
    if isinstance(values, (str, bytes, bytearray, abc.Set, abc.Mapping)) or not isinstance(values, abc.Iterable):
        raise wrong(name, "a list", values)
    return list(values)


def texts(name: str, values: Optional[Iterable[str]]) -> Optional[List[str]]:
    if values is None:
        return None
    listed = items(name, values)
    for value in listed:
        if not isinstance(value, str):
            raise wrong(name, "a list of str", value)
    return listed


def places(name: str, values: Iterable[AnyRef]) -> List[str]:
    return [place(name, value) for value in items(name, values)]


def paths(name: str, values: Iterable[Path]) -> List[str]:
    return [needed_path(name, value) for value in items(name, values)]


def pairs(name: str, values: Mapping[str, str]) -> List[str]:
    """KEY=VALUE of each."""
    if not isinstance(values, abc.Mapping):
        raise wrong(name, "a mapping of str to str", values)
    for key, value in values.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise wrong(name, "a mapping of str to str", value if isinstance(key, str) else key)
        if "=" in key or not key:
            raise ValueError(f"{name}: {key!r} is no name; a name is not empty and has no '='")
    return [f"{key}={value}" for key, value in values.items()]
