"""Kinds of damage to a file's content: bytes, text, NumPy headers and arrays.

In come the bytes of a valid file and a source of randomness: a random.Random, or Hypothesis' own, which repeats and
shrinks. Out come the bytes of the damaged file.
"""

import io
import re
import zipfile
from collections.abc import Callable
from functools import partial
from random import Random

import numpy as np

Damage = Callable[[bytes, Random], bytes]

NUMBERS = [
    *("0", "-1", "-0.0", "0.5", "1e-300", "1e300", "1e999", "nan", "NaN", "inf", "-inf", "Infinity", "65537"),
    *("4000000", "99999999", "2147483648", "9223372036854775808", "9" * 30, "9" * 5000, "0x10", "1_000", "1,5", "٣"),
]
WORDS = [
    *("", "null", "~", "true", "-", "/", "..", "*", "%s%n", "[red]", "[/red]", "\x00", "\x1b[31m", "\ufeff", "é", "'"),
    *('"', ",", ":", "(" * 300, "[" * 200, "[" * 200_000, "{" * 200, '{"a":' * 100_000, "a" * 70_000, "record/2"),
    *("record", "!!bool x", "!!int x", "!!timestamp x", "!!binary é", "!!python/name:os.system", "&a [*a]", "*a"),
    *("<<: 1", "? [a]", "2001-99-99", "1x2:3+4", "16x9999999:99999999+99999999", "212", "24", "32", "80", "516"),
    *("0.0(0)/mV", "nan(0)/mV", "1e999/V", "O", "<U9999999", "V0", "<f8", "<c16", "<M8[s]"),
]
TYPES = [object, "U3", "S3", "U0", "V8", bool, complex, "M8[s]", "m8[ms]", ">f8", "f2", "g", "u8", [("a", float)]]


def empty(content: bytes, random: Random) -> bytes:
    return random.choice([b"", b"\0", b"\n", b"\xff\xfe"])


def flip(content: bytes, random: Random) -> bytes:
    """Some bytes changed, half the time among the first 200, where headers are."""
    changed = bytearray(content)
    end = random.choice([min(200, len(content)), len(content)])
    for _ in range(random.randint(1, 8)):
        changed[random.randrange(end)] = random.randrange(256)
    return bytes(changed)


def cut(content: bytes, random: Random) -> bytes:
    """Everything from a place on, or a piece from the middle, removed."""
    start = random.randrange(len(content))
    return content[:start] + random.choice([b"", content[start + random.randint(1, 100) :]])


def insert(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content))
    return content[:start] + random.randbytes(random.randint(1, 64)) + content[start:]


def overwrite(content: bytes, random: Random) -> bytes:
    """A block replaced by what a failed disk, or a signal that is missing, looks like."""
    start, length = random.randrange(len(content)), random.choice([16, 512, 100_000])
    pattern = random.choice([b"\0\0", b"\xff\xff", b"\x00\x80", b"\xff\x7f"])  # the last two: -32768 and 32767
    return (content[:start] + pattern * (length // 2))[: len(content)] + content[start + length :]


def number(content: bytes, random: Random) -> bytes:
    """One or two numbers of a text replaced by absurd ones."""
    for _ in range(random.randint(1, 2)):
        content = _replaced(content, rb"-?\d[\d.e+-]*", random.choice(NUMBERS), random)
    return content


def word(content: bytes, random: Random) -> bytes:
    """One or two words of a text, a name or a whole field, replaced by odd ones."""
    for _ in range(random.randint(1, 2)):
        pattern = random.choice([rb"[^\s,:/]+", rb"[^\s]+"])
        content = _replaced(content, pattern, random.choice(WORDS), random)
    return content


def line(content: bytes, random: Random) -> bytes:
    """A line removed, doubled or moved, or one word of it removed."""
    lines = content.split(b"\n")
    chosen = lines.pop(random.randrange(len(lines)))
    words = chosen.split()
    if words:
        words.pop(random.randrange(len(words)))
    for one in random.choice([[], [chosen] * 2, [chosen], [b" ".join(words)]]):
        lines.insert(random.randint(0, len(lines)), one)
    return b"\n".join(lines)


def _replaced(content: bytes, pattern: bytes, new: str, random: Random) -> bytes:
    if not (found := list(re.finditer(pattern, content))):
        return content + new.encode("utf-8")
    # the first ones are in the header
    start, end = random.choice(random.choice([found[:40], found])).span()
    return content[:start] + new.encode("utf-8") + content[end:]


def field(content: bytes, random: Random) -> bytes:
    """One or two numbers of a binary file's text header replaced by absurd ones, without moving what follows."""
    for _ in range(random.randint(1, 2)):
        found = list(re.finditer(rb"-?\d[\d.]*", content[:8000]))
        start, end = random.choice(found).span() if found else (0, 1)
        end = max(end, start + random.choice([1, 2, 4, 8]))
        new = random.choice(NUMBERS).encode("utf-8")[: end - start].ljust(end - start)
        content = content[:start] + new + content[end:]
    return content


def integer(content: bytes, random: Random) -> bytes:
    """Two or four bytes of a binary file's header, where lengths and numbers are, replaced by an extreme value."""
    start, size = random.randrange(min(8000, len(content))), random.choice([2, 4])
    value = random.choice([0, 1, 255, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1])
    return content[:start] + value.to_bytes(size, "little") + content[start + size :]


def npy_header(change: Damage, content: bytes, random: Random) -> bytes:
    """The text of a .npy file's header changed, its length corrected, so that the change is what is read."""
    end = 10 + int.from_bytes(content[8:10], "little")
    header = change(content[10:end].rstrip(), random)[:65_000] + b"\n"
    return content[:8] + len(header).to_bytes(2, "little") + header + content[end:]


def npy_array(content: bytes, random: Random) -> bytes:
    """Another array: of other values, shape or type."""
    array = np.load(io.BytesIO(content))
    return _npy(random.choice(ARRAYS)(array))


def npz_member(change: Damage, content: bytes, random: Random) -> bytes:
    """One array of an archive changed, which remains a valid archive; or it is removed, or stored twice."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = random.randrange(len(members))
    name, member = members[place]
    changed = [(name, change(member, random))]
    members[place : place + 1] = random.choices([changed, [], [*changed, (name, member)]], [18, 1, 1])[0]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, member in members:
            archive.writestr(name, member)
    return buffer.getvalue()


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def _filled(value: float, array: np.ndarray) -> np.ndarray:
    return np.full(array.shape, value)


def _zeros(kind: object, array: np.ndarray) -> np.ndarray:
    return np.zeros(array.shape, kind)


def _one(value: float, array: np.ndarray) -> np.ndarray:
    array = array.astype(float) if array.dtype.kind in "iuf" else np.zeros(array.shape)
    array.flat[: array.size // 15] = value
    return array


ARRAYS: list[Callable[[np.ndarray], np.ndarray]] = [
    *(partial(_filled, value) for value in (0, np.nan, np.inf, -1, 1e300, 2**63)),
    *(partial(_one, value) for value in (np.nan, np.inf, 1e6, 1e300)),
    lambda a: a[:0] if a.ndim else a[None][:0],
    lambda a: a[:1] if a.ndim else a[None],
    lambda a: a.reshape(-1),
    lambda a: a[..., None],
    lambda a: np.array(a.flat[0]),
    lambda a: np.zeros((len(a), 0)) if a.ndim else np.zeros((0, 12)),
    lambda a: np.zeros((1000, 13)),
    lambda a: np.zeros((2, 500_000)),
    lambda a: np.zeros((60_000_000,), np.int8),
    lambda a: np.zeros((3_500_000, 12), np.int8),
    lambda a: np.zeros((1000,), "V0"),
    lambda a: np.array(["x" * 100_000]),
    *(partial(_zeros, kind) for kind in TYPES),
]

BYTES: dict[str, Damage] = {"empty": empty, "flip": flip, "cut": cut, "insert": insert, "overwrite": overwrite}
HEADED: dict[str, Damage] = BYTES | {"field": field, "integer": integer}
TEXT: dict[str, Damage] = BYTES | {"number": number, "word": word, "line": line}
_NPY = {"number": partial(npy_header, number), "word": partial(npy_header, word), "array": npy_array}
NPY: dict[str, Damage] = BYTES | _NPY
NPZ: dict[str, Damage] = BYTES | {
    name: partial(npz_member, change) for name, change in {**_NPY, "member": flip}.items()
}
