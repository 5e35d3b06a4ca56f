"""The law of `ports.MetadataProvider`, sentence by sentence, as tests for every implementation of it.

A provider subclasses `MetadataProviderSuite` in a test module, gives its fixtures, and declares as data what its
service cannot say::

    class TestMine(MetadataProviderSuite):
        carries = MetadataProviderSuite.carries - {"status"}    # fields of TitleMetadata that the service has
        carries_ids = frozenset({"imdb"})                       # fields of ExternalIds, besides its own
        carries_orders = frozenset({"dvd"})                     # kinds of EpisodeOrder

        @pytest.fixture
        def web(self, world):                                   # the fake service, telling of `world`
            with MineServer(world) as server:
                yield server

        @pytest.fixture
        def provider(self, web, options):                       # `options`: impatient, on a clock that obeys
            provider = MineProvider(url=web.url, options=options)
            yield provider
            provider.close()

The provider's own number of a title is `own_number`: what the world's `ExternalIds` say under the provider's name, else
`TitleMetadata.id`; a fake service goes by the same. A fake answers a search with `MetadataWorld.matching`, in that
order, and reads its world anew for each request.
"""

# What a test asks for stands in its name.
# ruff: noqa: D102

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from medialib.errors import AuthenticationFailed, MedialibError, TransientError
from medialib.matching import normalise_title
from medialib.metadata import TitleMetadata
from medialib.ports import MetadataProvider
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.provider_answers import EVERY_ID, UNKNOWN_SHOW, VOYAGE, ProviderAnswers, own_number
from medialib.testing.web_server import Cut, Delay, Empty, Fault, Garbage, HangUp, Refuse, WebServer
from medialib.testing.worlds import ManualClock

__all__ = ["MetadataProviderSuite", "own_number"]

TROUBLE: tuple[Fault, ...] = (
    *(Refuse(status) for status in (429, 500, 502, 503, 504)),
    Cut(),
    Empty(),
    Garbage(),
    Garbage(b'{"page": 1, "resu'),
    Garbage(b"\xff\xfe\x00"),
    HangUp(),
)
"""What passes by itself, and soon."""

MISSHAPEN = (b"null", b"7", b"true", b'"text"', b"{}", b"[null]", b"[7]", b"[[]]", b"[{}]")
"""Whole JSON that no service ever documented as an answer to any question about titles."""


@contextmanager
def _failing(web: WebServer, fault: Fault) -> Iterator[None]:
    """Every request meets the fault, however often a client tries again."""
    web.fail(*[fault] * 500)
    try:
        yield
    finally:
        with web.lock:
            web.faults.clear()


class MetadataProviderSuite(ProviderAnswers):
    """Every `MetadataProvider` passes this. Fixtures: ``provider``, ``web`` behind it, ``world`` it tells of."""

    # ---------------------------------------------------------------------------------------------------------- faults

    def check_trouble(
        self,
        provider: MetadataProvider,
        web: WebServer,
        world: MetadataWorld,
        fault: Fault,
        error: type[Exception],
        *,
        warm: bool = True,
    ) -> None:
        """Every question meets the fault and raises; once it is over, every question is answered."""
        if warm:
            (title,) = world.matching("Barely Known", "show")
            assert provider.title(own_number(title, provider.name)) is not None
        questions = self.questions(provider, world)
        with _failing(web, fault):
            for name, ask in questions.items():
                try:
                    answer = ask()
                except error:
                    continue
                raise AssertionError(f"{name} met {fault} and answered {answer!r}")
        for name, ask in questions.items():
            assert ask(), f"{name} found nothing once {fault} was over"

    @pytest.mark.parametrize("fault", [*TROUBLE, Refuse(429, retry_after="86400")], ids=repr)
    def test_trouble_is_raised_and_never_looks_like_nothing(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld, fault: Fault
    ) -> None:
        if web is not None:
            self.check_trouble(provider, web, world, fault, TransientError)

    @pytest.mark.parametrize("body", MISSHAPEN, ids=repr)
    def test_an_answer_of_another_form_is_raised(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld, body: bytes
    ) -> None:
        if web is not None:
            self.check_trouble(provider, web, world, Garbage(body), TransientError)

    @pytest.mark.parametrize("fault", [Refuse(503), Empty(), HangUp(), Garbage(b"{}"), Garbage(b"[7]")], ids=repr)
    def test_trouble_from_the_very_first_call_on(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld, fault: Fault
    ) -> None:
        if web is not None:
            self.check_trouble(provider, web, world, fault, TransientError, warm=False)

    @pytest.mark.parametrize("warm", [False, True])
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key_is_said_with_a_remedy(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld, status: int, warm: bool
    ) -> None:
        if web is None:
            return
        self.check_trouble(provider, web, world, Refuse(status), AuthenticationFailed, warm=warm)
        with _failing(web, Refuse(status)), pytest.raises(AuthenticationFailed) as caught:
            provider.title(UNKNOWN_SHOW)
        assert caught.value.remedy

    def test_a_service_that_is_down(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld
    ) -> None:
        if web is None:
            return
        questions = self.questions(provider, world)
        web.stop()
        for ask in questions.values():
            with pytest.raises(TransientError):
                ask()
        web.start()
        for ask in questions.values():
            assert ask()

    def test_a_service_that_does_not_answer_in_time(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld
    ) -> None:
        if web is None:
            return
        number = self.number(provider, world, VOYAGE)
        with _failing(web, Delay(0.9)), pytest.raises(TransientError):
            provider.title(number)
        assert provider.title(number) is not None

    @pytest.mark.parametrize("fault", TROUBLE, ids=repr)
    def test_a_fault_that_is_over_soon_is_not_noticed(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld, fault: Fault
    ) -> None:
        if web is None:
            return
        for name, ask in self.questions(provider, world).items():
            web.fail(fault)
            assert ask(), name
            with web.lock:
                web.faults.clear()

    def test_a_service_that_asks_to_wait_is_waited_for(
        self, provider: MetadataProvider, web: WebServer | None, world: MetadataWorld, clock: ManualClock
    ) -> None:
        if web is None:
            return
        begun, number = clock.monotonic(), self.number(provider, world, VOYAGE)
        web.fail(Refuse(429, retry_after="2"))
        assert provider.title(number) is not None
        assert clock.monotonic() - begun >= 2

    def test_no_secret_is_part_of_what_is_said(
        self,
        provider: MetadataProvider,
        web: WebServer | None,
        world: MetadataWorld,
        secrets: tuple[str, ...],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = [repr(provider), str(provider), repr(provider.traits)]
        faults: list[Fault] = [
            Refuse(status, body={"message": f"no: {secrets}"}) for status in (400, 401, 422, 429, 503)
        ]
        for fault in [*faults, Garbage(f"<p>{secrets}".encode()), HangUp()] if web is not None else ():
            assert web is not None
            with _failing(web, fault):
                for ask in self.questions(provider, world).values():
                    with pytest.raises(MedialibError) as caught:
                        ask()
                    said += [repr(caught.value), *traceback.format_exception(caught.value)]
        for ask in self.questions(provider, world).values():
            said.append(repr(ask()))
        told = "\n".join([*said, caplog.text])
        assert [secret for secret in secrets if secret in told] == []

    # --------------------------------------------------------------------------------------------------------- the rest

    def test_several_threads_may_ask(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        shows = [title for title in world.titles.values() if title.kind == "show"]

        def ask(title: TitleMetadata) -> None:
            number = own_number(title, provider.name)
            self.check_title(provider, provider.title(number), title)
            self.check_episodes(provider.episodes(number), world.episodes[title.id])
            assert number in {found.id for found in provider.search(title.title)} or not normalise_title(title.title)

        with ThreadPoolExecutor(6) as pool:
            assert len(list(pool.map(ask, [*shows, *shows]))) == 2 * len(shows)

    def test_it_says_who_it_is(self, provider: MetadataProvider) -> None:
        assert provider.name
        assert provider.name == provider.name.lower()
        assert provider.name not in EVERY_ID or provider.name in provider.traits.finds_by

    def test_closing_twice_is_fine(self, provider: MetadataProvider) -> None:
        provider.close()
        provider.close()
