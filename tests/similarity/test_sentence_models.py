"""With a real ONNX runtime, and the smallest model there is: a table of vectors, one for each word."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from medialib.errors import ConfigurationError
from medialib.ports import Embedder
from medialib.similarity import open_embedder
from medialib.testing.servers import require_modules
from medialib.testing.vectors import EmbedderConformance

WORDS = ["[PAD]", "[UNK]", "breaking", "braking", "bad", "the", "wire"]
TABLE = [
    [0.0, 0.0, 0.0],
    [0.1, 0.1, 0.1],
    [1.0, 0.0, 0.0],
    [0.9, 0.1, 0.0],
    [0.5, 0.5, 0.0],
    [0.0, 0.0, 1.0],
    [0.0, 0.2, 1.0],
]


def number(value: int) -> bytes:
    """A whole number in the form of protocol buffers."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def field(at: int, value: int | bytes | str) -> bytes:
    """A field of a message."""
    if isinstance(value, int):
        return number(at << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(at << 3 | 2) + number(len(data)) + data


def tensor(name: str, kind: int, *sizes: str | int) -> bytes:
    """ValueInfoProto, see onnx.proto."""
    axes = b"".join(field(1, field(1, size) if isinstance(size, int) else field(2, size)) for size in sizes)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, axes)))


def model() -> bytes:
    """ModelProto of one node: hidden = table[input_ids]."""
    floats, whole = 1, 7
    gather = field(1, "table") + field(1, "input_ids") + field(2, "hidden") + field(4, "Gather")
    rows = struct.pack(f"<{len(TABLE) * 3}f", *(value for row in TABLE for value in row))
    table = field(1, len(TABLE)) + field(1, 3) + field(2, floats) + field(8, "table") + field(9, rows)
    given, found = tensor("input_ids", whole, "batch", "length"), tensor("hidden", floats, "batch", "length", 3)
    graph = field(1, gather) + field(2, "words") + field(5, table) + field(11, given) + field(12, found)
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_modules("numpy", "onnxruntime", "tokenizers")
    place = tmp_path_factory.mktemp("model")
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: at for at, word in enumerate(WORDS)},
            "unk_token": "[UNK]",
        },
    }
    (place / "tokenizer.json").write_text(json.dumps(tokenizer))
    (place / "onnx").mkdir()
    (place / "onnx" / "model.onnx").write_bytes(model())
    return place


class TestSentenceEmbedder(EmbedderConformance):
    @pytest.fixture(autouse=True)
    def _model(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Embedder:
        return open_embedder(str(self.folder))

    def again(self) -> tuple[str, tuple[str, ...]]:
        return "medialib.similarity:open_embedder", (str(self.folder),)


def test_the_vectors_of_the_words_are_averaged(folder: Path) -> None:
    embedder = open_embedder(str(folder))
    alone, padded = embedder.embed(["the wire", "breaking bad the wire"])
    assert list(alone) == pytest.approx([0.0, 0.0995, 0.995], abs=1e-3)
    assert embedder.embed(["the wire"]) == [alone]
    assert embedder.space.dimension == 3 == len(padded)


def test_folders_that_hold_none(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no sentence model: wants tokenizer\.json"):
        open_embedder(str(tmp_path))
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigurationError, match=r"model\.onnx cannot be used"):
        open_embedder(str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigurationError, match=r"tokenizer\.json cannot be used"):
        open_embedder(str(tmp_path))
