"""The official conformance suite, driven against our engine (see ``client.py``).

It runs all of its scenarios at once, on every core there is: so it has a time of its own, beside no other test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIMIT = 480.0


@pytest.fixture
def suite() -> list[str]:
    """How the suite is started; it needs the Node of the npm package beside it."""
    npm = Path(os.environ.get("FASTCHAT_TEST_CONFORMANCE", ""))
    if npm == Path():
        pytest.skip("runs by itself: FASTCHAT_TEST_CONFORMANCE=…/node_modules/.bin pytest tests/conformance")
    main = npm.parent / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    node = shutil.which("node", path=str(npm))
    if node is None or not main.exists():
        pytest.skip("needs the npm packages node@22 and @modelcontextprotocol/conformance (.ci/run installs them)")
    return [node, str(main)]


@pytest.mark.parametrize("requirements", ["2025-11-25", "2026-07-28"])
def test_every_client_scenario_passes_but_for_those_that_the_baseline_explains(
    suite: list[str], requirements: str, tmp_path: Path
) -> None:
    if " " in sys.executable:
        pytest.skip("the suite splits its command at spaces")
    command = [*suite, "client", "--command", f"{sys.executable} -m tests.conformance"]
    command += ["--requirements", requirements, "--timeout", f"{LIMIT * 1000:.0f}", "-o", str(tmp_path / "results")]
    command += ["--expected-failures", str(HERE / f"baseline-{requirements}.yml")]
    environ = {**os.environ, "FASTCHAT_TEST_TURNS": str(tmp_path / "turn")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[done.stdout.find("SUITE SUMMARY") :] + done.stderr[-2000:]
