"""Makes the pictures of docs/pull-request.md: ``make pull-request-picture``.

The body is rendered by markdown-it-py and shown by Debian's chromium with a style sheet close to GitHub's. Each picture
carries the hash of the body that it shows, so that a test can tell an old one. Needs pillow, for the palette.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo
from prsample import BODY, SAMPLE, TITLE

DOCS = Path(__file__).parent.parent.parent / "docs"
PICTURES = {"pull-request.png": False, "pull-request-details.png": True}
"""The picture, and whether it is of the folded part."""
WIDTH = 980
PAGE = Template("""\
<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 20px 24px 28px; width: ${width}px; box-sizing: border-box; background: #fff; color: #1f2328;
  font: 14px/1.5 "Noto Sans", "Liberation Sans", sans-serif; }
h1 { font-size: 28px; font-weight: 400; line-height: 1.25; margin: 0 0 8px; }
h1 span { color: #59636e; font-weight: 300; }
.state { color: #59636e; padding-bottom: 16px; margin-bottom: 20px; border-bottom: 1px solid #d1d9e0; }
.open { background: #1f883d; color: #fff; border-radius: 2em; padding: 5px 12px; font-weight: 500; margin-right: 8px; }
.branch { background: #ddf4ff; color: #0969da; border-radius: 6px; padding: 2px 6px; font: 12px "DejaVu Sans Mono"; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
.who { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; }
.who b { color: #1f2328; font-weight: 600; }
.who i { font-style: normal; font-size: 12px; border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 6px; }
.body { padding: 16px; }
a { color: #0969da; text-decoration: underline; text-underline-offset: 3px; }
p, table, details, ul { margin: 0 0 16px; }
.body > :last-child { margin-bottom: 0; }
h3 { font-size: 17.5px; margin: 24px 0 16px; font-weight: 600; line-height: 1.25; }
hr { height: 3px; border: 0; background: #d1d9e0; margin: 24px 0; }
table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }
th { font-weight: 600; text-align: center; }
tbody tr:nth-child(2n) { background: #f6f8fa; }
code { font: 85%/1.5 "DejaVu Sans Mono", monospace; background: #818b981f; border-radius: 6px; padding: 0.2em 0.4em;
  white-space: break-spaces; }
a code { color: inherit; }
sub { font-size: 75%; line-height: 0; vertical-align: baseline; position: relative; bottom: -0.25em; }
ul { padding-left: 2em; } ul ul { margin: 0; } li + li { margin-top: 0.25em; }
</style>$head<div class="body">$body</div></div>
""")
HEAD = Template("""\
<h1>$title <span>#42</span></h1>
<div class="state"><span class="open">Open</span> <b>pinner</b> wants to merge 1 commit into
<span class="branch">$base</span> from <span class="branch">$branch</span></div>
<div class="comment"><div class="who"><b>pinner</b> <i>bot</i> commented</div>
""")


def page(*, opened: bool) -> str:
    body = MarkdownIt("commonmark").enable("table").render(BODY)
    head = HEAD.substitute(title=TITLE, base=SAMPLE.base, branch=SAMPLE.branch)
    if opened:
        head = '<div class="comment">'
        # The folded part alone, unfolded.
        start, end = body.index("<details>"), body.index("</details>")
        body = body[start:end].replace("<details>", "<details open>") + "</details>"
    return PAGE.substitute(head=head, body=body, width=WIDTH)


def take(html: str, target: Path) -> None:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("needs chromium: apt-get install chromium fonts-noto-core fonts-dejavu-core")
    with tempfile.TemporaryDirectory() as folder:
        source, shot = Path(folder, "page.html"), Path(folder, "shot.png")
        source.write_text(html, "utf-8")
        options = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-device-scale-factor=1.6",
        )
        subprocess.run(
            [program, *options, f"--window-size={WIDTH},2400", f"--screenshot={shot}", source.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
        shrink(Image.open(shot).convert("RGB"), target)


def shrink(picture: Image.Image, target: Path) -> None:
    """Cut off the empty end, and save with 48 colours and the hash of what is shown."""
    white = Image.new("RGB", picture.size, "white")
    used = ImageChops.difference(picture, white).getbbox()
    picture = picture.crop((0, 0, picture.width, min(picture.height, (used[3] if used else 0) + 56)))
    facts = PngInfo()
    facts.add_text("body-sha256", hashlib.sha256(BODY.encode()).hexdigest())
    picture.quantize(48, dither=Image.Dither.NONE).save(target, pnginfo=facts, optimize=True)


if __name__ == "__main__":
    for name, opened in PICTURES.items():
        take(page(opened=opened), DOCS / name)
