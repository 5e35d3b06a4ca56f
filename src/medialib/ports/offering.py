"""What a thing can do besides, asked often: `isinstance` of a protocol, remembered by class."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ["offers"]

_Offered = TypeVar("_Offered")


def offers(thing: object, protocol: type[_Offered]) -> TypeIs[_Offered]:
    """Whether the class of `thing` has the methods of a runtime-checkable protocol without attributes.

    Before Python 3.12, `isinstance` of a protocol takes longer than a small file takes to be written.

    >>> from medialib.ports import SupportsHolding
    >>> offers(b"", SupportsHolding)
    False
    """
    asked = type(thing), protocol
    found = _KNOWN.get(asked)
    if found is None:
        found = _KNOWN[asked] = issubclass(*asked)
    return found


_KNOWN: dict[tuple[type, type], bool] = {}
