"""Values that must be used and must not be seen: passwords, passphrases, addresses that hold a password.

A secret never shows itself by accident: not in a repr, an f-string, a log line, a table of rich, a JSON text or a
pickle. The one way to its text is `Secret.reveal`, which a reviewer can search for.
"""

from __future__ import annotations

import re
from hmac import compare_digest
from typing import Any, Final, NoReturn, Self

__all__ = ["MASK", "Secret", "SecretUrl"]

MASK: Final = "••••"
"""What is shown in place of a secret, whatever its length."""

# Up to the last @ of all: a password may hold any character that its writer forgot to percent-encode.
_USER_PASSWORD = re.compile(r"(?P<before>^[A-Za-z][\w+.-]*://[^/?#@:]*:)(?P<password>.*)(?=@)", re.DOTALL)
_QUERY_PASSWORD = re.compile(r"(?P<before>[?&](?:ssl)?password=)(?P<password>[^&#]*)", re.IGNORECASE)


class Secret:
    """A text that is never shown.

    Equal secrets compare equal, in a time that does not tell where they differ. Pickling is refused, for a pickle would
    hold the text; copying gives the same object, for it cannot change.

    >>> password = Secret("correct horse")
    >>> password, str(password), f"{password:>6}"
    (Secret('••••'), '••••', '  ••••')
    >>> password.reveal()
    'correct horse'
    >>> password == Secret("correct horse")
    True
    """

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._text

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)

    def __rich__(self) -> str:
        return str(self).replace("[", r"\[")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret) or type(other) is not type(self):
            return NotImplemented
        return compare_digest(self._text.encode("utf-8", "surrogatepass"), other._text.encode("utf-8", "surrogatepass"))

    def __hash__(self) -> int:
        return hash((type(self), self._text))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot change")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled: hand it over by other means")

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled: hand it over by other means")


class SecretUrl(Secret):
    """An address that may hold a password: shown whole but for that.

    >>> SecretUrl("postgresql://medialib:hunter2@db/medialib")
    SecretUrl('postgresql://medialib:••••@db/medialib')
    >>> str(SecretUrl("postgresql://db/medialib?password=hunter2&sslmode=require"))
    'postgresql://db/medialib?password=••••&sslmode=require'
    >>> SecretUrl("sqlite:////srv/catalogue.db").holds_password
    False
    """

    __slots__ = ()

    @property
    def holds_password(self) -> bool:
        """Whether a part of the address is hidden when it is shown."""
        return str(self) != self._text

    def __str__(self) -> str:
        shown = _USER_PASSWORD.sub(rf"\g<before>{MASK}", self._text)
        return _QUERY_PASSWORD.sub(rf"\g<before>{MASK}", shown)
