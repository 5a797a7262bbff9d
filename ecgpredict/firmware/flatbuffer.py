"""Reading FlatBuffers, the format of .tflite files, without a schema compiler or LiteRT.

Input: the bytes of a file and the numbers of fields in TensorFlow Lite's schema (``schema.fbs``). Output: values.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One table of a FlatBuffer: the bytes of the file, and the position of the table in them.

    Every method takes the number of a field in the schema. A truncated file raises :class:`struct.error` or
    :class:`IndexError`.
    """

    data: bytes
    at: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The root table of a file."""
        return cls(data, _unpack(data, "<I", 0))

    def number(self, field: int, kind: str, default: int = 0) -> int:
        """A scalar; `kind` is a format of :mod:`struct`."""
        place = self._place(field)
        return default if place is None else _unpack(self.data, "<" + kind, place)

    def table(self, field: int) -> Table | None:
        """A nested table, or None if the field is missing."""
        place = self._place(field)
        return None if place is None else Table(self.data, self._follow(place))

    def numbers(self, field: int, kind: str) -> tuple:
        """A vector of scalars; empty if the field is missing."""
        start, count = self._vector(field)
        wanted = struct.calcsize(f"<{count}{kind}")
        return struct.unpack(f"<{count}{kind}", self.data[start : start + wanted])

    def content(self, field: int) -> bytes:
        """A vector of bytes."""
        start, count = self._vector(field)
        if start + count > len(self.data):
            raise IndexError("a vector exceeds the file")
        return self.data[start : start + count]

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        start, count = self._vector(field)
        return [Table(self.data, self._follow(start + 4 * row)) for row in range(count)]

    def _place(self, field: int) -> int | None:
        index = self.at - _unpack(self.data, "<i", self.at)
        size, slot = _unpack(self.data, "<H", index), 4 + 2 * field
        offset = _unpack(self.data, "<H", index + slot) if slot < size else 0
        return self.at + offset if offset else None

    def _follow(self, place: int) -> int:
        return place + _unpack(self.data, "<I", place)

    def _vector(self, field: int) -> tuple[int, int]:
        place = self._place(field)
        if place is None:
            return 0, 0
        start = self._follow(place)
        return start + 4, _unpack(self.data, "<I", start)


def _unpack(data: bytes, form: str, place: int):
    if place < 0:
        raise IndexError("an offset before the beginning of the file")
    return struct.unpack_from(form, data, place)[0]
