"""Dialects: the configuration files of older programs, each with its own reader, recognised by shape.

A file is in one dialect or in the native form, never in a mixture. To add a dialect, write a module with a reader and a
`Dialect`, and name it in `DIALECTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from medialib.config.description import section_types
from medialib.config.dialects.ini import UnreadableIni, parse_ini
from medialib.config.dialects.sync2nas import SYNC2NAS, read_sync2nas
from medialib.config.dialects.translation import Dialect, DialectFault, Translation

__all__ = [
    "DIALECTS",
    "INI_ENDINGS",
    "Dialect",
    "DialectFault",
    "Translation",
    "UnreadableIni",
    "foreign_section",
    "parse_ini",
    "read_sync2nas",
    "recognise",
]

DIALECTS: Final = (SYNC2NAS,)
"""Every dialect that is known."""
INI_ENDINGS: Final = (".ini", ".cfg", ".conf")
"""How the names of INI files end."""


def recognise(document: Mapping[str, Any]) -> Dialect | None:
    """The dialect that an INI document is in, by the names of its sections; None if it is in none.

    >>> recognise({"sftp": {}, "nonsense": {}}).name, recognise({"download": {}})
    ('sync2nas', None)
    """
    return next((dialect for dialect in DIALECTS if dialect.recognises(document)), None)


def foreign_section(name: str) -> str | None:
    """What to say of a section in a native file that only a dialect has; None if no dialect has it.

    >>> foreign_section("Transfers")
    'is a section of the INI file of sync2nas, which is never mixed with the native form; here it is download'
    """
    if name.lower() in {section for section, _ in section_types()}:
        return None
    for dialect in DIALECTS:
        for section, native in dialect.sections.items():
            if section.lower() == name.lower():
                mixed = f"is a section of {dialect.title}, which is never mixed with the native form"
                return f"{mixed}; here it is {native}"
    return None
