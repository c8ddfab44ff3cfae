"""Seeded damage to GGUF files: what a broken disk, a bad converter or a malicious uploader could make of a good one."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.fakes import gguf_raw

_FIXED_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_ODD_NUMBERS = (0, 1, 2, 3, 7, 255, 65_535, 2**31 - 1, 2**31, 2**32 - 1)
_ODD_LENGTHS = (0, 1, 2**16, 2**31, 2**32, 2**40, 2**63 - 1, 2**64 - 1)
_ARCHITECTURES = (
    "llama",
    "qwen2",
    "deepseek",
    "deepseek2",
    "gemma2",
    "mamba",
    "bert",
    "t5",
    "clip",
    "rwkv6",
    "phi3",
    "no-such",
    "",
)

TEMPLATES = (
    "{% for i in range(1000000000) %}{{ i }}{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{{ 'a' * 10000000000 }}",
    "{{ ('a' * 100000)[:10] * 100000000 }}",
    "{{ 2 ** 100000000 }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.system('true') }}",
    "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    "{% include '/etc/passwd' %}",
    "{% if %}",
    "{{ raise_exception('nothing suits me') }}",
    "{{ messages[99]['content'] }}",
    "{{ undefined.attribute.of.nothing }}",
    "{{ 1 / 0 }}",
    "{{ messages[0]['content'] | tojson | int }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ lipsum(n=100000) }}",
    "{% set ns = namespace(x='a') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{{ strftime_now('%Y' * 100000) }}",
    "{{ messages | join | center(1000000000) }}",
    "\0\0\0",
    "{{ '\\ud800' }}",
    "(" * 5000,
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{# " + "x" * 1_000_000 + " #}{{ messages[0].content }}",
    "",
)  # fmt: skip


@dataclass
class Entry:
    """A metadata entry as it stands in the file."""

    key: bytes
    kind: int
    value: bytes


@dataclass
class Row:
    """A row of the tensor table."""

    name: bytes
    shape: list[int]
    kind: int
    offset: int


@dataclass
class Parts:
    """A GGUF file taken apart so that each part can be damaged alone.

    Attributes:
        n_tensors: as the header counts them; None counts the rows.
    """

    entries: list[Entry]
    rows: list[Row]
    data: bytes
    version: int = 3
    n_tensors: int | None = None
    n_entries: int | None = None
    name: str = "model.gguf"
    beside: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def header(self) -> bytes:
        """Everything before the padding."""
        n_tensors = len(self.rows) if self.n_tensors is None else self.n_tensors
        n_entries = len(self.entries) if self.n_entries is None else self.n_entries
        return b"".join(
            (
                gguf_raw.start(n_tensors, n_entries, self.version),
                *(gguf_raw.text(e.key) + struct.pack("<I", e.kind) + e.value for e in self.entries),
                *(gguf_raw.row(r.name, r.shape, r.kind, r.offset) for r in self.rows),
            )
        )

    def whole(self) -> bytes:
        """The file."""
        header = self.header()
        return header + b"\0" * (-len(header) % gguf_raw.ALIGNMENT) + self.data

    def entry(self, key: str) -> Entry:
        """One that exists."""
        return next(e for e in self.entries if e.key == key.encode())


def take_apart(path: Path) -> Parts:
    """Read a good file."""
    raw = path.read_bytes()
    n_tensors, n_entries = struct.unpack_from("<QQ", raw, 8)
    at = 24

    def take(n: int) -> bytes:
        nonlocal at
        at += n
        return raw[at - n : at]

    def number(code: str) -> int:
        return int(struct.unpack("<" + code, take(struct.calcsize("<" + code)))[0])

    def value(kind: int) -> bytes:
        if kind == _STRING:
            n = number("Q")
            return struct.pack("<Q", n) + take(n)
        if kind == _ARRAY:
            inner, n = number("I"), number("Q")
            items = b"".join(value(inner) for _ in range(n)) if inner == _STRING else take(_FIXED_BYTES[inner] * n)
            return struct.pack("<IQ", inner, n) + items
        return take(_FIXED_BYTES[kind])

    entries: list[Entry] = []
    for _ in range(n_entries):
        key, kind = take(number("Q")), number("I")
        entries.append(Entry(key, kind, value(kind)))
    rows: list[Row] = []
    for _ in range(n_tensors):
        name = take(number("Q"))
        shape = [number("Q") for _ in range(number("I"))]
        rows.append(Row(name, shape, number("I"), number("Q")))
    at += -at % gguf_raw.ALIGNMENT
    return Parts(entries, rows, raw[at:])


def copy_of(parts: Parts) -> Parts:
    """To be damaged; the good one stays good."""
    return replace(
        parts,
        entries=[replace(e) for e in parts.entries],
        rows=[replace(r, shape=list(r.shape)) for r in parts.rows],
        beside={},
    )


Mutation = Callable[[random.Random, Parts], bytes]


def _numeric(chance: random.Random, parts: Parts) -> Entry:
    return chance.choice([e for e in parts.entries if e.kind in _FIXED_BYTES])


def _number_of(chance: random.Random, kind: int) -> bytes:
    n = _FIXED_BYTES[kind]
    if kind == 6:
        return struct.pack("<f", chance.choice((0.0, -1.0, 1e-45, 3e38, float("inf"), float("nan"))))
    value = chance.choice((*_ODD_NUMBERS, chance.getrandbits(8 * n), chance.randint(0, 64)))
    return (value % 2 ** (8 * n)).to_bytes(n, "little")


def truncated(chance: random.Random, parts: Parts) -> bytes:
    """The end is missing: anywhere, or just a little."""
    raw = parts.whole()
    return raw[: chance.choice((chance.randrange(len(raw)), chance.randrange(64), len(raw) - chance.randint(1, 4096)))]


def bits(chance: random.Random, parts: Parts) -> bytes:
    """A few bits of the header the other way round."""
    raw, n = bytearray(parts.whole()), len(parts.header())
    for _ in range(chance.randint(1, 8)):
        raw[chance.randrange(n)] ^= 1 << chance.randrange(8)
    return bytes(raw)


def words(chance: random.Random, parts: Parts) -> bytes:
    """Extreme numbers at random places of the header."""
    raw, n = bytearray(parts.whole()), len(parts.header())
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(4, n - 8)
        raw[at : at + 8] = chance.choice(_ODD_LENGTHS).to_bytes(8, "little")
    return bytes(raw)


def counts(chance: random.Random, parts: Parts) -> bytes:
    """The header counts wrong, or is of another version."""
    match chance.randrange(3):
        case 0:
            parts.n_tensors = chance.choice((len(parts.rows) + chance.randint(-3, 3), *_ODD_LENGTHS)) % 2**64
        case 1:
            parts.n_entries = chance.choice((len(parts.entries) + chance.randint(-3, 3), *_ODD_LENGTHS)) % 2**64
        case _:
            parts.version = chance.choice((0, 1, 2, 4, 0x03000000, 2**32 - 1))
    return parts.whole()


def hyper(chance: random.Random, parts: Parts) -> bytes:
    """One to three numbers of the metadata are 0, negative, huge or not a number."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        entry = _numeric(chance, parts)
        entry.value = _number_of(chance, entry.kind)
    return parts.whole()


def kinds(chance: random.Random, parts: Parts) -> bytes:
    """A value of another type than the key is known for."""
    entry = chance.choice(parts.entries)
    kind = chance.choice((*_FIXED_BYTES, _STRING, 13, 255))
    text = gguf_raw.text(b"17")
    entry.kind, entry.value = kind, text if kind == _STRING else _number_of(chance, kind if kind in _FIXED_BYTES else 4)
    return parts.whole()


def keys(chance: random.Random, parts: Parts) -> bytes:
    """An entry is missing, there twice, or called otherwise."""
    entry = chance.choice(parts.entries)
    match chance.randrange(3):
        case 0:
            parts.entries.remove(entry)
        case 1:
            parts.entries.append(replace(entry))
        case _:
            entry.key = chance.choice((b"", b"\xff\xfe", entry.key + b"x", b"k" * 70_000, entry.key.upper()))
    return parts.whole()


def lengths(chance: random.Random, parts: Parts) -> bytes:
    """Strings and arrays that claim to be, or are, enormous; arrays in arrays."""
    entry = chance.choice([e for e in parts.entries if e.kind in (_STRING, _ARRAY)])
    match chance.randrange(4):
        case 0:
            at = 0 if entry.kind == _STRING else 4
            entry.value = entry.value[:at] + struct.pack("<Q", chance.choice(_ODD_LENGTHS)) + entry.value[at + 8 :]
        case 1:
            entry.kind, entry.value = _STRING, gguf_raw.text(b"y" * chance.choice((2**16, 2**20, 2**24)))
        case 2:
            entry.kind, entry.value = _ARRAY, struct.pack("<IQ", _ARRAY, 1) * 50 + struct.pack("<IQI", 4, 1, 7)
        case _:
            n = chance.choice((2**16, 2**20, 2**22))
            entry.kind, entry.value = _ARRAY, struct.pack("<IQ", 0, n) + bytes(n)
    return parts.whole()


def shapes(chance: random.Random, parts: Parts) -> bytes:
    """A tensor has another shape."""
    row = chance.choice(parts.rows)
    match chance.randrange(5):
        case 0:
            row.shape[chance.randrange(len(row.shape))] = chance.choice((*_ODD_NUMBERS, *_ODD_LENGTHS))
        case 1:
            row.shape.reverse()
        case 2:
            row.shape = row.shape[:-1]
        case 3:
            row.shape = [*row.shape, *([chance.choice((1, 2, 2**20))] * chance.randint(1, 4))]
        case _:
            i = chance.randrange(len(row.shape))
            row.shape[i] = max(0, row.shape[i] + chance.choice((-32, -1, 1, 32)))
    return parts.whole()


def tensor_kinds(chance: random.Random, parts: Parts) -> bytes:
    """Tensors of another, or no, quantisation."""
    for row in chance.sample(parts.rows, chance.choice((1, 1, 3))):
        row.kind = chance.choice((*range(42), 99, 2**31, 2**32 - 1))
    return parts.whole()


def offsets(chance: random.Random, parts: Parts) -> bytes:
    """Tensors that begin where others are, off the grid, or beyond the end."""
    row = chance.choice(parts.rows)
    row.offset = (
        chance.choice((0, row.offset + 1, row.offset + 32, len(parts.data), len(parts.data) - 32, *_ODD_LENGTHS))
        % 2**64
    )
    return parts.whole()  # fmt: skip


def rows(chance: random.Random, parts: Parts) -> bytes:
    """A tensor is missing, there twice, or called otherwise."""
    row = chance.choice(parts.rows)
    match chance.randrange(4):
        case 0:
            parts.rows.remove(row)
        case 1:
            parts.rows.append(replace(row))
        case 2:
            row.name = chance.choice((b"", b"\xff", b"n" * 64, b"n" * 5000, row.name[:-1], b"blk.999999.attn_q.weight"))
        case _:
            chance.shuffle(parts.rows)
    return parts.whole()


def vocabulary(chance: random.Random, parts: Parts) -> bytes:
    """A tokenizer that does not fit its model, or itself."""
    tokens = parts.entry("tokenizer.ggml.tokens")
    n = struct.unpack_from("<Q", tokens.value, 4)[0]
    many = chance.choice((0, 1, 5, n // 2, n - 1, n + 1, n + 500))
    match chance.randrange(8):
        case 0:
            tokens.value = struct.pack("<IQ", 8, many) + b"".join(gguf_raw.text(f"w{i}") for i in range(many))
        case 1:
            odd = chance.choice((b"", b"\xff\xfe\x80", b"same", b"\0", b"t" * 100_000))
            tokens.value = struct.pack("<IQ", 8, n) + gguf_raw.text(odd) * n
        case 2:
            kind = parts.entry("tokenizer.ggml.token_type")
            kind.value = struct.pack("<IQ", 5, many) + struct.pack(
                f"<{many}i", *([chance.choice((-1, 0, 3, 6, 99))] * many)
            )
        case 3:
            merge = chance.choice((b"", b" ", b"a", b"a b c", b"\xff \xff", b"zz qq"))
            parts.entry("tokenizer.ggml.merges").value = struct.pack("<IQ", 8, many) + gguf_raw.text(merge) * many
        case 4:
            ids = [e for e in parts.entries if e.key.endswith(b"_token_id")]
            chance.choice(ids).value = struct.pack("<I", chance.choice((n, n + 7, *_ODD_NUMBERS)) % 2**32)
        case 5:
            entry = parts.entry("tokenizer.ggml.model")
            entry.value = gguf_raw.text(
                chance.choice(("llama", "bert", "t5", "rwkv", "no_vocab", "none", "plamo2", ""))
            )
        case 6:
            parts.entry("tokenizer.ggml.pre").value = gguf_raw.text(chance.choice(("default", "llama-bpe", "odd", "")))
        case _:
            parts.entries = [e for e in parts.entries if not e.key.startswith(b"tokenizer.")]
    return parts.whole()  # fmt: skip


def template(chance: random.Random, parts: Parts) -> bytes:
    """Hostile Jinja."""
    parts.entry("tokenizer.chat_template").value = gguf_raw.text(chance.choice(TEMPLATES).encode("utf-8", "replace"))
    return parts.whole()


def architecture(chance: random.Random, parts: Parts) -> bytes:
    """It says that it is something else, with or without the keys of that."""
    entry = parts.entry("general.architecture")
    old, new = entry.value[8:], chance.choice(_ARCHITECTURES).encode()
    entry.value = gguf_raw.text(new)
    if chance.random() < 0.7:
        for other in parts.entries:
            if other.key.startswith(old + b"."):
                other.key = new + other.key[len(old) :]
    return parts.whole()


def splits(chance: random.Random, parts: Parts) -> bytes:
    """Parts of a set that lie about the set."""
    count = chance.choice((0, 1, 2, 3, 65_535))
    parts.entries += [
        Entry(b"split.no", 2, struct.pack("<H", chance.choice((0, 0, 1, 7)))),
        Entry(b"split.count", 2, struct.pack("<H", count)),
        Entry(b"split.tensors.count", 5, struct.pack("<i", chance.choice((len(parts.rows), 0, -1, 2**31 - 1)))),
    ]
    named = chance.choice((1, 2, 3))
    parts.name = f"model-00001-of-{named:05d}.gguf"
    raw = parts.whole()
    for i in range(2, named + 1):
        parts.beside[f"model-{i:05d}-of-{named:05d}.gguf"] = chance.choice((raw, raw[:100], b"", b"GGUF", raw[::-1]))
    return raw


def weights(chance: random.Random, parts: Parts) -> bytes:
    """Weights that are no numbers, or noise."""
    data = bytearray(parts.data)
    piece = chance.choice(
        (b"\xff", b"\x00\x7e", b"\x00\x7c", b"\x00", bytes(chance.getrandbits(8) for _ in range(256)))
    )
    length = chance.choice((64, 4096, len(data) // 4, len(data)))
    at = chance.randrange(max(1, len(data) - length + 1)) // 2 * 2
    data[at : at + length] = (piece * (length // len(piece) + 1))[:length]
    return parts.header() + b"\0" * (-len(parts.header()) % gguf_raw.ALIGNMENT) + bytes(data)


MUTATIONS: tuple[Mutation, ...] = (
    truncated, bits, words, counts, hyper, hyper, hyper, kinds, keys, lengths, shapes, tensor_kinds, offsets, rows, vocabulary,
    vocabulary, template, architecture, splits, weights,
)  # fmt: skip
"""Hyper-parameters and vocabularies more often: they get past the header."""


def damaged(chance: random.Random, good: Parts, folder: Path) -> tuple[str, Path]:
    """Write one damaged file (set). Returns what was done, and the file to open."""
    mutation = chance.choice(MUTATIONS)
    parts = copy_of(good)
    raw = mutation(chance, parts)
    path = folder / parts.name
    path.write_bytes(raw)
    for name, content in parts.beside.items():
        (folder / name).write_bytes(content)
    return mutation.__name__, path
