"""Downloading the 100 Hz part of PTB-XL 1.0.3 from PhysioNet.

Input: a folder. Output: PhysioNet's own layout in it, with every file checked against PhysioNet's SHA256SUMS. Files
that already have the right checksum are kept, so that an interrupted download resumes.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from ecglib.data import ptbxl
from ecglib.errors import InputError

URL = "https://physionet.org/files/ptb-xl/1.0.3/"
SUMS = "SHA256SUMS.txt"
_TIMEOUT = 30  # s without data
_connections = threading.local()


def download(root: Path, *, url: str = URL, jobs: int = 16, retries: int = 3, progress: bool = True) -> Path:
    """Download both tables, the license and the 100 Hz records.

    Parameters
    ----------
    root : folder to download to, created if missing
    url : address of PTB-XL's files, with a slash at the end
    jobs : files downloaded at the same time
    retries : further attempts for a file that is truncated or has a wrong checksum
    progress : show a bar over the files

    Returns
    -------
    root

    Raises
    ------
    InputError : the server cannot be reached or lacks a file, or the checksum of a file is wrong in every attempt
    """
    root = Path(root)
    pooch.get_logger().setLevel(logging.ERROR)
    try:
        sums = _get(url + SUMS).text
    except requests.RequestException as error:
        raise _unreachable(url + SUMS, error) from error
    lines = [line.split(maxsplit=1) for line in sums.splitlines()]
    wanted = {
        name: digest for digest, name in (line for line in lines if len(line) == 2)
        if name in ("LICENSE.txt", ptbxl.TABLE, ptbxl.STATEMENTS) or name.startswith("records100/")
    }  # fmt: skip
    if missing := {ptbxl.TABLE, ptbxl.STATEMENTS} - set(wanted):
        raise InputError(
            "not PTB-XL's checksums", where=url + SUMS, expected=f"{ptbxl.TABLE} among the files",
            found=f"no {', '.join(sorted(missing))}", hint="check the address",
        )  # fmt: skip
    store = pooch.create(root, url, registry=wanted, retry_if_failed=retries)
    for folder in {(root / name).parent for name in wanted}:
        folder.mkdir(parents=True, exist_ok=True)  # pooch's threads would race to create it
    pool = ThreadPoolExecutor(jobs)
    fetched = {pool.submit(store.fetch, name, downloader=_fetch): name for name in wanted}
    try:
        for done in tqdm(as_completed(fetched), "PTB-XL", total=len(wanted), unit="file", disable=not progress):
            done.result()
    except requests.RequestException as error:
        raise _unreachable(url + fetched[done], error) from error
    except ValueError as error:  # pooch: checksum still wrong after the last attempt
        raise InputError(
            "wrong checksum", where=url + fetched[done], expected=f"SHA-256 {wanted[fetched[done]]}",
            found="other content in every attempt", hint="run the same command again later; finished files are kept",
        ) from error  # fmt: skip
    finally:
        pool.shutdown(cancel_futures=True)
    return root


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
        "download failed", where=url, expected="an answer from the server", found=f"{type(error).__name__}: {error}",
        hint="check the network and run the same command again; finished files are kept",
    )  # fmt: skip
