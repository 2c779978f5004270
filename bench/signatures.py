"""CPU time of a verification of each kind, and of what is imported for it: made and signed by the tests' own kit."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 200
IMPORTS = {
    "own engine": "import pinner.verify.verifier, pinner.verify.sigstore_bundle, pinner.verify.cosign_tag",
    "sigstore library": "import sigstore.models, sigstore.verify",
}


def imported(code: str) -> float:
    """Return the milliseconds of processor time that ``code`` takes in a fresh process, less those of an empty one."""
    script = f"import time; start = time.process_time(); {code}; print(time.process_time() - start)"
    taken = [
        float(
            subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        )
        for _ in range(3)
    ]
    return min(taken) * 1000


def main() -> None:
    sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "verify")]
    artefacts = import_module("test_mutations").ARTEFACTS

    for name, code in IMPORTS.items():
        print(f"import of the {name}: {imported(code):.0f} ms")
    for name, (data, verify) in artefacts.items():
        verify(data)
        start = time.process_time()
        for _ in range(ROUNDS):
            verify(data)
        print(f"{name}: {(time.process_time() - start) / ROUNDS * 1000:.2f} ms of {json.dumps(len(data))} bytes")


if __name__ == "__main__":
    main()
