"""Readings make a table: the same columns, with values of the same types, whatever the names are."""

from __future__ import annotations

import json
from typing import Any, get_args, get_origin

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medialib.naming import ParsedName, parse_name, parse_names

NAMES = (
    "Show.S01E02E03.1080p.WEB-DL.DDP5.1.x264-GRP.mkv",
    "[Group] Show - 12.5v2 [ABCD1234].mkv",
    "Tonight.2024.05.17.720p.HDTV.x264-GRP.mkv",
    "The.Film.1999.Extended.German.2160p.BluRay.DV.HDR10.x265-GRP.mkv",
    "x",
    "",
    "Show \udcff\udc80.S01E02.mkv",
)


def fits(value: object, column: Any) -> bool:
    if get_origin(column) is list:
        items = get_args(column)[0]
        return isinstance(value, list) and all(fits(item, items) for item in value)
    if column is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is column


@given(st.text(max_size=80) | st.sampled_from(NAMES))
@example(NAMES[-1])
def test_every_row_has_every_column_in_order(name: str) -> None:
    row = parse_name(name).to_dict()
    columns = ParsedName.columns()
    assert list(row) == list(columns)
    optional = {field.name for field in attrs.fields(ParsedName) if "None" in str(field.type)}
    for key, value in row.items():
        assert (value is None and key in optional) or fits(value, columns[key]), key
    written = json.dumps(row, ensure_ascii=False)
    assert json.loads(written) == row
    written.encode()


def test_columns_are_all_fields_but_the_findings() -> None:
    fields = [field.name for field in attrs.fields(ParsedName)]
    assert list(ParsedName.columns()) == [name for name in fields if name != "findings"]
    ParsedName.columns().clear()
    assert ParsedName.columns()


def test_half_a_pair_of_surrogates_is_spelt_out() -> None:
    row = parse_name(NAMES[-1]).to_dict()
    assert (row["name"], row["title"], row["season_pack"], row["seasons"]) == (
        "Show \\udcff\\udc80.S01E02.mkv",
        "Show \\udcff\\udc80",
        False,
        [1],
    )
    assert parse_name("Märchen.S01E02").to_dict()["title"] == "Märchen"


# ---------------------------------------------------------------------------------- with the libraries, where installed


def test_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed; it is no dependency")
    columns = list(ParsedName.columns())
    table = pandas.DataFrame(parsed.to_dict() for parsed in parse_names(NAMES))
    assert list(table.columns) == columns
    types = table.convert_dtypes().dtypes.astype(str)
    assert [types[name] for name in ("title", "year", "remux", "confidence")] == [
        "string", "Int64", "boolean", "Float64",
    ]  # fmt: skip
    assert list(table.explode("episodes")["episodes"].dropna()) == [2, 3, 2]
    empty = pandas.DataFrame((parsed.to_dict() for parsed in parse_names(())), columns=columns)
    assert (list(empty.columns), len(empty)) == (columns, 0)


def test_a_table_of_polars() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed; it is no dependency")
    tables = [
        polars.DataFrame((parsed.to_dict() for parsed in parse_names(names)), schema=ParsedName.columns())
        for names in (NAMES, (), ["x"] * 300 + ["[G] Show - 12.5"])
    ]
    assert tables[0].schema == tables[1].schema == tables[2].schema
    assert str(tables[0].schema["episodes"]) == "List(Float64)"
    assert tables[2]["absolute_episodes"].to_list()[-1] == [12.5]
