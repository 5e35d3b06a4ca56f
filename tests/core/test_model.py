"""The values that everything else speaks in."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib import model
from medialib.model import ExternalIds, FileEntry, Place, utc
from medialib.testing.strategies import external_ids, instants, paths, places

VALUES = [value for name in model.__all__ if attrs.has(value := getattr(model, name))]


@pytest.mark.parametrize("cls", VALUES)
def test_values_are_frozen_and_every_field_is_told_of(cls: type[attrs.AttrsInstance]) -> None:
    """All are frozen."""
    value = object.__new__(cls)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, attrs.fields(cls)[0].name, 1)


@given(instants())
def test_utc_is_the_same_instant_in_utc(moment: datetime) -> None:
    """The same instant in UTC."""
    assert utc(moment) == moment
    assert utc(moment).tzinfo is UTC
    assert utc(utc(moment)) == utc(moment)


@given(st.datetimes())
def test_a_naive_datetime_names_no_instant(moment: datetime) -> None:
    """Raises ValueError for a naive datetime, which names no instant."""
    with pytest.raises(ValueError, match="has no time zone"):
        utc(moment)


@given(places())
def test_a_place_reads_as_location_and_path(place: Place) -> None:
    assert str(place) == f"{place.location}:{place.path}"


@given(paths(), st.integers(0, 9), st.integers(0, 9))
def test_name_and_folder_make_the_path(path: str, size: int, mtime_ns: int) -> None:
    """`folder` is the path without its last part, empty at the root; `name` is that part."""
    entry = FileEntry(path, size, mtime_ns)
    assert "/".join(part for part in (entry.folder, entry.name) if part) == path
    assert "/" not in entry.name


@given(external_ids(), external_ids(), external_ids())
def test_merging_ids_fills_gaps_and_overwrites_nothing(
    one: ExternalIds, other: ExternalIds, third: ExternalIds
) -> None:
    """These ids, with the gaps filled from `other`."""
    merged = one.merged(other)
    for name in attrs.fields_dict(ExternalIds):
        kept, filled = getattr(one, name), getattr(other, name)
        assert getattr(merged, name) == (filled if kept is None else kept)
    assert one.merged(ExternalIds()) == one == ExternalIds().merged(one) == one.merged(one)
    assert one.merged(other).merged(third) == one.merged(other.merged(third))


def test_ids_of_nought_are_ids() -> None:
    assert ExternalIds(tmdb=0, imdb="").merged(ExternalIds(tmdb=5, imdb="tt1")) == ExternalIds(tmdb=0, imdb="")
