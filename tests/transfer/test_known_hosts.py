"""known_hosts is read as OpenSSH reads it."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import HostKeyChanged, HostKeyUnknown
from medialib.transfer.known_hosts import HostKeys, fingerprint, host_label, known_keys, refusal

hosts = st.from_regex(r"[a-z][a-z0-9-]{0,9}(\.[a-z]{2,5}){0,2}", fullmatch=True)
ports = st.sampled_from([22, 2222, 65535])
keys = st.binary(min_size=1, max_size=8)


def line(names: str, key: bytes, marker: str = "") -> str:
    return f"{marker} {names} ssh-ed25519 {base64.b64encode(key).decode()} a comment".strip()


def hashed(label: str, salt: bytes) -> str:
    digest = hmac.new(salt, label.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@given(hosts, ports, keys, st.binary(min_size=20, max_size=20))
def test_a_hashed_name_means_what_the_plain_one_does(host: str, port: int, key: bytes, salt: bytes) -> None:
    label = host_label(host, port)
    assert known_keys(line(hashed(label, salt), key), host, port) == known_keys(line(label, key), host, port)
    assert known_keys(line(hashed(f"x{label}", salt), key), host, port) == HostKeys()


@given(hosts, ports, keys, keys)
def test_a_key_is_trusted_only_where_it_stands(host: str, port: int, key: bytes, other: bytes) -> None:
    known = known_keys(line(host_label(host, port), key), host, port)
    assert known.judge(key) == "trusted"
    assert (known.judge(other) == "trusted") == (key == other)
    assert known_keys("", host, port).judge(key) == "unknown"


@given(hosts, ports, keys)
def test_revoked_beats_trusted(host: str, port: int, key: bytes) -> None:
    text = "\n".join([line(host_label(host, port), key), line("*", key, "@revoked")])
    assert known_keys(text, host, port).judge(key) == "revoked"


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert known_keys(text, "seedbox.example", 22).judge(b"no key") in ("unknown", "changed")


@given(st.lists(st.sampled_from(["ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512", "ecdsa-sha2-nistp256"]), unique=True))
def test_preferring_leaves_nothing_out(offered: list[str]) -> None:
    preferred = HostKeys(trusted=(("ssh-rsa", b"A"),)).algorithms(offered)
    assert sorted(preferred) == sorted(offered)
    rsa = [name.startswith("rsa") for name in preferred]
    assert rsa == sorted(rsa, reverse=True)


@pytest.mark.parametrize(
    ("names", "host", "port", "verdict"),
    [
        ("*.example", "seedbox.example", 22, "trusted"),
        ("seedbox.example,192.0.2.1", "192.0.2.1", 22, "trusted"),
        ("*.example,!seedbox.example", "seedbox.example", 22, "unknown"),
        ("SeedBox.example", "seedbox.EXAMPLE", 22, "trusted"),
        ("[seedbox.example]:2222", "seedbox.example", 22, "unknown"),
        ("[seedbox.example]:2222", "seedbox.example", 2222, "trusted"),
        ("[*.example]:2222", "seedbox.example", 2222, "trusted"),
        ("seedbox.example", "seedbox.example", 2222, "trusted"),
        ("seedbox.exampl?", "seedbox.example", 22, "trusted"),
        ("|1|garbage", "seedbox.example", 22, "unknown"),
        ("|1|a|b", "seedbox.example", 22, "unknown"),
    ],
)
def test_forms_of_names(names: str, host: str, port: int, verdict: str) -> None:
    assert known_keys(line(names, b"KEY"), host, port).judge(b"KEY") == verdict


def test_a_key_pinned_to_the_port_outweighs_one_without() -> None:
    text = "\n".join([line("[box]:2222", b"PINNED"), line("box", b"PLAIN"), "# comment", "broken", "box ssh-rsa ###"])
    known = known_keys(text, "box", 2222)
    assert known.judge(b"PLAIN") == "changed"
    assert known.judge(b"PINNED") == "trusted"


def test_refusals_name_the_host_the_key_and_the_way_out() -> None:
    known = HostKeys(trusted=(("ssh-ed25519", b"OLD"),))
    changed = refusal("changed", known, "box", 2222, "ssh-ed25519", b"NEW", "/home/ann/my hosts")
    assert isinstance(changed, HostKeyChanged)
    assert fingerprint(b"NEW") in str(changed)
    assert fingerprint(b"OLD") in str(changed)
    assert "ssh-keygen -f '/home/ann/my hosts' -R '[box]:2222'" in str(changed)
    unknown = refusal("unknown", HostKeys(authorities=True), "box", 22, "ssh-rsa", b"NEW", "known_hosts")
    assert isinstance(unknown, HostKeyUnknown)
    assert "@cert-authority" in str(unknown)
    assert isinstance(refusal("revoked", known, "box", 22, "ssh-rsa", b"NEW", "f"), HostKeyChanged)
    assert refusal("trusted", known, "box", 22, "ssh-ed25519", b"OLD", "f") is None
