"""The bytes of SFTP version 3: whatever way they are cut, the same replies; whatever they claim, no surprise."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.transfer.sftp_messages import (
    Limits,
    NotSftp,
    Reply,
    parse_extensions,
    parse_handle,
    parse_limits,
    parse_status,
    request,
    string,
)
from medialib.transfer.sftp_names import parse_attributes, parse_names
from medialib.transfer.sftp_replies import ReplyParser

REPLIES = st.tuples(
    st.sampled_from([Reply.STATUS, Reply.HANDLE, Reply.DATA, Reply.NAME, Reply.ATTRS, 77]),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=60),
)


@given(st.lists(REPLIES, max_size=12), st.lists(st.integers(1, 40), min_size=1), st.binary(max_size=3))
def test_however_the_bytes_are_cut_the_replies_are_the_same(replies, cuts, after_data) -> None:
    sent = b"".join(
        request(kind, number, string(body) + after_data if kind == Reply.DATA else body)
        for kind, number, body in replies
    )
    parser, found, at, step = ReplyParser(), [], 0, 0
    while at < len(sent):
        count = cuts[step % len(cuts)]
        for part in parser.feed(sent[at : at + count]):
            if found and found[-1][3]:
                assert part.kind == Reply.DATA
                assert found[-1][1] == part.number
                found[-1] = (part.kind, part.number, found[-1][2] + bytes(part.body), part.left)
            else:
                found.append((part.kind, part.number, bytes(part.body), part.left))
        at, step = at + count, step + 1
    assert found == [(kind, number, body, 0) for kind, number, body in replies]
    assert parser.between


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    parser = ReplyParser(longest=100)
    try:
        for part in parser.feed(data):
            assert len(part.body) < 100
    except NotSftp:
        return


@given(st.binary(max_size=120))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    for parse in (parse_names, parse_attributes, parse_extensions, parse_handle, parse_limits, parse_status):
        try:
            parse(body)
        except NotSftp:
            continue


@pytest.mark.parametrize("length", [0, 4, 2**24, 2**32 - 1])
def test_lengths_that_cannot_be_are_refused_before_their_bytes_come(length: int) -> None:
    head = struct.pack(">IB", length, Reply.NAME)
    with pytest.raises(NotSftp):
        ReplyParser().feed(head + bytes(20))
    parser = ReplyParser()
    with pytest.raises(NotSftp):
        [parser.feed(bytes([byte])) for byte in head + b"0"]


def test_a_file_s_bytes_cannot_exceed_their_reply() -> None:
    with pytest.raises(NotSftp):
        ReplyParser().feed(struct.pack(">IBII", 12, Reply.DATA, 1, 4) + b"1234")


def test_limits_are_never_less_than_every_server_must_take() -> None:
    assert parse_limits(bytes(32)) == Limits()
    assert parse_limits(struct.pack(">QQQQ", *[2**64 - 1] * 4)).read < 2**24
