"""Metadata of a training, as read from its folder and validated by pydantic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ecgpredict.errors import InputError

_FINITE = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Begun(BaseModel):
    """Metadata that a run has from its start; other keys are not checked."""

    model_config = _FINITE

    settings: dict[str, Any]


class _Normalization(BaseModel):
    model_config = _FINITE

    mean: float
    scale: float = Field(gt=0)


class Finished(Begun):
    """Metadata that every finished run has."""

    model: str
    seed: int
    weights: str = Field(pattern=r"^[\w.-]{1,100}$")
    weights_sha256: str | None = None
    normalization: _Normalization


def read(path: Path, kind: type[BaseModel]) -> dict:
    """The content of a JSON file, unchanged, after validation as `kind`.

    Raises
    ------
    InputError : the file is missing, is not a JSON object, or lacks what `kind` requires
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ", ".join([str(path), *map(str, first["loc"])])
        found = "none" if first["type"] == "missing" else repr(first["input"])[:200]
        raise _unreadable(where, first["msg"], found) from error
    except (ValueError, RecursionError, OSError) as error:
        raise _unreadable(path, "a JSON object", f"{type(error).__name__}: {error}") from error
    return content


def _unreadable(where: object, expected: str, found: str) -> InputError:
    return InputError(
        "damaged metadata of a training",
        where=where,
        expected=expected,
        found=found,
        hint="restore the file, or delete its folder to train again",
    )
