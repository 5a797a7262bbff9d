"""A running JupyterLab server on a checkout."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request

from ecglib.book import lab
from ecglib.study.paths import Paths

TOKEN = "trial"


class LabServer:
    """A server on a free port, as `ecglib lab` starts it; a page finds JupyterLab's application as `jupyterapp`."""

    def __init__(self, paths: Paths):
        self.paths = paths

    def __enter__(self) -> LabServer:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        command = [*lab.command(self.paths, port=port, browser=False), "--LabApp.expose_app_in_browser=True"]
        environment = lab.environment(self.paths) | {"JUPYTER_TOKEN": TOKEN}
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    def fetch(self, path: str, seconds: float = 60) -> bytes:
        """What the server answers, once it does."""
        until = time.monotonic() + seconds
        request = urllib.request.Request(f"{self.address}/{path}", headers={"Authorization": f"token {TOKEN}"})
        while True:
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.read()
            except (ConnectionError, urllib.error.URLError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
