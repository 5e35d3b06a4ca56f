"""What a ``known_hosts`` file says of a host, read as OpenSSH reads it.

Source of the format: sshd(8), section "SSH_KNOWN_HOSTS FILE FORMAT". Understood are lists of names with ``*``, ``?``
and ``!``, hashed names, ``[host]:port`` and the marker ``@revoked``. ``@cert-authority`` lines trust no key by
themselves; that they were seen is kept, so that a refusal can say so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import shlex
from collections.abc import Iterable
from fnmatch import translate
from typing import Literal

import attrs

from medialib.errors import HostKeyChanged, HostKeyUnknown

__all__ = ["HostKeys", "Verdict", "fingerprint", "host_label", "known_keys", "refusal"]

Verdict = Literal["trusted", "changed", "revoked", "unknown"]

# The names by which a host proves that it holds a key of the type to the left (RFC 8332 for RSA).
_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


def host_label(host: str, port: int) -> str:
    """The name under which known_hosts files keep a host.

    >>> host_label("Seedbox.example", 22), host_label("seedbox.example", 2222)
    ('seedbox.example', '[seedbox.example]:2222')
    """
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def fingerprint(key: bytes) -> str:
    """How OpenSSH shows a public key to people: SHA-256 in unpadded base64.

    >>> fingerprint(b"")
    'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'
    """
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode("ascii").rstrip("=")


@attrs.frozen
class HostKeys:
    """The keys that are remembered for one host and port."""

    trusted: tuple[tuple[str, bytes], ...] = ()
    """Pairs of key type (``ssh-ed25519``) and public key."""
    elsewhere: tuple[bytes, ...] = ()
    """Keys remembered for the same host without its port: good only where nothing is remembered with the port."""
    revoked: tuple[bytes, ...] = ()
    """Keys that must never be trusted."""
    authorities: bool = False
    """Whether a certificate authority is named for the host, which is not supported."""

    def judge(self, key: bytes) -> Verdict:
        """What to think of a host that shows `key`.

        >>> HostKeys(trusted=(("ssh-ed25519", b"A"),)).judge(b"B")
        'changed'
        """
        if key in self.revoked:
            return "revoked"
        if any(known == key for _, known in self.trusted):
            return "trusted"
        if self.trusted:
            return "changed"
        return "trusted" if key in self.elsewhere else "unknown"

    def algorithms(self, offered: Iterable[str]) -> tuple[str, ...]:
        """The algorithms in `offered`, those of remembered keys first, so that a host is asked for a key we know.

        >>> HostKeys(trusted=(("ssh-rsa", b"A"),)).algorithms(["ssh-ed25519", "rsa-sha2-256"])
        ('rsa-sha2-256', 'ssh-ed25519')
        """
        wanted = {name for kind, _ in self.trusted for name in _ALGORITHMS.get(kind, (kind,))}
        return tuple(sorted(offered, key=lambda name: name not in wanted))


def _hashed_match(pattern: str, label: str) -> bool:
    fields = pattern.split("|")
    if len(fields) != 4 or fields[1] != "1":
        return False
    try:
        salt, expected = base64.b64decode(fields[2]), base64.b64decode(fields[3])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, label.encode(), hashlib.sha1).digest(), expected)


def _matches(patterns: str, label: str) -> bool:
    if patterns.startswith("|"):
        return _hashed_match(patterns, label)
    found = False
    for pattern in patterns.lower().split(","):
        negated = pattern.startswith("!")
        # Brackets are part of a name here, not a set of characters as in fnmatch.
        form = translate(pattern.removeprefix("!").replace("[", "[[]"))
        if re.match(form, label):
            if negated:
                return False
            found = True
    return found


def known_keys(text: str, host: str, port: int) -> HostKeys:
    """What the text of known_hosts files says of a host. Lines that cannot be read are passed over, as OpenSSH does.

    >>> known_keys("[seedbox.example]:2222 ssh-ed25519 QUJD", "seedbox.example", 2222).trusted
    (('ssh-ed25519', b'ABC'),)
    >>> known_keys("@cert-authority *.example ssh-ed25519 QUJD", "seedbox.example", 22).authorities
    True
    """
    label = host_label(host, port)
    trusted: list[tuple[str, bytes]] = []
    elsewhere: list[bytes] = []
    revoked: list[bytes] = []
    authorities = False
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#"):
            continue
        names, kind, encoded = fields[:3]
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            continue
        here = _matches(names, label)
        if marker == "@revoked":
            # Revoked for the host at any port: a stolen key is not better on another one.
            revoked += [key] if here or _matches(names, host.lower()) else []
        elif marker == "@cert-authority":
            authorities = authorities or here
        elif marker == "" and here:
            trusted.append((kind, key))
        elif marker == "" and port != 22 and _matches(names, host.lower()):
            elsewhere.append(key)
    return HostKeys(tuple(trusted), tuple(elsewhere), tuple(revoked), authorities)


def refusal(
    verdict: Verdict, keys: HostKeys, host: str, port: int, kind: str, key: bytes, file: str
) -> HostKeyChanged | HostKeyUnknown | None:
    """The error for a verdict, with what to do about it; None if the key is trusted.

    `kind` is the type of the shown `key`; `file` the known_hosts file that the remedy speaks of.

    >>> refusal("unknown", HostKeys(), "seedbox.example", 22, "ssh-ed25519", b"", "known_hosts").message
    'seedbox.example is not in known_hosts; it shows ssh-ed25519 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'
    """
    label, shown = host_label(host, port), f"{kind} {fingerprint(key)}"
    place = shlex.quote(file)
    if verdict == "trusted":
        return None
    if verdict == "revoked":
        return HostKeyChanged(
            f"{label} shows {shown}, which {file} marks as revoked",
            remedy="Do not connect; ask its owner for the new key.",
        )
    if verdict == "changed":
        remembered = ", ".join(f"{kind} {fingerprint(known)}" for kind, known in keys.trusted)
        return HostKeyChanged(
            f"{label} shows {shown}, not the remembered {remembered}",
            remedy=f"Ask its owner; if the key is right: ssh-keygen -f {place} -R {shlex.quote(label)} "
            f"and then ssh-keyscan -p {port} {shlex.quote(host)} >> {place}",
        )
    aside = " (its @cert-authority line is not supported: the host's own key is needed)" if keys.authorities else ""
    return HostKeyUnknown(
        f"{label} is not in {file}; it shows {shown}{aside}",
        remedy="Compare the fingerprint with what its owner says; if it is right: "
        f"ssh-keyscan -p {port} {shlex.quote(host)} >> {place}",
    )
