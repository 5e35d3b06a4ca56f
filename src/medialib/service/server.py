"""The Model Context Protocol: tools, resources and prompts of a desk, over standard input and output."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from medialib.errors import MedialibError
from medialib.service.desk import Desk
from medialib.service.resources import PROMPT, RESOURCES, prompt_for, read_resource
from medialib.service.tools import OUTSIDE, Tool, clipped, shown
from medialib.workflows.apply import say_failure

__all__ = ["make_server", "serve_stdio"]

T = TypeVar("T")

_LOG = logging.getLogger("medialib.service")
_JSON: Final = "application/json"
_LONGEST_ERROR: Final = 4_000
_ABOUT: Final = (
    "medialib looks after films, series and anime on disks of the person's own: it reads release names, knows which "
    "shows and episodes there are and which are missing, and plans what to fetch and where it belongs. Everything is "
    "planned before it is done; a plan changes nothing."
)
_READS: Final = (
    "This server only reads: plans can be made and shown, not applied. The person starts it with --allow-writes, or "
    "runs medialib themselves, to have something done."
)
_WRITES: Final = (
    "Writing is allowed: apply_plan carries out a plan that a tool of this server made, and undo takes a run back. "
    "Show a plan to the person and ask before you apply it."
)


def make_server(desk: Desk, tools: tuple[Tool, ...]) -> Server[Any]:
    """A server of the official SDK that offers these tools, and the resources and the prompt of every desk.

    Tools that write are offered only where the desk allows it.
    """
    offered = {tool.name: tool for tool in tools if desk.allow_writes or not tool.writes}

    async def list_tools(context: Any, parameters: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in offered.values()])

    async def call_tool(context: Any, parameters: types.CallToolRequestParams) -> types.CallToolResult:
        tool = next((tool for tool in tools if tool.name == parameters.name), None)
        if tool is None:
            return _failed(f"there is no tool {parameters.name!r}")
        try:
            answer = await _at_work(partial(desk.run, tool, parameters.arguments or {}))
        except (MedialibError, OSError) as error:
            return _failed(say_failure(error))
        except Exception:  # noqa: BLE001 - a client must get an answer, and no inner text
            _LOG.exception("%s ended in an error that was not foreseen", tool.name)
            return _failed(f"{tool.name} ended in an error that was not foreseen; the server's log tells it")
        text = json.dumps(answer, ensure_ascii=False)
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=answer)

    async def list_resources(context: Any, parameters: Any) -> types.ListResourcesResult:
        listed = [
            types.Resource(uri=each.address, name=each.name, description=each.description, mime_type=_JSON)
            for each in RESOURCES
            if not each.is_template
        ]
        return types.ListResourcesResult(resources=listed)

    async def list_templates(context: Any, parameters: Any) -> types.ListResourceTemplatesResult:
        listed = [
            types.ResourceTemplate(
                uri_template=each.address, name=each.name, description=each.description, mime_type=_JSON
            )
            for each in RESOURCES
            if each.is_template
        ]
        return types.ListResourceTemplatesResult(resource_templates=listed)

    async def read(context: Any, parameters: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        text = await _told(lambda _: read_resource(desk, parameters.uri))
        contents = types.TextResourceContents(uri=parameters.uri, mime_type=_JSON, text=text)
        return types.ReadResourceResult(contents=[contents])

    async def list_prompts(context: Any, parameters: Any) -> types.ListPromptsResult:
        argument = types.PromptArgument(name=PROMPT.argument, description=PROMPT.meaning, required=True)
        prompt = types.Prompt(
            name=PROMPT.name, title=PROMPT.title, description=PROMPT.description, arguments=[argument]
        )
        return types.ListPromptsResult(prompts=[prompt])

    async def get_prompt(context: Any, parameters: types.GetPromptRequestParams) -> types.GetPromptResult:
        given = (parameters.arguments or {}).get(PROMPT.argument, "")
        if parameters.name != PROMPT.name:
            raise MCPError(types.INVALID_PARAMS, _plain(f"there is no prompt {parameters.name!r}"))
        text = await _told(lambda _: prompt_for(desk, given))
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(description=PROMPT.description, messages=[message])

    return Server(
        "medialib",
        version=version("medialib"),
        title="medialib",
        instructions=" ".join((_ABOUT, _WRITES if desk.allow_writes else _READS, OUTSIDE)),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


def serve_stdio(desk: Desk, tools: tuple[Tool, ...]) -> None:
    """Serve one client on standard input and output until it leaves; what is at work then ends in order first."""

    async def serve() -> None:
        server = make_server(desk, tools)
        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())

    with _ending_in_order(desk):
        try:
            anyio.run(serve)
        finally:
            desk.stop()


@contextmanager
def _ending_in_order(desk: Desk) -> Iterator[None]:
    """A signal to end lets the call at work come to an orderly end; then the process ends by that signal."""

    def end(number: int, frame: object) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_DFL)

        def leave() -> None:
            desk.stop()
            os.kill(os.getpid(), number)

        # not here: the call at work may need this thread to come to its end
        threading.Thread(target=leave, name="medialib-ending").start()

    handled = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, end) for number in handled}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


async def _at_work(call: Callable[[Any], T]) -> T:
    """What a call gives that blocks; it is told if nobody waits for it any more."""
    cancelled = threading.Event()
    try:
        return await anyio.to_thread.run_sync(call, cancelled, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        cancelled.set()
        raise


async def _told(call: Callable[[Any], T]) -> T:
    """The same, with what was foreseen to go wrong as the protocol says it."""
    try:
        return await _at_work(call)
    except (MedialibError, OSError) as error:
        raise MCPError(types.INVALID_PARAMS, _plain(say_failure(error))) from None
    except Exception:  # noqa: BLE001 - a client must get an answer, and no inner text
        _LOG.exception("a resource or prompt ended in an error that was not foreseen")
        raise MCPError(types.INTERNAL_ERROR, "an error that was not foreseen; the server's log tells it") from None


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.writes,
            # whatever is done can be undone, but for what is let go of on remotes
            destructive_hint=tool.writes,
            idempotent_hint=not tool.writes,
            open_world_hint=tool.outward,
        ),
    )


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=_plain(text))], is_error=True)


def _plain(text: str) -> str:
    """An error's text, which may quote names from outside."""
    return clipped(str(shown(text)), _LONGEST_ERROR)
