"""Downloading PTB-XL 1.0.3 (its 100 Hz part), LUDB 1.0.1 and parts of the challenge of 2021 from PhysioNet, and SPH.

Input: a data set and a folder. Output: PhysioNet's own layout in it, with every file checked against PhysioNet's
SHA256SUMS. Files that already have the right checksum are kept, so that an interrupted download resumes. SPH comes from
figshare, with figshare's checksums.
"""

from __future__ import annotations

import logging
import tarfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import pooch
import requests
from tqdm import tqdm

from ecglib.data import external, ludb, ptbxl
from ecgpredict.errors import InputError

SUMS = "SHA256SUMS.txt"
SPH_DOIS = ("10.6084/m9.figshare.17912441.v1", "10.6084/m9.figshare.17912444.v1")  # metadata.csv, records.tar.gz
_CHALLENGE = "https://physionet.org/files/challenge-2021/1.0.3/"
_TIMEOUT = 30  # s without data
_connections = threading.local()


@dataclass(frozen=True)
class Source:
    """A data set on PhysioNet, with the address of its files, which ends in a slash.

    `required` are files without which it is not this data set; `wanted` tells which are downloaded.
    """

    name: str
    url: str
    required: tuple[str, ...]
    wanted: Callable[[str], bool]


PTBXL = Source(
    "PTB-XL",
    "https://physionet.org/files/ptb-xl/1.0.3/",
    (ptbxl.TABLE, ptbxl.STATEMENTS),
    lambda name: name in ("LICENSE.txt", ptbxl.TABLE, ptbxl.STATEMENTS) or name.startswith("records100/"),
)
LUDB = Source(
    "LUDB",
    "https://physionet.org/files/ludb/1.0.1/",
    (ludb.TABLE,),
    lambda name: name in ("LICENSE.txt", "README", "RECORDS", ludb.TABLE) or name.endswith((".hea", ".dat")),
)
SOURCES = {"ptb-xl": PTBXL, "ludb": LUDB}
SOURCES |= {
    name: Source(one.title, _CHALLENGE, (), lambda file, folder=f"training/{one.folder}/": file.startswith(folder))
    for name, one in external.SOURCES.items()
    if one.folder
}


def download(
    root: Path,
    source: Source = PTBXL,
    *,
    url: str | None = None,
    jobs: int = 16,
    retries: int = 3,
    progress: bool = True,
) -> Path:
    """Download a data set's tables, license and records; returns `root`, which is made if it is missing.

    Files come from `url`, a mirror's address with a slash at the end, or from PhysioNet, `jobs` at a time; one that is
    truncated or has a wrong checksum is fetched again up to `retries` times. InputError if the server cannot be
    reached, lacks a file, lists one outside of `root`, or a checksum is wrong in every attempt.
    """
    url = source.url if url is None else url
    root = Path(root)
    pooch.get_logger().setLevel(logging.ERROR)
    try:
        sums = _get(url + SUMS).text
    except requests.RequestException as error:
        raise _unreachable(url + SUMS, error) from error
    lines = [line.split(maxsplit=1) for line in sums.splitlines()]
    wanted = {name: digest for digest, name in (line for line in lines if len(line) == 2) if source.wanted(name)}
    if outside := [name for name in wanted if _leaves_its_folder(name)]:
        raise InputError(
            "a file outside the folder",
            where=url + SUMS,
            expected=f"files inside {root}",
            found=repr(outside[0]),
            hint="check the address; nothing was written",
        )
    if missing := sorted(set(source.required) - set(wanted)) or ([] if wanted else ["recording"]):
        raise InputError(
            f"not {source.name}'s checksums",
            where=url + SUMS,
            expected=f"the files of {source.name}",
            found=f"no {', '.join(missing)}",
            hint="check the address",
        )
    store = pooch.create(root, url, registry=wanted, retry_if_failed=retries)
    for folder in {(root / name).parent for name in wanted}:
        folder.mkdir(parents=True, exist_ok=True)  # pooch's threads would race to create it
    pool = ThreadPoolExecutor(jobs)
    fetched = {pool.submit(store.fetch, name, downloader=_fetch): name for name in wanted}
    try:
        for done in tqdm(as_completed(fetched), source.name, total=len(wanted), unit="file", disable=not progress):
            done.result()
    except (requests.RequestException, ValueError) as error:  # the latter is pooch's for a checksum that stays wrong
        raise _unreachable(url + fetched[done], error) from error
    finally:
        pool.shutdown(cancel_futures=True)
    return root


def download_sph(root: Path, *, progress: bool = True) -> Path:
    """Download SPH (2.3 GB) from figshare and unpack its records; returns `root`. InputError if that fails."""
    root, where = Path(root), "figshare"
    try:
        for where in SPH_DOIS:
            store = pooch.create(root, f"doi:{where}/")
            store.load_registry_from_doi()
            for name in store.registry:
                path = Path(store.fetch(name, progressbar=progress))
                if name.endswith(".tar.gz"):
                    with tarfile.open(path) as archive:
                        archive.extractall(root, filter="data")  # refuses what would leave the folder
    except (requests.RequestException, ValueError, tarfile.TarError) as error:
        raise _unreachable(f"https://doi.org/{where}", error) from error
    return root


def _leaves_its_folder(name: str) -> bool:
    """Whether a name is absolute or goes up, on any system."""
    path = PureWindowsPath(name)  # knows both separators, and drives
    return bool(path.anchor) or ".." in path.parts


def _get(url: str) -> requests.Response:
    if not hasattr(_connections, "session"):
        _connections.session = requests.Session()  # one connection per thread instead of one per file
    response = _connections.session.get(url, timeout=_TIMEOUT)
    response.raise_for_status()
    return response


def _fetch(url: str, output_file: str, _pooch: object) -> None:
    Path(output_file).write_bytes(_get(url).content)


def _unreachable(url: str, error: Exception) -> InputError:
    return InputError(
        "download failed",
        where=url,
        expected="the file, with its checksum",
        found=f"{type(error).__name__}: {error}",
        hint="check the network and run the same command again; finished files are kept",
    )
