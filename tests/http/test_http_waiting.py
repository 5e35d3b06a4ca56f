"""How long a service asks to wait, and what importing costs."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import UnusableAnswer
from medialib.http import HttpOptions, Rate
from medialib.http.transport import parse_answer
from medialib.http.waiting import parse_retry_after

INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.text() | st.none(), INSTANTS)
def test_no_text_is_too_strange(text: str | None, now: datetime) -> None:
    found = parse_retry_after(text, now)
    assert found is None or found >= 0


@given(st.integers(0, 10**9), INSTANTS)
def test_seconds_are_read(seconds: int, now: datetime) -> None:
    """RFC 9110, 10.2.3: delay-seconds is a non-negative decimal integer."""
    assert parse_retry_after(f" {seconds} ", now) == seconds


@given(st.integers(-(10**6), 10**6), INSTANTS)
def test_dates_are_read(offset: int, now: datetime) -> None:
    """RFC 9110, 10.2.3: or an HTTP date; one that has passed asks for no wait."""
    now = now.replace(microsecond=0)
    then = format_datetime(now + timedelta(seconds=offset), usegmt=True)
    assert parse_retry_after(then, now) == max(0, offset)


def test_a_date_of_another_zone_is_read() -> None:
    now = datetime(2024, 5, 17, 12, tzinfo=UTC)
    then = format_datetime((now + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=2))))
    assert parse_retry_after(then, now) == 60


@pytest.mark.parametrize("text", ["-5", "1e9", "inf", "nan", "", "soon", "17 May", "Fri, 99 May 2024 12:00:00 GMT"])
def test_what_is_neither_is_none(text: str) -> None:
    assert parse_retry_after(text, datetime(2024, 5, 17, 12, tzinfo=UTC)) is None


LEAVES = st.booleans() | st.integers() | st.text()
BRANCHES = st.lists(LEAVES) | st.dictionaries(st.text(), LEAVES)
JSON = LEAVES | st.lists(BRANCHES) | st.dictionaries(st.text(), BRANCHES)


@given(st.binary())
def test_an_answer_is_read_or_unusable(body: bytes) -> None:
    try:
        found = parse_answer(body, "x")
    except UnusableAnswer:
        return
    assert found is not None


@given(JSON)
def test_json_is_read(value: object) -> None:
    assert parse_answer(json.dumps(value).encode(), "x") == value


@pytest.mark.parametrize("values", [{"timeout": 0}, {"patience": -1}, {"max_bytes": 0}])
def test_options_that_make_no_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        HttpOptions(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [(0, 1), (1, 0), (-1, 1)])
def test_rates_that_make_no_sense_are_refused(values: tuple[int, float]) -> None:
    with pytest.raises(ValueError):
        Rate(*values)


def test_importing_it_loads_nothing_of_requests() -> None:
    script = (
        "import sys, medialib.http; print([name for name in sys.modules if name.startswith(('requests', 'urllib3'))])"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"
