"""Brings outputs into the form that is committed: the same run gives the same bytes.

Durations and rates become an ellipsis, of a training's progress only the last line stays, execution counts start at 1,
and each figure (HTML `<figure><img alt src="data:image/png...">`) becomes one output with three alternatives:

    text/html   what JupyterLab shows. Its sanitizer keeps data URIs, so the figure and its `alt` are on
                the page in a notebook that was just opened and is not trusted yet. Lab's own image/png
                renderer (4.6) writes an <img> without `alt`, whatever the metadata say.
    image/png   what forges and editors show that drop data URIs or prefer images; `alt` and `width` are
                in the output's metadata, where nbconvert looks for them.
    text/plain  the text alternative alone.
"""

from __future__ import annotations

import base64
import html.parser
import re

from nbformat import NotebookNode

from files import LANGUAGE_INFO, Failure

_UNIT = r"(?:it|iterations?|steps?|epochs?|batch(?:es)?|samples?|images?|rows?)"
_RATE = re.compile(rf"\d[\d,_]*(?:\.\d+)?(\s*{_UNIT}\s*(?:/\s*s\b|per second\b))")
# "1.23 s", "45 ms", and what Rust prints for a Duration ("1.2ms", "3.4s"). A bare "2s" stays, for it may
# be a plural, and so do minutes, for they are the data of lesson 00.
_DURATION = re.compile(
    r"(?<![\w.])(?:\d[\d,_]*(?:\.\d+)?(\s*(?:ns|µs|us|ms|seconds|sec)\b|\s+s\b)|\d+\.\d+(s\b))"
)
# Progress of a training: a slow machine says more often how far it is than a fast one.
_UNDER_WAY = re.compile(r"^(?:epoch [\d,]+ of [\d,]+, )?step [\d,]+ of [\d,]+ · .* · [\d:]+ left\n", re.MULTILINE)
_DONE = re.compile(r"(^(?:epoch [\d,]+ of [\d,]+, )?step [\d,]+ of [\d,]+ · .* · done in )[\d:]+$", re.MULTILINE)
_DATA_URI = re.compile(r"(data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]*)")


def normalise_text(text: str) -> str:
    """Durations and rates become an ellipsis, so that recording again changes nothing."""
    # Image data are left alone: base64 can spell "5ms".
    pieces = _DATA_URI.split(text)
    for index in range(0, len(pieces), 2):
        piece = _DONE.sub(r"\1…", _UNDER_WAY.sub("", pieces[index]))
        piece = _RATE.sub(r"…\1", piece)
        pieces[index] = _DURATION.sub(lambda m: "…" + (m[1] or m[2]), piece)
    return "".join(pieces)


def normalise(notebook: NotebookNode, lesson: str, forbidden: list[str]) -> None:
    """Brings the outputs of a notebook that has just run into the form that is committed."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
        # nbclient writes when a cell ran: different every time.
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
            if output.output_type == "stream":
                output.text = normalise_text(output.text)
                texts = [output.text]
            else:
                normalise_data(output, f"{lesson}: cell {number}")
                texts = [value for mime, value in output.data.items() if mime.startswith("text/")]
            for path in forbidden:
                if any(path in text for text in texts) and path != "/":
                    raise Failure(
                        f"{lesson}: cell {number} shows a path of this machine ({path}): "
                        "print a relative path instead; nothing was recorded"
                    )
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = LANGUAGE_INFO


def normalise_data(output: NotebookNode, where: str) -> None:
    """Times in the texts of a rich output; a figure in HTML also as PNG and as its text alternative."""
    for mime, value in output.data.items():
        if mime.startswith("text/") and isinstance(value, str):
            output.data[mime] = normalise_text(value)
    images = Images.of(output.data.get("text/html", ""))
    for image in images:
        if not (image.get("alt") or "").strip():
            raise Failure(
                f"{where} shows a figure without a text alternative: give it one; nothing was recorded"
            )
    if len(images) != 1:
        return
    prefix = "data:image/png;base64,"
    source = images[0].get("src") or ""
    if not source.startswith(prefix):
        raise Failure(f"{where} shows a figure that is not an embedded PNG: nothing was recorded")
    png = "".join(source[len(prefix) :].split())
    try:
        if not base64.b64decode(png, validate=True).startswith(b"\x89PNG\r\n\x1a\n"):
            raise ValueError
    except ValueError:
        raise Failure(f"{where} shows a figure whose PNG can't be decoded: nothing was recorded") from None
    alt = images[0]["alt"] or ""
    output.data["image/png"] = png
    output.data.setdefault("text/plain", alt)
    details: dict[str, str | int] = {"alt": alt}
    if (images[0].get("width") or "").isdecimal():
        details["width"] = int(images[0]["width"] or 0)
    output.metadata["image/png"] = details


class Images(html.parser.HTMLParser):
    """Collects the attributes of every <img>."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    @classmethod
    def of(cls, text: str) -> list[dict[str, str | None]]:
        parser = cls()
        parser.feed(text)
        parser.close()
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))
