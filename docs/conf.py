"""How the documentation is built: ``uv run sphinx-build -W -n --keep-going docs docs/_build``."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "medialib"
author = "the authors of medialib"
release = metadata.version("medialib")

extensions = ["myst_parser", "sphinx.ext.autodoc", "generated_pages"]
exclude_patterns = ["_build", "reference/_generated"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"medialib {release}"
html_show_sourcelink = False
html_copy_source = False

# Docstrings write the names of things in single backquotes; most are plain words of this library.
default_role = "code"
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
autodoc_default_options = {"members": True, "no-value": True}
# no dashes made of the two hyphens of an option
smartquotes_action = "qe"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# attrs makes __init__ from source of its own: the defaults in it are told by their values

# Nothing is looked up on the network, so names of other packages have no page to point to.
nitpick_ignore_regex = [
    ("py:.*", r"(_thread|collections|concurrent|contextlib|datetime|logging|os|pathlib|random)\..*"),
    ("py:.*", r"(sqlite3|threading|types|typing)\..*"),
    ("py:.*", r"(attr|attrs|fsspec|mcp|hypothesis|paramiko|pytest|sqlalchemy)\..*"),
    ("py:class", r"(medialib\..*\.)?_[A-Z]\w*"),
]
# A field of a named tuple is annotated `date`, and classes of ours have a field of that name.
suppress_warnings = ["ref.python"]
# They stand in a signature, and what a reader needs of them is said elsewhere: an alias, or not public.
nitpick_ignore = [
    ("py:class", "Action"),
    ("py:class", "Client"),
    ("py:class", "Executor"),
    ("py:class", "Future"),
    ("py:class", "Path"),
    ("py:class", "Range"),
    ("py:class", "ModeBits"),
    ("py:class", "medialib.catalogue.milvus.MilvusCatalogue"),
    ("py:class", "medialib.catalogue.sql.SqlCatalogue"),
    ("py:class", "medialib.http.client.Answered"),
    ("py:class", "medialib.http.waiting.Patience"),
    ("py:class", "medialib.providers.imdb_index.ImdbIndex"),
    ("py:class", "medialib.workflows.offering.OfferedTitle"),
    ("py:class", "medialib.workflows.shelf.Shelf"),
    ("py:class", "TemplateOf"),
    ("py:class", "TypeIs"),
    ("py:class", "medialib.config.secret.Annotated"),
    ("py:class", "medialib.naming.absolute.CountedEpisode"),
    ("py:class", "medialib.naming.rendering.nodes.Group"),
    ("py:class", "medialib.naming.rendering.nodes.Numbering"),
    ("py:class", "medialib.naming.rendering.nodes.Text"),
    ("py:class", "medialib.naming.rendering.nodes.Value"),
    ("py:class", "medialib.planning.serial.T"),
    ("py:class", "medialib.testing.catalogue_machine.Operation"),
    ("py:class", "medialib.testing.catalogue_rows.RepositoryLaws"),
    ("py:class", "medialib.transfer.sftp_looking.LookingFileSystem"),
    ("py:class", "medialib.transfer.sftp_names.RemoteAttributes"),
    ("py:class", "medialib.transfer.sftp_reading.SftpReader"),
    ("py:class", "mcp.server.lowlevel.server.Server"),
]
