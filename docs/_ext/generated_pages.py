"""Pages that are made from the code at build time, so that they cannot be wrong: settings, commands, the plan's schema.

They are written below ``reference/_generated``, which is not kept in git, and included by the pages beside it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from typer.main import get_command

import medialib
from medialib.config import STARTER_CONFIGURATION, describe_settings
from medialib.planning import plan_schema
from medialib_cli.app import COMMANDS, EXIT_CODES, app, load_command

__all__ = ["commands_page", "settings_page", "setup"]


def settings_page() -> str:
    """Every key that can be configured, a table a section."""
    lines: list[str] = []
    for section, settings in groupby(describe_settings(), key=lambda each: each.path.rpartition(".")[0]):
        lines += [f"## `{section}`", "", "| key | value | default | meaning |", "|---|---|---|---|"]
        for each in settings:
            default = f"`{each.default}`" if each.default else ""
            cells = (f"`{each.path.rpartition('.')[2]}`", each.type, default, each.meaning)
            lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def commands_page() -> str:
    """Every command with its arguments and options, then the exit codes."""
    lines: list[str] = ["## medialib", "", *_described(get_command(app), "medialib")]
    for name, entry in COMMANDS.items():
        if not entry.hidden:
            lines += _section(load_command(name), f"medialib {name}", 2)
    lines += ["## Other spellings", "", "| written | means |", "|---|---|"]
    lines += [
        f"| `{name}` | {_cell(entry.help.removeprefix('Another spelling of ').rstrip('.'))} |"
        for name, entry in COMMANDS.items()
        if entry.hidden
    ]
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {_cell(meaning)} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join([*lines, ""])


def names_page(pages: Path) -> str:
    """The names that ``import medialib`` gives, each with a link to the page in `pages` that documents its module."""
    documented = [
        (module, page.stem)
        for page in sorted(pages.glob("*.md"))
        for module in re.findall(r"automodule:: ([\w.]+)", page.read_text(encoding="utf-8"))
    ]
    lines = ["| name | documented with |", "|---|---|"]
    for name in sorted(getattr(medialib, "__all__", ())):
        found = [(module, page) for module, page in documented if name in import_module(module).__all__]
        if found:
            module, page = found[0]
            lines.append(f"| {{py:obj}}`~{module}.{name}` | [{module}](../api/{page}.md) |")
        elif not name.startswith("__"):
            lines.append(f"| `{name}` | |")
    return "\n".join([*lines, ""])


def _section(command: Any, path: str, level: int) -> Iterator[str]:
    yield from (f"{'#' * level} {path}", "")
    inner = getattr(command, "commands", {})
    if inner:
        yield from (_prose(command.help), "")
        for name, sub in inner.items():
            yield from _section(sub, f"{path} {name}", level + 1)
    else:
        yield from _described(command, path)


def _described(command: Any, path: str) -> Iterator[str]:
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [_value(each) for each in shown if each.param_type_name == "argument"]
    last = "COMMAND [ARGS]..." if hasattr(command, "commands") else " ".join(arguments)
    yield from (_prose(command.help), "", "```text", f"{path} [OPTIONS] {last}".rstrip(), "```", "")
    if not shown:
        return
    yield from ("| argument or option | meaning |", "|---|---|")
    for parameter in shown:
        yield f"| {_spelling(parameter)} | {_cell(parameter.help or '')} |"
    yield ""


def _spelling(parameter: Any) -> str:
    value = _value(parameter)
    if parameter.param_type_name == "argument":
        return f"`{_cell(value)}`"
    spelled = " ".join(f"`{each}`" for each in sorted(parameter.opts, key=len))
    return f"{spelled} {_cell(value)}".rstrip()


def _value(parameter: Any) -> str:
    """What stands for the value in a usage line; empty for an option that takes none."""
    if getattr(parameter, "is_flag", False) or getattr(parameter, "count", False):
        return ""
    return str(parameter.metavar or parameter.name.upper())


def _prose(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").splitlines()).strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "reference" / "_generated"
    folder.mkdir(exist_ok=True)
    pages = {
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "names.md": names_page(folder.parent / "api"),
        "plan.schema.json": json.dumps(plan_schema(), indent=1) + "\n",
        "starter.toml": STARTER_CONFIGURATION,
    }
    for name, text in pages.items():
        page = folder / name
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def _unlink_builtins(app: Sphinx, document: nodes.document) -> None:
    """Fields may have the name of a builtin type (``Plan.bytes``): the type in a signature never means them."""
    for reference in document.findall(pending_xref):
        if reference.get("refdomain") == "py" and reference.get("reftarget") in ("bytes", "type"):
            reference.replace_self(nodes.Text(reference["reftarget"]))


def _find_docstring(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Data that a package hands on is described where it is made, in a module of that package."""
    package, _, short = name.rpartition(".")
    if what != "data":
        return
    for module in sorted(each for each in sys.modules if each.startswith(f"{package}.")):
        described = ModuleAnalyzer.for_module(module).find_attr_docs()
        if ("", short) in described:
            lines[:] = described["", short]
            return


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for sources."""
    app.connect("builder-inited", _write)
    app.connect("doctree-read", _unlink_builtins)
    app.connect("autodoc-process-docstring", _find_docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
