"""Where a client lets itself be sent, and which addresses from data may be asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import ConnectionLost, MedialibError, RequestRefused, UnsafePath
from medialib.http import HttpClient, HttpOptions, check_public_url
from medialib.http.addresses import check_redirect, is_public
from medialib.testing.web_server import Answer, Request, WebServer

KEY = "canary-key-5x"


class Signpost(WebServer):
    """Redirects from every path that it has a target for."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}
        self.status = 301

    def answer(self, request: Request) -> Answer:
        if request.path in self.targets:
            return Answer(b"", self.status, {"Location": self.targets[request.path], "Cache-Control": "max-age=600"})
        return Answer({"path": request.path, "query": dict(request.query)}, headers={"Cache-Control": "max-age=600"})


@pytest.fixture
def signpost() -> Iterator[Signpost]:
    server = Signpost()
    with server:
        yield server


@pytest.fixture
def stranger() -> Iterator[Signpost]:
    server = Signpost()
    with server:
        yield server


def client(server: WebServer) -> HttpClient:
    return HttpClient(
        server.url,
        name="signpost",
        options=HttpOptions(timeout=2, patience=0),
        headers={"X-Api-Key": KEY, "X-Plain": "plain"},
        parameters={"api_key": KEY, "language": "de"},
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_service_is_followed_with_its_keys(signpost: Signpost, status: int) -> None:
    signpost.status = status
    signpost.targets = {"/lookup": "/shows/1?embed=cast"}
    with client(signpost) as asked:
        assert asked.get("lookup", {"imdb": "tt1"})["path"] == "/shows/1"
    first, second = signpost.requests
    assert first.query == {"language": "de", "imdb": "tt1", "api_key": KEY}
    assert second.query == {"embed": "cast", "api_key": KEY}
    assert (second.headers["x-api-key"], second.headers["x-plain"]) == (KEY, "plain")


def test_a_key_that_a_redirect_repeats_is_not_doubled(signpost: Signpost) -> None:
    class Repeater(WebServer):
        def answer(self, request: Request) -> Answer:
            if request.path == "/a":
                return Answer(b"", 302, {"Location": f"/b?api_key={request.query['api_key']}"})
            return Answer({"path": request.path})

    with Repeater() as repeater, client(repeater) as asked:
        assert asked.get("a") == {"path": "/b"}
        assert repeater.requests[1].query == {"api_key": KEY}


def test_no_key_goes_to_another_host(signpost: Signpost, stranger: Signpost) -> None:
    signpost.targets = {"/a": f"{stranger.url}/b?x=1"}
    stranger.targets = {"/b": "/c"}
    with client(signpost) as asked:
        assert asked.get("a")["path"] == "/c"
    assert [request.path for request in stranger.requests] == ["/b", "/c"]
    for request in stranger.requests:
        assert KEY not in repr(request)
        assert "language" not in request.query


def test_a_key_that_the_service_itself_sends_elsewhere_is_not_followed(signpost: Signpost, stranger: Signpost) -> None:
    signpost.targets = {"/a": f"{stranger.url}/b?k={KEY.replace('-', '%2D')}"}
    with client(signpost) as asked, pytest.raises(RequestRefused, match="with a key"):
        asked.get("a")
    assert stranger.requests == []


def test_keys_come_back_with_the_way_back(signpost: Signpost, stranger: Signpost) -> None:
    """A stranger that redirects back is not given what the service was given."""
    signpost.targets = {"/a": f"{stranger.url}/b"}
    stranger.targets = {"/b": f"{signpost.url}/c"}
    with client(signpost) as asked:
        assert asked.get("a")["path"] == "/c"
    assert KEY not in repr(signpost.requests[1])


def test_a_redirected_answer_is_cached_under_what_was_asked(signpost: Signpost) -> None:
    signpost.targets = {"/lookup": "/shows/1"}
    with HttpClient(signpost.url, name="signpost", options=HttpOptions(timeout=2)) as asked:
        assert asked.get("lookup") == asked.get("lookup")
        assert signpost.asked() == 2
        assert asked.get("lookup", {"x": 1})["path"] == "/shows/1"
    assert signpost.asked() == 4


def test_five_redirects_are_enough(signpost: Signpost) -> None:
    signpost.targets = {f"/{number}": f"/{number + 1}" for number in range(5)}
    with client(signpost) as asked:
        assert asked.get("0")["path"] == "/5"
        signpost.targets["/5"] = "/0"
        with pytest.raises(RequestRefused, match="more than 5"):
            asked.get("0")


@pytest.mark.parametrize(
    "target",
    ["ftp://127.0.0.1/", "file:///etc/passwd", "http://me:secret@127.0.0.1/", "http://a\\@b/", "//[::1"],
)
def test_a_strange_target_is_not_followed(signpost: Signpost, target: str) -> None:
    signpost.targets = {"/a": target}
    with client(signpost) as asked, pytest.raises(MedialibError) as caught:
        asked.get("a")
    assert "secret" not in str(caught.value)
    assert signpost.asked() == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_write_is_redirected(signpost: Signpost, method: str, status: int) -> None:
    signpost.targets, signpost.status = {"/a": "/b"}, status
    with client(signpost) as asked, pytest.raises(RequestRefused, match="base URL"):
        asked.send(method, "a", {}, idempotent=True)
    assert signpost.asked() == 1


def resolver(**hosts: tuple[str, ...]):  # type: ignore[no-untyped-def]
    def resolve(host: str, port: object, **_: object) -> list[tuple[object, ...]]:
        if host not in hosts:
            return [(0, 0, 0, "", (str(ipaddress.ip_address(host)), port))]
        return [(0, 0, 0, "", (address, port)) for address in hosts[host]]

    return resolve


RESOLVE = resolver(public=("9.9.9.9", "2620:fe::fe"), home=("192.168.1.2",), mixed=("9.9.9.9", "10.0.0.1"), void=())


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("https://public/a", "https://public:443/b", True),
        ("http://public/a", "https://public/b", True),
        ("http://public:8080/a", "https://public/b", False),
        ("https://public/a", "https://9.9.9.9/b", False),
        ("http://home/a", "http://127.0.0.1/b", False),
        ("http://home/a", "https://public/b", False),
        ("https://PUBLIC/a", "https://public./b", True),
    ],
)
def test_a_redirect_that_may_be_followed(old: str, new: str, same: bool) -> None:
    assert check_redirect(old, new, name="x", resolve=RESOLVE) is same


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://public/a", "http://public/b"),
        ("https://public/a", "https://home/b"),
        ("https://public/a", "https://mixed/b"),
        ("https://public/a", "https://127.0.0.1/b"),
        ("http://public/a", "http://[::ffff:10.0.0.1]/b"),
        ("http://public/a", "http://169.254.169.254/latest/meta-data"),
    ],
)
def test_a_redirect_that_must_not_be_followed(old: str, new: str) -> None:
    with pytest.raises(RequestRefused, match="base URL"):
        check_redirect(old, new, name="x", resolve=RESOLVE)


@pytest.mark.parametrize(
    "url", ["https://public/a?b", "https://public:8443/", "https://9.9.9.9/", "https://[2620:fe::fe]/"]
)
def test_a_public_address_may_be_asked(url: str) -> None:
    check_public_url(url, resolve=RESOLVE)


@pytest.mark.parametrize(
    "url",
    [
        "http://public/",
        "https://home/",
        "https://mixed/",
        "https://me:hush@public/",
        "https://hush@public/",
        "https:///path",
        "https://public\\@home/",
        "https://public /",
        "https://public:port/",
        "https://public:99999/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "//public/",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_address_that_must_not_be_asked(url: str) -> None:
    with pytest.raises(UnsafePath) as caught:
        check_public_url(url, resolve=RESOLVE)
    assert "hush" not in str(caught.value)


def test_a_name_without_address_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionLost):
        check_public_url("https://void/", resolve=RESOLVE)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "0177.0.0.1"])
def test_loopback_in_disguise_is_seen_through(host: str) -> None:
    """What libc makes an address of is judged, not how it was written."""
    with pytest.raises((UnsafePath, ConnectionLost)):
        check_public_url(f"https://{host}/")


PRIVATE = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
]


@given(st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(v=4, network=network)))
def test_what_is_private_is_so_in_every_form(address: ipaddress.IPv4Address) -> None:
    """RFC 6890's special registries, also within IPv6: mapped, 6to4 and NAT64."""
    assert not is_public(str(address))
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"64:ff9b::{address}")
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80))))


@given(
    st.sampled_from(["::/127", "fe80::/10", "fc00::/7", "ff00::/8", "fec0::/10", "2001:db8::/32", "2001::/32"]).flatmap(
        lambda network: st.ip_addresses(v=6, network=network)
    )
)
def test_what_is_private_in_ipv6(address: ipaddress.IPv6Address) -> None:
    assert not is_public(str(address))


@given(st.text())
def test_what_is_no_address_is_not_public(text: str) -> None:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        assert not is_public(text)
