"""Opens the course as a learner does: real Chromium, Run > Run All Cells, figures on the page.

    python .ci/browser.py --screenshots DIR [--url URL] [--notebook 00-cross-entropy.ipynb]... [--exercise 00-2]...

Starts Lab by `cargo run --release -- lab --no-browser` (or uses the one at --url), opens each notebook, and
requires: the recorded figures show before anything was run, in a notebook that Lab doesn't trust yet; after
Run All every cell has run, none gave an error or wrote to stderr, no dialog came up; each figure is an
image that loaded and has a text alternative; each video plays; and each slider is moved by mouse and by keyboard. Of each
exercise that is named, the starter's answer is refused with a hint, and the solution, put into its cell, passes; then the
starter is put back. Pictures of the page go to DIR. Exit 1 and one line otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

ROOT = Path(__file__).resolve().parent.parent
LAB_START_SECONDS = 300  # the environment is there already; cargo may still have to link
PAGE_SECONDS = 90
RUN_SECONDS = 600

# The panel in front: Lab may have opened other notebooks again from an earlier visit.
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
FIGURES = f"""return [...document.querySelectorAll('{PANEL} .jp-OutputArea-output img')].map(
    i => ({{alt: i.alt, width: i.complete ? i.naturalWidth : 0}}))"""
# Plays what is on the page; the next look tells how far it came. (In a notebook that Lab doesn't trust only the title is left.)
VIDEOS = f"""return [...document.querySelectorAll('{PANEL} .jp-OutputArea-output video')].map(
    v => {{ v.play(); return {{alt: v.getAttribute('aria-label') || v.title, width: v.videoWidth,
        seconds: v.currentTime, error: v.error ? v.error.message : ''}} }})"""
SLIDERS = f"{PANEL} .jp-OutputArea-output .gan-course-slider"
# Where a slider is: its number, what it says there, and its picture.
FRAME = """const [field, picture] = ['input', 'canvas'].map(name => arguments[0].querySelector(name));
    return [Number(field.value), field.getAttribute('aria-valuetext'), picture.toDataURL()]"""
DIALOG = """const d = document.querySelector('.jp-Dialog'); return d ? d.innerText : null"""
# The notebook's scroller: Lab may keep only the cells near the view in the page.
SCROLL = f"""const s = document.querySelector('{PANEL} .jp-WindowedPanel-outer');
    const before = s.scrollTop; if (arguments[0] === null) {{ s.scrollTop = 0 }}
    else {{ s.scrollTop += arguments[0] * s.clientHeight }}
    return s.scrollTop !== before"""
# Lab keeps only the cells near the view in the page, each with its place in the notebook.
CELL = f"{PANEL} .jp-Cell[data-windowed-list-index='%d']"
# What a browser does at Ctrl-V, with this text on the clipboard.
PASTE = """const clipboard = new DataTransfer(); clipboard.setData('text/plain', arguments[1]);
    arguments[0].dispatchEvent(
        new ClipboardEvent('paste', {clipboardData: clipboard, bubbles: true, cancelable: true}))"""
PROMPTS = f"""return [...document.querySelectorAll('{PANEL} .jp-CodeCell .jp-InputArea-prompt')].map(
    p => p.innerText.trim())"""


class Failure(Exception):
    """One line: what is not as a learner should see it."""


# --------------------------------------------------------------------------------------- Lab and browser


@contextmanager
def lab() -> Iterator[str]:
    """Starts Lab through the course's own command; yields the address that it prints."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["cargo", "run", "--release", "--quiet", "--", "lab", "--no-browser", "--port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: list[str] = []
    found: list[str] = []

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:  # read on, or Lab would block on a full pipe
            lines.append(line.rstrip())
            match = re.search(r"http://127\.0\.0\.1:\d+/lab\S*token=\S+", line)
            if match and not found:
                found.append(match[0])

    threading.Thread(target=listen, daemon=True).start()
    try:
        if not wait_for(lambda: bool(found) or process.poll() is not None, LAB_START_SECONDS) or not found:
            said = " / ".join(line for line in lines[-5:] if line) or "nothing"
            code = process.poll()
            how = (
                f"gave no address within {LAB_START_SECONDS} s" if code is None else f"ended with code {code}"
            )
            raise Failure(f"`{' '.join(command)}` {how}; it said: {said}")
        yield found[0]
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """Ends our Lab, which ends its kernels, by force if need be. The process group is ours alone."""

    def ended() -> bool:
        process.poll()  # a child that nobody asks after stays in the group
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    # Not SIGINT: without a terminal Jupyter takes it for a question that nobody answers.
    for kind, seconds in ((signal.SIGTERM, 30), (signal.SIGKILL, 5)):
        if ended():
            return
        os.killpg(process.pid, kind)
        wait_for(ended, seconds)


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """Headless Chromium and its driver, both from the system's packages."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        raise Failure("chromium and chromedriver are not installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    flags = [
        "--headless=new",
        "--disable-gpu",
        "--window-size=1300,1000",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--disable-dev-shm-usage",
    ]
    if os.getuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to start as root without it
    for flag in flags:
        options.add_argument(flag)
    try:
        page = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    except WebDriverException as error:
        raise Failure(f"Chromium did not start: {(error.msg or '').splitlines()[0]}") from None
    try:
        yield page
    finally:
        page.quit()


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.3)
    return condition()


class Server:
    """Lab's own API: where the notebook is, what is in it, and whether its kernel works."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.token = urllib.parse.parse_qs(parts.query)["token"][0]

    def ask(self, what: str) -> Any:
        request = urllib.request.Request(
            f"{self.base}/api/{what}", headers={"Authorization": f"token {self.token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.URLError as error:
            raise Failure(f"Lab does not give {what}: {error}") from None

    def contents(self, path: str) -> Any:
        return self.ask(f"contents/{urllib.parse.quote(path)}")["content"]

    def idle(self, path: str) -> bool:
        """Whether the notebook's kernel has nothing to do at this moment."""
        states = [s["kernel"]["execution_state"] for s in self.ask("sessions") if s["path"] == path]
        return bool(states) and all(state == "idle" for state in states)

    def find(self, name: str) -> str:
        """The notebook's path: in Lab's folder or one below."""
        entries = self.contents("")
        folders = [entry["path"] for entry in entries if entry["type"] == "directory"]
        for entry in entries + [entry for folder in folders for entry in self.contents(folder)]:
            if entry["name"] == name:
                return str(entry["path"])
        raise Failure(f"Lab's folder has no {name}")

    def cells(self, path: str) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = self.contents(path)["cells"]
        return cells

    def code_cells(self, path: str) -> list[dict[str, Any]]:
        return [cell for cell in self.cells(path) if cell["cell_type"] == "code"]


# --------------------------------------------------------------------------------------- the visit


class Visit:
    """One notebook, open in the browser."""

    def __init__(self, page: webdriver.Chrome, server: Server, path: str, screenshots: Path) -> None:
        self.page, self.server, self.path, self.screenshots = page, server, path, screenshots
        self.taken = 0
        self.videos: dict[str, float] = {}  # how far each came, in seconds
        self.sliders: set[str] = set()  # what those move that were moved

    def open(self) -> None:
        # Else Lab opens the notebooks of an earlier visit again, and starts a kernel for each.
        address = (
            f"{self.server.base}/lab/tree/{urllib.parse.quote(self.path)}?reset&token={self.server.token}"
        )
        self.page.get(address)
        if not wait_for(lambda: bool(self.page.execute_script(PROMPTS)), PAGE_SECONDS):
            self.picture("not-open")
            raise Failure(f"{self.path} is not on the page after {PAGE_SECONDS} s")
        time.sleep(2)  # Lab lays the page out again when its side panels arrive
        self.no_dialog()

    def no_dialog(self) -> None:
        text = self.page.execute_script(DIALOG)
        if text:
            self.picture("dialog")
            raise Failure(f"Lab shows a dialog: {' / '.join(text.split(chr(10)))}")

    def picture(self, name: str) -> None:
        self.taken += 1
        self.page.save_screenshot(str(self.screenshots / f"{self.taken:02}-{name}.png"))

    def figures(self, name: str) -> dict[str, int]:
        """Scrolls from top to bottom with a picture at each stop; each figure's alternative and width."""
        seen: dict[str, int] = {}
        self.page.execute_script(SCROLL, None)
        moved, stops = True, 0
        while moved and stops < 60:
            time.sleep(0.7)
            self.picture(name)
            for figure in self.page.execute_script(FIGURES):
                if not figure["alt"].strip():
                    raise Failure(f"a figure of {self.path} has no text alternative on the page ({name})")
                seen[figure["alt"]] = max(figure["width"], seen.get(figure["alt"], 0))
            self.play(name)
            for box in self.page.find_elements(By.CSS_SELECTOR, SLIDERS):
                self.slide(box, name)
            moved = self.page.execute_script(SCROLL, 0.8)
            stops += 1
        broken = [alt for alt, width in seen.items() if width == 0]
        if broken:
            raise Failure(f"a figure of {self.path} did not load ({name}): {broken[0]}")
        return seen

    def play(self, name: str) -> None:
        """Lets the videos in view play for a moment."""
        if not self.page.execute_script(VIDEOS):
            return
        time.sleep(1)
        for video in self.page.execute_script(VIDEOS):
            if video["error"] or not video["alt"].strip():
                raise Failure(f"a video of {self.path} has no text alternative or fails ({name}): {video}")
            self.videos[video["alt"]] = max(video["seconds"], self.videos.get(video["alt"], 0))

    def slide(self, box: WebElement, name: str) -> None:
        """Moves a slider by a click in its middle and by keys; whoever can't see it is told where it is."""
        field = box.find_element(By.TAG_NAME, "input")
        label, end = box.find_element(By.XPATH, "../figcaption").text, int(field.get_attribute("max") or 0)
        if label in self.sliders:
            return

        def after(act: ActionChains) -> tuple[int, str, str]:
            act.perform()
            time.sleep(0.1)
            return tuple(self.page.execute_script(FRAME, box))

        first = after(ActionChains(self.page).move_to_element(field))
        middle = after(ActionChains(self.page).click())
        self.picture(f"{name}-slider")
        places = [middle] + [
            after(ActionChains(self.page).send_keys(key))
            for key in (Keys.END, Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.HOME)
        ]
        if not 0 < middle[0] < end or [place[0] for place in places[1:]] != [end, end - 1, end, 0]:
            raise Failure(f"the slider '{label}' goes to {[place[0] for place in places]} of {end} ({name})")
        if not all(place[1] for place in places) or len({place[1] for place in places}) < 4:
            raise Failure(f"the slider '{label}' doesn't say where it is: {[place[1] for place in places]}")
        # Neighbours may look alike; the ends and the middle don't.
        if len({first[2], middle[2], places[1][2]}) < 3:
            raise Failure(f"the slider '{label}' shows the same picture everywhere ({name})")
        self.sliders.add(label)

    def run_all(self) -> None:
        """Run > Run All Cells, through the menu."""
        self.page.find_element(
            By.XPATH, "//div[contains(@class,'lm-MenuBar-itemLabel') and text()='Run']"
        ).click()
        item = "li[data-command='runmenu:run-all']"
        if not wait_for(lambda: bool(self.page.find_elements(By.CSS_SELECTOR, item)), 10):
            raise Failure("Lab's Run menu has no Run All Cells")
        self.page.find_element(By.CSS_SELECTOR, item).click()
        if not wait_for(lambda: "[*]:" in self.page.execute_script(PROMPTS), 20):
            self.picture("not-running")
            self.no_dialog()
            raise Failure("no cell is running after Run All Cells")

        # Lab renders only the cells near the view, so a cell that waits may be out of it; and between two cells the
        # kernel is idle for a moment. Both must stay as at the end for a second.
        quiet = 0

        def done() -> bool:
            nonlocal quiet
            self.no_dialog()
            self.page.execute_script(SCROLL, 1000)  # the last cell, which is the last to run
            waits = "[*]:" in self.page.execute_script(PROMPTS)
            quiet = 0 if waits or not self.server.idle(self.path) else quiet + 1
            return quiet > 4

        if not wait_for(done, RUN_SECONDS):
            self.picture("still-running")
            raise Failure(f"{self.path} still runs after {RUN_SECONDS} s")

    def cell(self, index: int) -> WebElement:
        """The cell at this place of the notebook, scrolled into view."""
        self.page.execute_script(SCROLL, None)
        for _ in range(200):
            if found := self.page.find_elements(By.CSS_SELECTOR, CELL % index):
                self.page.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[0])
                time.sleep(0.5)  # Lab may lay out the cells around it again
                return self.page.find_element(By.CSS_SELECTOR, CELL % index)
            self.page.execute_script(SCROLL, 0.5)
            time.sleep(0.2)
        raise Failure(f"cell {index + 1} of {self.path} does not come into view")

    def write(self, index: int, text: str) -> None:
        """Clicks into a cell's editor, and puts this text in the place of all that is there."""
        editor = self.cell(index).find_element(By.CSS_SELECTOR, ".cm-content")
        editor.click()
        ActionChains(self.page).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
        self.page.execute_script(PASTE, editor, text)

    def said(self, index: int) -> str:
        """What is below a cell."""
        outputs = self.cell(index).find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output")
        return "\n".join(output.text for output in outputs)

    def solve(self, number: str) -> None:
        """Does an exercise wrong, as its starter does, then right, as its solution does."""
        cells = self.server.cells(self.path)
        call = f"check_{number.replace('-', '_')}("
        places = [at for at, cell in enumerate(cells) if cell["cell_type"] == "code" and call in cell["source"]]
        if len(places) != 1:
            raise Failure(f"{self.path} has {len(places)} cells that check exercise {number}")
        check, answer = places[0], places[0] - 1
        wrong = self.said(check)
        self.picture(f"{number}-wrong")
        if f"✗ {number}" not in wrong or "Hint: " not in wrong:
            raise Failure(f"the starter of {number} is not refused with a hint, but: {wrong[:200]}")
        starter = str(cells[answer]["source"])
        for text, sign in ((solution(number), "✓"), (starter, "✗")):
            self.write(answer, text)
            for index in (answer, check):
                editor = self.cell(index).find_element(By.CSS_SELECTOR, ".cm-content")
                editor.click()
                ActionChains(self.page).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(
                    Keys.CONTROL
                ).perform()
                time.sleep(0.5)
            if not wait_for(lambda: f"{sign} {number}" in self.said(check), 60):
                self.picture(f"{number}-no-verdict")
                raise Failure(f"the check of {number} does not say {sign}, but: {self.said(check)[:200]}")
            if sign == "✓":
                self.picture(f"{number}-right")
                right = self.said(check)
        print(f"exercise {number}, wrong: {wrong}\nexercise {number}, right: {right}")

    def save(self) -> list[dict[str, Any]]:
        """Ctrl-S; the code cells as they are on disk then."""
        self.page.find_element(By.TAG_NAME, "body").send_keys(Keys.CONTROL, "s")
        time.sleep(3)
        self.no_dialog()
        return self.server.code_cells(self.path)


def solution(number: str) -> str:
    """An exercise's solution as a learner would write it: the code before `main`, without the starter's lines."""
    source = next((ROOT / "lessons" / "exercises").glob(f"{number}-*.rs")).read_text()
    code = source.split("\nfn main()", 1)[0].split("\n")
    kept = [line for line in code if not line.startswith("//!") and not line.strip().startswith("// starter")]
    return "\n".join(line for line in kept if line.strip() not in ("// solution", "// end")).strip()


def first_line(cell: dict[str, Any]) -> str:
    return str(cell["source"]).strip().split("\n", 1)[0]


def recorded_figures(cells: list[dict[str, Any]]) -> set[str]:
    return {
        alt
        for cell in cells
        for output in cell["outputs"]
        if (alt := output.get("metadata", {}).get("image/png", {}).get("alt"))
    }


def errors(cells: list[dict[str, Any]]) -> list[str]:
    found = []
    for number, cell in enumerate(cells, start=1):
        where = f"cell {number} of {len(cells)} (`{first_line(cell)}`)"
        if cell["execution_count"] is None and first_line(cell):
            found.append(f"{where} was not run")
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"{where} failed: {output['evalue']}")
            elif output.get("name") == "stderr":
                found.append(f"{where} wrote to stderr: {' '.join(output['text'].split())[:200]}")
    return found


def has_video(cells: list[dict[str, Any]]) -> bool:
    html = (
        "".join(output["data"]["text/html"])
        for cell in cells
        for output in cell["outputs"]
        if "text/html" in output.get("data", {})
    )
    return any("<video" in text for text in html)


def visit(url: str, notebook: str, exercises: list[str], screenshots: Path) -> None:
    server = Server(url)
    path = server.find(notebook)
    cells = server.code_cells(path)
    trusted = any(cell["metadata"].get("trusted") for cell in cells)
    recorded = recorded_figures(cells)
    if not recorded:
        raise Failure(f"{path} has no recorded figure: run `cargo course notebooks --record`")
    with chromium() as page:
        seen = Visit(page, server, path, screenshots)
        seen.open()
        before = seen.figures("just-opened")
        if missing := recorded - before.keys():
            raise Failure(
                f"a recorded figure is not on the page of the just opened notebook: {missing.pop()}"
            )
        # Only a first visit tests an untrusted notebook: Lab trusts what was run and saved here.
        print(
            f"just opened ({'trusted: it ran here before' if trusted else 'not trusted'}): "
            f"{len(before)} figures with text alternatives",
            flush=True,
        )
        started = time.monotonic()
        seen.run_all()
        print(f"Run All Cells: {time.monotonic() - started:.1f} s", flush=True)
        cells = seen.save()
        after = seen.figures("after-run")
        if bad := errors(cells):
            raise Failure(bad[0])
        if not after:
            raise Failure("no figure is on the page after Run All Cells")
        if missing := recorded - after.keys():
            raise Failure(f"a figure is gone after Run All Cells: {missing.pop()}")
        if has_video(cells) and not seen.videos:
            raise Failure(f"{path} made a video that is not on the page")
        if still := [alt for alt, seconds in seen.videos.items() if not seconds > 0]:
            raise Failure(f"a video doesn't play: {still[0]}")
        for number in exercises:
            seen.solve(number)
        if exercises:
            seen.save()
    for alt, width in after.items():
        print(f"figure, {width} pixels wide: {alt}")
    for alt, seconds in seen.videos.items():
        print(f"video, played to {seconds:.1f} s: {alt}")
    for label in seen.sliders:
        print(f"slider, moved by mouse and keyboard: {label}")
    print(f"{len(cells)} cells ran in Lab without an error; {seen.taken} pictures in {screenshots}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a lesson in a real browser.")
    parser.add_argument(
        "--screenshots", type=Path, required=True, help="folder for pictures, outside the tree"
    )
    parser.add_argument("--notebook", action="append", help="may be given again [default: lesson 00]")
    parser.add_argument(
        "--exercise", action="append", help="of one of these notebooks [default: 00-2 of lesson 00]"
    )
    parser.add_argument("--url", help="use the Lab that runs at this address (with its token)")
    options = parser.parse_args()
    try:
        with nullcontext(options.url) if options.url else lab() as url:
            for notebook in options.notebook or ["00-cross-entropy.ipynb"]:
                screenshots = options.screenshots / notebook.removesuffix(".ipynb")
                screenshots.mkdir(parents=True, exist_ok=True)
                chosen = options.exercise or ([] if options.notebook else ["00-2"])
                visit(url, notebook, [id for id in chosen if id[:2] == notebook[:2]], screenshots)
    except Failure as error:
        print(f"browser: {error} (pictures: {options.screenshots})", file=sys.stderr)
        return 1
    except WebDriverException as error:
        print(f"browser: the page did not answer: {(error.msg or '').splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
