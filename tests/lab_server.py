"""A running JupyterLab server on a checkout, and notebooks that a browser runs in it."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request

from selenium.webdriver.support.wait import WebDriverWait

from ecglib.book import lab
from ecglib.study.paths import Paths

TOKEN = "trial"
CHAPTER_SECONDS = 600  # for one chapter, on a busy machine
OPENING_SECONDS = 300
AT_ONCE = 2  # chapters, as `make reproduce` executes them
_OPENED = "return window.jupyterapp?.shell.currentWidget?.context?.path"
_RUN_ALL = """
const panel = jupyterapp.shell.currentWidget;
(async () => {
    await panel.context.ready;
    await panel.sessionContext.ready;
    await jupyterapp.commands.execute("notebook:run-all-cells");
    window.outcome = panel.model.sharedModel.toJSON().cells;
    await panel.sessionContext.shutdown();
})().catch(error => { window.outcome = String(error); });
"""


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


def run_all(browser, server: LabServer, names: list[str]) -> dict[str, list | str]:
    """Run all cells of notebooks in JupyterLab, two notebooks at a time, each in a window of its own.

    Parameters
    ----------
    names : notebooks/<name>.ipynb

    Returns
    -------
    for each name the notebook's cells, or why they did not run
    """
    server.fetch("api")
    home, waiting, running, outcomes = browser.current_window_handle, list(names), {}, {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            name = waiting.pop(0)
            browser.switch_to.new_window("window")
            # JupyterLab's current notebook is the one with the focus, which a browser gives to one window only
            browser.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
            browser.get(f"{server.address}/lab/workspaces/{name}/tree/notebooks/{name}.ipynb?token={TOKEN}")
            path = f"notebooks/{name}.ipynb"
            WebDriverWait(browser, OPENING_SECONDS).until(lambda page, path=path: page.execute_script(_OPENED) == path)
            browser.execute_script(_RUN_ALL)
            running[name] = browser.current_window_handle, time.monotonic() + CHAPTER_SECONDS
        for name, (window, until) in list(running.items()):
            browser.switch_to.window(window)
            outcome = browser.execute_script("return window.outcome")
            if outcome is None and time.monotonic() > until:
                outcome = f"not finished after {CHAPTER_SECONDS} s"
            if outcome is not None:
                outcomes[name] = outcome
                del running[name]
                browser.close()
                browser.switch_to.window(home)
        time.sleep(0.5)
    return outcomes
