"""The download from a local server with PTB-XL's or LUDB's layout, which truncates a transfer and damages a file."""

import hashlib
import http.server
import tarfile
import threading
from collections import Counter, defaultdict
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import pytest

from ecglib.data import download as download_module
from ecglib.data import synthetic_ludb
from ecglib.data.download import LUDB, SOURCES, SUMS, download
from ecgpredict.errors import InputError

TRUNCATED, DAMAGED = "records100/00000/00003_lr.dat", "records100/00000/00005_lr.dat"


def halved(content):
    return content[: len(content) // 2]


def flipped(content):
    return bytes([content[0] ^ 1]) + content[1:]


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder; a file has its `faults`, functions of bytes, one each time, before it is right."""

    def __init__(self, root):
        self.root, self.requested, self.faults = root, Counter(), defaultdict(list)
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/ptb-xl/1.0.3/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, name = self.server, self.path.removeprefix("/ptb-xl/1.0.3/")
        server.requested[name] += 1
        path = server.root / name
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if server.faults[name]:
            content = server.faults[name].pop()(content)
            self.close_connection = True
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def serve(root, unwanted):
    """A server of a folder with checksums; `unwanted` is listed as well, as by PhysioNet."""
    files = [path for path in root.rglob("*") if path.is_file()]
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(root).as_posix()}" for p in files]
    (root / SUMS).write_text("\n".join([*lines, f"{'0' * 64}  {unwanted}"]) + "\n")
    with Server(root) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def server(damaged):
    with serve(damaged, "records500/00000/00001_hr.dat") as running:
        yield running


def names(root):
    """The files in a folder, by their paths in it."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def fetch(server, root):
    return download(root, url=server.url, retries=1, progress=False)


def test_every_wanted_file_arrives(server, tmp_path):
    root = fetch(server, tmp_path / "ptb-xl")
    assert names(root) == names(server.root) - {SUMS, "SYNTHETIC.txt"}
    assert all((root / name).read_bytes() == (server.root / name).read_bytes() for name in names(root))


def test_a_truncated_and_a_damaged_transfer_are_retried(server, tmp_path):
    server.faults |= {TRUNCATED: [halved], DAMAGED: [flipped]}
    root = fetch(server, tmp_path / "ptb-xl")
    assert server.requested[TRUNCATED] == server.requested[DAMAGED] == 2
    assert all((root / name).read_bytes() == (server.root / name).read_bytes() for name in (TRUNCATED, DAMAGED))


def test_a_file_that_stays_damaged_is_named_and_not_kept_and_the_download_resumes(server, tmp_path):
    server.faults[DAMAGED] = 99 * [flipped]
    with pytest.raises(InputError, match="download failed") as caught:
        fetch(server, tmp_path / "ptb-xl")
    assert DAMAGED in caught.value.where
    have = {name for name in names(tmp_path / "ptb-xl") if name.endswith(".dat")}
    assert have and DAMAGED not in have
    server.requested.clear()
    server.faults.clear()
    fetch(server, tmp_path / "ptb-xl")
    assert server.requested[DAMAGED] == 1
    assert not have & set(server.requested)


def test_a_missing_file_is_named(server, tmp_path):
    (server.root / TRUNCATED).unlink()
    with pytest.raises(InputError, match="download failed") as caught:
        fetch(server, tmp_path / "ptb-xl")
    assert TRUNCATED in caught.value.where
    assert "404" in caught.value.found


def test_offline_the_error_has_a_hint(tmp_path):
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/"
    with pytest.raises(InputError, match="download failed") as caught:
        download(tmp_path, url=url, progress=False)
    assert "network" in caught.value.hint


@pytest.mark.parametrize("name", ["records100/../../outside", "records100/00000/../../../outside"])
def test_a_listed_file_outside_the_folder_is_refused_before_anything_is_written(server, tmp_path, name):
    content = b"content"
    (server.root.parent / "outside").write_bytes(content)
    with (server.root / SUMS).open("a") as sums:
        sums.write(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    (tmp_path / "target").mkdir()
    with pytest.raises(InputError, match="a file outside the folder") as caught:
        fetch(server, tmp_path / "target" / "ptb-xl")
    assert caught.value.found == repr(name)
    assert not list((tmp_path / "target").iterdir())


def test_ludb_arrives_without_its_annotations(tmp_path):
    with serve(synthetic_ludb.write_sample(tmp_path / "served", records=2), "data/1.i") as server:
        server.faults["data/2.dat"] = [flipped]
        root = download(tmp_path / "ludb", LUDB, url=server.url, retries=1, progress=False)
    assert names(root) == {"ludb.csv", "data/1.hea", "data/1.dat", "data/2.hea", "data/2.dat"}
    assert (root / "data/2.dat").read_bytes() == (tmp_path / "served" / "data/2.dat").read_bytes()


def test_the_checksums_of_another_data_set_are_refused(server, tmp_path):
    with pytest.raises(InputError, match="not LUDB's checksums"):
        download(tmp_path / "ludb", LUDB, url=server.url, progress=False)


def test_a_part_of_the_challenge_arrives_alone(tmp_path):
    served = tmp_path / "served"
    for name in ("training/georgia/g1/E00001.hea", "training/ningbo/g1/JS10647.hea"):
        (served / name).parent.mkdir(parents=True)
        (served / name).write_text(name)
    with serve(served, "training/ningbo/g1/JS10647.mat") as server:
        root = download(tmp_path / "georgia", SOURCES["georgia"], url=server.url, progress=False)
        with pytest.raises(InputError, match="not CPSC2018's checksums"):
            download(tmp_path / "cpsc", SOURCES["cpsc2018"], url=server.url, progress=False)
    assert names(root) == {"training/georgia/g1/E00001.hea"}


@pytest.fixture
def figshare(monkeypatch, tmp_path):
    """A stand-in for figshare: a function that sets the name of the file in SPH's archive of records."""

    def serve_sph(member):
        def create(root, address):
            name = "metadata.csv" if download_module.SPH_DOIS[0] in address else "records.tar.gz"
            return SimpleNamespace(registry={name: "md5:0"}, load_registry_from_doi=list, fetch=partial(fetch, root))

        def fetch(root, name, progressbar):
            root.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("ECG_ID\n")
            if name == "records.tar.gz":
                (tmp_path / "a.h5").write_bytes(b"samples")
                with tarfile.open(root / name, "w:gz") as archive:
                    archive.add(tmp_path / "a.h5", arcname=member)
            return root / name

        monkeypatch.setattr(download_module.pooch, "create", create)

    return serve_sph


def test_sphs_records_are_unpacked_beside_their_table(figshare, tmp_path):
    figshare("records/A00001.h5")
    root = download_module.download_sph(tmp_path / "sph", progress=False)
    assert (root / "records" / "A00001.h5").read_bytes() == b"samples"
    assert (root / "metadata.csv").is_file()


def test_an_archive_that_leaves_its_folder_is_refused(figshare, tmp_path):
    figshare("../../A00001.h5")
    with pytest.raises(InputError, match="download failed"):
        download_module.download_sph(tmp_path / "below" / "sph", progress=False)
    assert not (tmp_path / "A00001.h5").exists()
