"""Steps through recorded trainings in real Chromium, by mouse and by keyboard alone.

    python .ci/stepper.py --screenshots DIR [--pages target/tmp/steppers]

The pages are those that `cargo test --test stepper` wrote. Required of each: no word in the console, no request but for the
page itself; play goes on and pause holds; a step back shows the picture that was there before, bit by bit; Home, End, a number
and the slider jump; all of it by keyboard alone too, with a focus that is seen; every picture has a text alternative that changes
with it; text has a contrast of 4.5 at least, on a light page, on a dark one and under JupyterLab's rules for tables in its dark theme; a
button at its end keeps the focus, the step field's arrows go from moment to moment; a fork has two pictures and two curves; two
steppers on one page don't disturb each other; and where scripts don't run, a still picture with its words is there. Pictures of
the pages go to DIR. Exit 1 and one line otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import ROOT, Failure, chromium, wait_for

STEPPER = "gan-course-stepper"
# Where the stepper is: its step, each picture as pixels and in words, and what it says.
SEEN = """const box = arguments[0];
    const canvases = [...box.querySelectorAll('canvas')];
    return {at: Number(box.querySelector('input[type=range]').value),
        step: Number(box.querySelector('input[type=number]').value),
        drawn: canvases.map(c => Number(c.dataset.step)), pixels: canvases.map(c => c.toDataURL()),
        words: canvases.map(c => c.getAttribute('aria-label')), said: box.querySelector('[role=status]').textContent,
        playing: box.querySelector('button[aria-label=pause]') !== null,
        curves: box.querySelectorAll('svg path.future').length,
        equations: box.querySelector('.equations').innerText, numbers: box.querySelector('.numbers').innerText}"""
# The least contrast (WCAG 2) of any text in it to the first ground behind it.
CONTRAST = """const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b };
    const ground = element => { for (let e = element; e; e = e.parentElement) {
        const c = getComputedStyle(e).backgroundColor; if (c !== 'rgba(0, 0, 0, 0)' && c !== 'transparent') return c }
        return 'rgb(255, 255, 255)' };
    let least = 21, where = '';
    for (const e of arguments[0].querySelectorAll('*')) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.matches('input,select');
        if (!own || e.matches('style,option,:disabled,[type=range]') || !e.offsetParent && !(e instanceof SVGElement)) continue;
        const text = e instanceof SVGElement ? getComputedStyle(e).fill : getComputedStyle(e).color;
        const [a, b] = [light(text), light(ground(e))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < least) { least = contrast; where = e.outerHTML.slice(0, 80) } }
    return [least, where]"""
# What JupyterLab's dark theme says of tables in outputs, and a stepper moved to where it holds.
LAB = """const style = document.createElement('style');
    style.textContent = `:root { --jp-layout-color0: #111; --jp-layout-color1: #212121; --jp-rendermime-table-row-hover: #334 }
        .jp-RenderedHTMLCommon { color: #fff; background: #111 }
        .jp-RenderedHTMLCommon table { margin: 0 auto 1em; font-size: 12px; border: none }
        .jp-RenderedHTMLCommon :is(td, th, tr) { vertical-align: middle; padding: .5em; text-align: right; border: none }
        .jp-RenderedHTMLCommon tbody tr:nth-child(odd) { background: var(--jp-layout-color0) }
        .jp-RenderedHTMLCommon tbody tr:nth-child(even) { background: var(--jp-layout-color1) }
        .jp-RenderedHTMLCommon tbody tr:hover { background: var(--jp-rendermime-table-row-hover) }`;
    document.head.append(style);
    document.body.style.background = '#111';
    document.body.classList.add('jp-RenderedHTMLCommon')"""
REQUESTS = "return performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:'))"


class Stepper:
    """One stepper on the page."""

    def __init__(self, page: webdriver.Chrome, index: int = 0) -> None:
        self.page = page
        if not wait_for(lambda: len(page.find_elements(By.CLASS_NAME, STEPPER)) > index, 20):
            raise Failure(f"{page.title}: no stepper {index + 1} on the page")
        self.box = page.find_elements(By.CLASS_NAME, STEPPER)[index]

    def seen(self) -> dict[str, Any]:
        """How it stands, once all its pictures are drawn."""
        found: dict[str, Any] = {}

        def drawn() -> bool:
            found.update(self.page.execute_script(SEEN, self.box))
            return all(step == found["step"] for step in found["drawn"])

        if not wait_for(drawn, 10):
            raise Failure(f"the pictures are of step {found['drawn']}, the stepper at {found['step']}")
        return found

    def click(self, name: str) -> dict[str, Any]:
        self.box.find_element(By.CSS_SELECTOR, f"button[aria-label='{name}']").click()
        return self.seen()

    def press(self, *keys: str) -> dict[str, Any]:
        ActionChains(self.page).send_keys(*keys).perform()
        return self.seen()


def require(condition: bool, message: str) -> None:
    if not condition:
        raise Failure(message)


def by_mouse(stepper: Stepper) -> None:
    start = stepper.seen()
    require(start["at"] == 0 and not start["playing"], "it does not begin at its first moment, at rest")
    first = stepper.click("step forward")
    second = stepper.click("step forward")
    require((first["at"], second["at"]) == (1, 2), "a step forward is not one moment")
    require(first["pixels"] != second["pixels"], "the picture does not change with the step")
    require(first["words"] != second["words"], "the text alternative does not change with the step")
    require(first["numbers"] != second["numbers"], "the numbers do not change with the step")
    again = stepper.click("step back")
    for what in ("at", "pixels", "words", "numbers", "said"):
        require(again[what] == first[what], f"a step back does not bring back the {what}")
    require("θ" in again["equations"] and "←" in again["equations"], "no equation is shown")
    stepper.click("play")
    require(wait_for(lambda: stepper.page.execute_script(SEEN, stepper.box)["at"] >= 4, 10), "play does not go on")
    held = stepper.click("pause")
    time.sleep(0.8)
    require(stepper.seen()["at"] == held["at"], "pause does not hold")
    require(f"Step {held['step']} " in held["said"], f"it does not say where it is: {held['said']}")
    end = stepper.click("last")
    require(stepper.click("first")["at"] == 0 and end["at"] > 4, "first and last do not jump")


def by_keyboard(stepper: Stepper) -> None:
    """Tab to it; then every control by its keys."""
    page = stepper.page
    page.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached = False
    for _ in range(12):
        ActionChains(page).send_keys(Keys.TAB).perform()
        if page.execute_script("return document.activeElement === arguments[0]", stepper.box):
            reached = True
            break
    require(reached, "Tab does not reach the stepper")
    outline = page.execute_script("return getComputedStyle(arguments[0]).outlineWidth", stepper.box)
    require(float(outline.removesuffix("px")) >= 2, "the focus is not seen")
    last = stepper.press(Keys.END)["at"]
    require(last > 4 and stepper.press(Keys.HOME)["at"] == 0, "End and Home do not jump")
    require(stepper.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)["at"] == 2, "the right arrow does not step")
    require(stepper.press(Keys.ARROW_LEFT)["at"] == 1, "the left arrow does not step back")
    ActionChains(page).send_keys("+", " ").perform()
    require(wait_for(lambda: page.execute_script(SEEN, stepper.box)["at"] >= 4, 10), "space does not play")
    held = stepper.press(" ")
    require(not held["playing"], "space does not pause")
    # From control to control, and a number typed in.
    names = []
    for _ in range(12):
        ActionChains(page).send_keys(Keys.TAB).perform()
        names.append(page.execute_script("""const e = document.activeElement;
            return e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].innerText.trim()) || e.tagName"""))
        if names[-1] == "step":
            break
    require("play" in names and "moment" in names and names[-1] == "step", f"Tab goes to {names}")
    ActionChains(page).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
    start = page.execute_script("return arguments[0].querySelector('input[type=number]').min", stepper.box)
    typed = stepper.press(start, Keys.ENTER)
    require(typed["at"] == 0, f"a number that is typed does not jump: {typed['step']} instead of {start}")
    require(stepper.press(Keys.ARROW_UP, Keys.ARROW_UP)["at"] == 2, "the field's arrow up does not step")
    ActionChains(page).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys(Keys.BACKSPACE).perform()
    ActionChains(page).send_keys(Keys.ENTER).perform()
    emptied = stepper.seen()
    require(emptied["at"] == 2 and emptied["step"] != 0, "an emptied field moves the stepper")
    # A button that has come to its end keeps the focus, and with it the keys.
    button = stepper.box.find_element(By.CSS_SELECTOR, "button[aria-label='last']")
    page.execute_script("arguments[0].focus()", button)
    require(stepper.press(Keys.ENTER)["at"] == last, "Enter does not press the button")
    require(stepper.press(Keys.ARROW_LEFT)["at"] == last - 1, "a button that ends loses the focus and its keys")


def contrast(stepper: Stepper) -> float:
    least = 21.0
    for ground in ("#fff", "#111"):
        stepper.page.execute_script("document.body.style.background = arguments[0]", ground)
        ratio, where = stepper.page.execute_script(CONTRAST, stepper.box)
        require(ratio >= 4.5, f"contrast {ratio:.2f} on {ground}: {where}")
        least = min(least, float(ratio))
    stepper.page.execute_script(LAB)
    ratio, where = stepper.page.execute_script(CONTRAST, stepper.box)
    require(ratio >= 4.5, f"contrast {ratio:.2f} in JupyterLab's dark theme: {where}")
    align = "return getComputedStyle(arguments[0].querySelector('td')).textAlign"
    require(stepper.page.execute_script(align, stepper.box) == "left", "JupyterLab's rules move the numbers")
    least = min(least, float(ratio))
    return least


def quiet(page: webdriver.Chrome, name: str) -> None:
    said = [line["message"] for line in page.get_log("browser")]
    require(not said, f"{name}: the console says {said[:1]}")
    asked = page.execute_script(REQUESTS)
    require(not asked, f"{name}: it asked the network for {asked[:1]}")


def still(page: webdriver.Chrome, path: Path) -> None:
    """What shows where scripts don't run."""
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.get(path.as_uri())
    image = page.find_element(By.CSS_SELECTOR, "figure > img")
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    require(image.is_displayed() and len(image.get_attribute("alt") or "") > 40, f"{path.name}: no still picture")


def visit(page: webdriver.Chrome, path: Path, screenshots: Path) -> None:
    page.get(path.as_uri())
    name = path.stem
    if name == "two":
        one, two = Stepper(page, 0), Stepper(page, 1)
        one.click("last")
        require(two.seen()["at"] == 0, "two steppers on one page move each other")
        quiet(page, name)
        print(f"{name}: two on one page stay apart")
        return
    stepper = Stepper(page)
    if name == "playing":
        require(wait_for(lambda: page.execute_script(SEEN, stepper.box)["at"] >= 3, 15), "it does not play by itself")
        stepper.click("pause")
        print(f"{name}: plays by itself")
    else:
        by_mouse(stepper)
        by_keyboard(stepper)
        ratio = contrast(stepper)
        count = len(stepper.seen()["pixels"])
        require(stepper.seen()["curves"] == count, f"{name}: {count} pictures but another number of curves")
        if name == "fork":
            require(count == 2, "a fork does not show two pictures")
            end = stepper.click("last")
            require(end["pixels"][0] != end["pixels"][1], "a fork's futures look alike")
        print(f"{name}: by mouse, by keyboard alone, contrast {ratio:.1f}, {count} curve(s)")
        stepper.page.execute_script("arguments[0].blur()", stepper.box)
        stepper.click("step back")
    quiet(page, name)
    page.save_screenshot(str(screenshots / f"stepper-{name}.png"))
    still(page, path)
    page.save_screenshot(str(screenshots / f"stepper-{name}-still.png"))


def main() -> int:
    parser = argparse.ArgumentParser(description="Steps through recorded trainings in a real browser.")
    parser.add_argument("--screenshots", type=Path, required=True, help="folder for pictures, outside the tree")
    parser.add_argument("--pages", type=Path, default=ROOT / "target/tmp/steppers")
    options = parser.parse_args()
    options.screenshots.mkdir(parents=True, exist_ok=True)
    try:
        pages = sorted(options.pages.glob("*.html"))
        require(len(pages) > 0, f"no pages in {options.pages}: run `cargo test --test stepper` first")
        with chromium() as page:
            for path in pages:
                visit(page, path, options.screenshots)
    except Failure as error:
        print(f"stepper: {error} (pictures: {options.screenshots})", file=sys.stderr)
        return 1
    except WebDriverException as error:
        print(f"stepper: the page did not answer: {(error.msg or '').splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
