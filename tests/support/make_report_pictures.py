"""Makes the pictures of docs/report.md: ``make report-pictures``. Needs chromium, and the font DejaVu."""

from __future__ import annotations

import tempfile
from pathlib import Path

from browser import DESK, PHONE, Size, chromium, required
from PIL import Image
from reportsample import plant
from world import pinner

PICTURES = Path(__file__).parent.parent.parent / "docs" / "pictures"
SHOTS = (
    ("report.png", DESK, False, 1290),
    ("report-dark-phone.png", Size(PHONE.width, 900, is_phone=True), True, 1400),
)
COLORS = 64


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, chromium(required()) as browser:
        root = plant(Path(folder))
        pinner(root, "report", "--html", "../page.html")
        for name, size, dark, height in SHOTS:
            browser.open(root.parent / "page.html", size, dark=dark)
            browser.picture(PICTURES / name, height)
            picture = Image.open(PICTURES / name).convert("RGB")
            picture.quantize(COLORS, dither=Image.Dither.NONE).save(PICTURES / name, optimize=True)


if __name__ == "__main__":
    main()
