"""Which addresses may be asked: those from the configuration all, those from data only public ones."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from medialib.errors import ConnectionLost, RequestRefused, UnsafePath

__all__ = ["Resolve", "check_public_url", "check_redirect", "is_public", "origin"]

Resolve: TypeAlias = Callable[..., Iterable[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or something that answers like it."""

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# what browsers, Python and libc do not read alike
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f-\xa0\\]")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet; IPv4 within IPv6 is judged by what it holds.

    >>> [is_public(address) for address in ("9.9.9.9", "192.168.1.4", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        held = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            held = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if held is not None:
            return is_public(str(held))
        if found.teredo is not None or found.is_site_local:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def origin(parts: SplitResult) -> tuple[str, str, int | None]:
    """Scheme, host and port, by which two addresses belong together (RFC 6454).

    >>> origin(urlsplit("https://Example.org/a")) == origin(urlsplit("https://example.org:443/b"))
    True
    """
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)


def _addresses(host: str, port: int | None, resolve: Resolve) -> tuple[str, ...]:
    """Every address of a host; raises ConnectionLost where it has none."""
    try:
        found = tuple(str(entry[4][0]) for entry in resolve(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        found = ()
    if not found:
        raise ConnectionLost(f"the host {host} has no address", remedy="Check its spelling and the network.")
    return found


def _split(url: str, schemes: Collection[str]) -> SplitResult:
    """The parts of an address that is what it seems; raises UnsafePath, quoting no more than scheme and host."""
    remedy = f"Give an address of the form {min(schemes, key=len)}://host/path."
    if _AMBIGUOUS.search(url):
        raise UnsafePath("an address holds spaces, control characters or backslashes", remedy=remedy)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UnsafePath("an address cannot be read", remedy=remedy) from None
    if parts.scheme not in schemes:
        raise UnsafePath(f"an address begins with {parts.scheme or 'nothing'}:, not {' or '.join(schemes)}:")
    if not host:
        raise UnsafePath("an address names no host", remedy=remedy)
    if parts.username is not None or parts.password is not None:
        raise UnsafePath(f"the address at {host} holds credentials", remedy="Leave them out of the address.")
    return parts


def check_public_url(url: str, *, schemes: Collection[str] = ("https",), resolve: Resolve = socket.getaddrinfo) -> None:
    """Let pass only an address, found in data, that leads to the open internet.

    Every address that the host resolves to must be public: no private, loopback, link-local, multicast or reserved one,
    whatever its notation. Raises UnsafePath for one that must not be asked, and ConnectionLost for a host that does
    not resolve. `resolve` answers as `socket.getaddrinfo` does. A name can be given another address a moment later;
    where that matters, let a firewall keep the private network shut.

    >>> check_public_url("https://9.9.9.9/poster.jpg", resolve=lambda host, port, type: [(0, 0, 0, "", (host, port))])
    >>> check_public_url("https://192.168.1.1/", resolve=lambda host, port, type: [(0, 0, 0, "", (host, port))])
    Traceback (most recent call last):
    medialib.errors.UnsafePath: the host 192.168.1.1 is in a private network...
    """
    parts = _split(url, schemes)
    assert parts.hostname is not None
    if not all(is_public(address) for address in _addresses(parts.hostname, parts.port, resolve)):
        raise UnsafePath(
            f"the host {parts.hostname} is in a private network, and its address came from data",
            remedy="If it is yours, name it in the configuration.",
        )


def check_redirect(old: str, new: str, *, name: str, resolve: Resolve = socket.getaddrinfo) -> bool:
    """Whether a redirect stays with the same service, so that its keys may go along.

    http may become https; nothing else changes the scheme. Raises RequestRefused for a redirect that must not be
    followed: to another scheme, with credentials, or from a public host into a private network.

    >>> check_redirect("http://127.0.0.1/a", "http://127.0.0.1:80/b", name="tvmaze")
    True
    >>> check_redirect("http://127.0.0.1/a", "ftp://127.0.0.1/b", name="tvmaze")
    Traceback (most recent call last):
    medialib.errors.RequestRefused: tvmaze redirects to an address that is not followed: an address begins with ftp...
    """
    before = urlsplit(old)
    try:
        after = _split(new, ("https",) if before.scheme == "https" else ("http", "https"))
    except UnsafePath as error:
        raise RequestRefused(
            f"{name} redirects to an address that is not followed: {error.message}",
            remedy="Check the service's base URL.",
        ) from None
    assert before.hostname is not None
    assert after.hostname is not None
    if origin(before) == origin(after):
        return True
    (_, host, port), (_, new_host, new_port) = origin(before), origin(after)
    if host == new_host and (port, new_port) == (_PORTS["http"], _PORTS["https"]):
        return True
    public = all(is_public(address) for address in _addresses(before.hostname, before.port, resolve))
    if public and not all(is_public(address) for address in _addresses(after.hostname, after.port, resolve)):
        raise RequestRefused(
            f"{name} redirects from the public {before.hostname} into a private network ({after.hostname})",
            remedy="Check the service's base URL; something between may be tampering.",
        )
    return False
