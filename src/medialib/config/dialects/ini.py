r"""INI files, as configparser reads them: sections, ``key = value`` or ``key: value``, comments on lines of their own.

No ``%`` is interpolated, for passwords hold them; nothing is taken from ``[DEFAULT]`` into other sections.

>>> parse_ini("\ufeff; mine\r\n[SFTP]\r\nHost = box.example\r\npaths = /a,\r\n  /b ; not a comment\r\n")
{'SFTP': {'host': 'box.example', 'paths': '/a,\n/b ; not a comment'}}
"""

from __future__ import annotations

import configparser

__all__ = ["UnreadableIni", "parse_ini"]


class UnreadableIni(ValueError):
    """A text that is no INI file. The message shows nothing of its values."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line
        """Number of the line, from 1; None where it is not known."""


def parse_ini(text: str) -> dict[str, dict[str, str]]:
    """The values of an INI text by section (as spelled) and key (in small letters).

    A byte order mark and any kind of line end are taken. A value may go on in indented lines, joined by newlines.
    Raises `UnreadableIni` for a line that is no setting, for one before any section, and for what is there twice.

    >>> parse_ini("[SFTP]\\nport = 22\\nPort = 23")
    Traceback (most recent call last):
    medialib.config.dialects.ini.UnreadableIni: SFTP.port is there twice
    """
    # A name no file can spell, so that a [DEFAULT] in the file is a section like the others.
    parser = configparser.ConfigParser(interpolation=None, default_section="\n")
    try:
        parser.read_string(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    except configparser.DuplicateOptionError as error:
        raise UnreadableIni(f"{error.section}.{error.option} is there twice", error.lineno) from None
    except configparser.DuplicateSectionError as error:
        raise UnreadableIni(f"the section [{error.section}] is there twice", error.lineno) from None
    except configparser.MissingSectionHeaderError as error:
        raise UnreadableIni("is no INI file: a line stands before the first [section]", error.lineno) from None
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else getattr(error, "lineno", None)
        raise UnreadableIni("is no INI file: wants key = value in each line", line) from None
    return {section: dict(parser[section]) for section in parser.sections()}
