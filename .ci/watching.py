"""Watches a cell train in JupyterLab, as a learner does: in real Chromium, with Lab's own buttons.

    python .ci/watching.py --screenshots DIR [--url URL]

Makes a notebook in Lab's folder and, cell by cell: while an endless `train` runs, its bar and its figures change in their
places, and stay few; Lab's interrupt button ends the training, says after which step, and marks nothing as failed; the
variables live; a failing `?` and a panic are errors with their message first and the backtrace folded; and what the
notebook holds when it is saved is the last state, with words beside each picture. Then the notebook is deleted. Pictures of
the page go to DIR. Exit 1 and one line otherwise.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import PANEL, PROMPTS, Failure, Server, Visit, chromium, lab, wait_for

NAME = "watching-it-learn.ipynb"
CELLS = [
    "use gan_course::lessons::gan::{Gan, GanConfig};\nlet mut gan: Gan = Gan::new(GanConfig::default())?;",
    "gan.train(100_000_000)?;",
    'println!("it lives, after step {}", gan.steps());',
    'let number: u32 = "seven".parse::<u32>()?;',
    'panic!("it was to fail");',
]
TRAINS, LIVES, FAILS, PANICS = 1, 2, 3, 4
SECONDS = 6.0  # how long the training is watched
UPDATES_A_SECOND = 5.0  # what the course promises
# Counts in the page, where the learner's eye is, each change of the bar's text and of each picture of a cell.
COUNT = """const outputs = arguments[0].querySelector('.jp-OutputArea');
    const seen = window.seen = {bars: [], pictures: [], outputs: []};
    const look = () => {
        const bar = [...outputs.querySelectorAll('pre')].find(p => p.innerText.includes('█') || p.innerText.includes('░'));
        if (bar && bar.innerText !== seen.bars.at(-1)) seen.bars.push(bar.innerText);
        for (const image of outputs.querySelectorAll('img')) {
            const key = image.src.length + image.src.slice(-400);
            if (!seen.pictures.includes(key)) seen.pictures.push(key) }
        seen.outputs.push(outputs.querySelectorAll('.jp-OutputArea-output').length) };
    window.watcher = new MutationObserver(look);
    window.watcher.observe(outputs, {subtree: true, childList: true, characterData: true, attributes: true});
    look()"""
ALTS = "return [...arguments[0].querySelectorAll('.jp-OutputArea-output img')].map(i => i.alt)"
INTERRUPT = f"{PANEL} [data-command='notebook:interrupt-kernel'], {PANEL} [data-jp-item-name='interrupt'] jp-button"


def require(condition: object, message: str) -> None:
    if not condition:
        raise Failure(message)


def contents(server: Server, method: str, body: Any = None) -> None:
    request = urllib.request.Request(
        f"{server.base}/api/contents/{urllib.parse.quote(NAME)}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {server.token}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.URLError as error:
        raise Failure(f"Lab does not {method} {NAME}: {error}") from None


def notebook() -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "id": f"cell-{at}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for at, source in enumerate(CELLS)
    ]
    kernelspec = {"name": "gan-course", "display_name": "GAN course (Rust)", "language": "rust"}
    return {"cells": cells, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5}


class Watching:
    """The notebook, open in Lab."""

    def __init__(self, page: webdriver.Chrome, server: Server, screenshots: Path) -> None:
        self.page, self.server = page, server
        self.visit = Visit(page, server, NAME, screenshots)

    def run(self, at: int) -> None:
        self.visit.cell(at).find_element(By.CSS_SELECTOR, ".cm-content").click()
        ActionChains(self.page).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()

    def ended(self, at: int, seconds: float) -> str:
        """What is below the cell once it has run."""

        def prompt() -> str:
            return str(self.page.execute_script(PROMPTS)[at])

        if not wait_for(lambda: prompt() not in ("[*]:", "[ ]:"), seconds):
            self.visit.picture("still-running")
            raise Failure(f"cell {at + 1} (`{CELLS[at]}`) has not ended after {seconds:.0f} s")
        time.sleep(0.5)
        return self.visit.said(at)

    def trains(self) -> None:
        self.run(TRAINS)
        cell = self.visit.cell(TRAINS)
        require(
            wait_for(lambda: "░" in self.visit.said(TRAINS), 30),
            "no bar is on the page while a cell trains",
        )
        self.page.execute_script(COUNT, cell)
        began = time.monotonic()
        time.sleep(SECONDS / 2)
        self.visit.picture("training")
        time.sleep(SECONDS / 2)
        seen = self.page.execute_script("return window.seen")
        rate = len(seen["bars"]) / (time.monotonic() - began)
        self.visit.picture("training-on")
        print(
            f"on the page: the bar changed {rate:.1f} times a second, {len(seen['pictures'])} different pictures in "
            f"{SECONDS:.0f} s, at most {max(seen['outputs'])} outputs"
        )
        require(rate >= UPDATES_A_SECOND, f"the bar changes {rate:.1f} times a second on the page")
        require(len(seen["pictures"]) >= 4, f"the figures do not change: {len(seen['pictures'])} pictures")
        require(max(seen["outputs"]) <= 3, f"outputs pile up: {max(seen['outputs'])}")
        self.page.find_element(By.CSS_SELECTOR, INTERRUPT).click()
        said = self.ended(TRAINS, 20)
        self.visit.picture("interrupted")
        require("Interrupted after step " in said, f"the interrupt is not told of: {said[:200]}")
        alts = self.page.execute_script(ALTS, self.visit.cell(TRAINS))
        require(len(alts) == 2 and all(len(alt) > 20 for alt in alts), f"pictures without words: {alts}")

    def fails(self, at: int, message: str) -> None:
        self.run(at)
        self.ended(at, 60)
        cell = self.visit.cell(at)
        outputs = cell.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output")
        self.visit.picture(f"failed-{at}")
        require(outputs and message in outputs[0].text, f"cell {at + 1}'s message does not come first")
        kind = outputs[0].get_attribute("data-mime-type")
        require(kind == "application/vnd.jupyter.stderr", f"cell {at + 1}'s failure is shown as {kind}")
        folded = cell.find_elements(By.CSS_SELECTOR, "details")
        require(all(not one.get_attribute("open") for one in folded), f"cell {at + 1}'s backtrace is not folded")

    def saved(self) -> None:
        """Nothing of a thousand frames is in the file."""
        cells = self.visit.save()
        outputs = cells[TRAINS]["outputs"]
        require(len(outputs) == 4, f"the saved cell holds {len(outputs)} outputs")
        require(all("text/plain" in output["data"] for output in outputs), "an output without words is saved")
        html = "".join("".join(output["data"]["text/html"]) for output in outputs)
        pictures = re.findall(r'<img alt="([^"]+)".*?base64,([^"]+)"', html)
        require(len(pictures) == 2, f"the saved cell holds {len(pictures)} pictures with words")
        require(all(base64.b64decode(data)[1:4] == b"PNG" for _, data in pictures), "a picture is no PNG")
        for at in (FAILS, PANICS):
            kinds = [output["output_type"] for output in cells[at]["outputs"]]
            require(kinds and kinds[0] == "error", f"cell {at + 1} is saved with {kinds}")


def watch(url: str, screenshots: Path) -> None:
    server = Server(url)
    contents(server, "PUT", {"type": "notebook", "format": "json", "content": notebook()})
    try:
        with chromium() as page:
            seen = Watching(page, server, screenshots)
            seen.visit.open()
            seen.run(0)
            seen.ended(0, 120)
            seen.trains()
            seen.run(LIVES)
            said = seen.ended(LIVES, 60)
            require("it lives, after step " in said, f"after the interrupt the variable is gone: {said[:200]}")
            seen.fails(FAILS, "invalid digit")
            seen.fails(PANICS, "it was to fail")
            seen.saved()
            print(f"interrupted by Lab's button: `{said.strip()}`; failures come first; {seen.visit.taken} pictures")
    finally:
        contents(server, "DELETE")


def main() -> int:
    parser = argparse.ArgumentParser(description="Watches a cell train in JupyterLab.")
    parser.add_argument("--screenshots", type=Path, required=True, help="folder for pictures, outside the tree")
    parser.add_argument("--url", help="use the Lab that runs at this address (with its token)")
    options = parser.parse_args()
    options.screenshots.mkdir(parents=True, exist_ok=True)
    try:
        with nullcontext(options.url) if options.url else lab() as url:
            watch(url, options.screenshots)
    except Failure as error:
        print(f"watching: {error} (pictures: {options.screenshots})", file=sys.stderr)
        return 1
    except WebDriverException as error:
        print(f"watching: the page did not answer: {(error.msg or '').splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
