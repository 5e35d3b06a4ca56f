"""Observers are told of every happening, in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medialib.events import BytesMoved, Event, Noted, PlanStarted, everyone, nobody

happenings = st.lists(
    st.one_of(
        st.builds(Noted, st.text()),
        st.builds(BytesMoved, st.text(), st.integers(0)),
        st.builds(PlanStarted, st.text(), st.integers(0), st.integers(0)),
    )
)


@given(happenings, st.integers(0, 3))
def test_everyone_hears_everything_in_order(events: list[Event], listeners: int) -> None:
    """One observer that tells several, in order."""
    heard: list[list[Event]] = [[] for _ in range(listeners)]
    order: list[int] = []
    observers = [
        lambda event, index=index: (heard[index].append(event), order.append(index)) for index in range(listeners)
    ]
    tell = everyone(nobody, *observers)
    for event in events:
        tell(event)
    assert heard == [events] * listeners
    assert order == list(range(listeners)) * len(events)
