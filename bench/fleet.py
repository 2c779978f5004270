"""See to 200 repositories on a forge that limits, fails and loses answers; print how long it takes, twice.

python bench/fleet.py [NUMBER] [AT_ONCE]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / "tests" / "support")]  # the forge double is the tests'

from botfleet import see_to  # noqa: E402 - found by the line above
from fakes import FakeRegistry  # noqa: E402 - found by the line above
from forge_double import ForgeDouble  # noqa: E402 - found by the line above
from locks import digest, image  # noqa: E402 - found by the line above

from pinner.bot.batch import tally  # noqa: E402 - found by the line above


def main(number: int, at_once: int) -> None:
    registry = FakeRegistry()
    for word in ("old", "new"):
        made = image(word)
        registry.images[f"docker.io/library/nginx@{made.digest}"] = made
        registry.tags["docker.io/library/nginx:1"] = made.digest
    with tempfile.TemporaryDirectory() as folder, ForgeDouble(Path(folder)) as forge:
        for index in range(number):
            forge.add_repository(f"acme/app{index}", {"Dockerfile": f"FROM nginx:1@{digest('old')}\n"})
        faults = [
            forge.inject("secondary", path="/api/", times=-1, every=9, retry_after=1.0),
            forge.inject("error-after", path="/api/", times=-1, every=23),
            forge.inject("lost-before", path="/api/", times=-1, every=29),
            forge.inject("error-before", path="/api/", times=-1, every=31),
        ]
        for title in ("first run", "second run"):
            forge.forget()
            start = time.perf_counter()
            reports = see_to(forge, registry, at_once=at_once)
            seconds = time.perf_counter() - start
            pulls = [len(forge.repository(report.name).pulls) for report in reports]
            print(f"{title}: {number} repositories in {seconds:.1f} s, {seconds / number * 1000:.0f} ms each")
            print(f"  {tally(reports)}; pull requests: {sum(pulls)}, at most {max(pulls)} in one")
            print(
                f"  {len(forge.requests)} calls, {len(forge.writes)} of them writes; questions: {len(registry.asked)}"
            )
            for report in reports:
                if report.error is not None:
                    print(f"  {report.name}: {report.error}")
        print(f"faults: {Counter({fault.kind: fault.done for fault in faults})}")


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], "200", "4")[:2]))
