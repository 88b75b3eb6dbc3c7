"""What a load balancer asks: whether the server lives, and whether it can show pages."""

import json
import subprocess
import time
from pathlib import Path

from support.serving import OPSNB, environment, serving, serving_notebooks, write_notebooks

NOT_FILLED = "The kernels that wait for pages have not started."


def test_a_server_with_its_database_is_alive_and_ready(tmp_path: Path) -> None:
    made = [*OPSNB, "init", "--database=runs.db"]
    subprocess.run(made, cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True)
    with serving(tmp_path, "--database=runs.db", "--identity=token", "--base-url=/team/ops", "--actor=vera") as server:
        server.root = server.root.partition("/system")[0]
        assert server.root.endswith("/team/ops")
        status, text, headers = server.get("/healthz")
        assert (status, json.loads(text), headers["Cache-Control"]) == (200, {"alive": True}, "no-store")
        assert headers["Server"] is None
        waits, end = None, time.monotonic() + 60
        while (answer := server.get("/readyz"))[0] == 503:
            assert (waits := json.loads(answer[1])["reason"]) == NOT_FILLED
            assert time.monotonic() < end
            time.sleep(0.1)
        assert waits, "it was ready before any kernel could have been"
        assert (answer[0], json.loads(answer[1]), len(server.kernels())) == (200, {"ready": True}, 2)


def test_a_database_that_is_gone_makes_it_unready_and_is_not_named(tmp_path: Path) -> None:
    notebooks = write_notebooks(tmp_path / "notebooks", runs="1")
    with serving_notebooks(tmp_path, notebooks) as server:
        (tmp_path / "runs.db").write_text("this is no database" * 100)
        status, text, _ = server.get("/readyz")
        assert (status, json.loads(text)) == (503, {"ready": False, "reason": "The database does not answer."})
        assert server.get("/healthz")[0] == 200
        assert "not ready: " in server.log


def test_kernels_that_cannot_start_make_it_unready(tmp_path: Path) -> None:
    settings = tmp_path / "opsnb.toml"
    settings.write_text("")
    notebooks = write_notebooks(tmp_path / "notebooks", runs="1")
    with serving_notebooks(tmp_path, notebooks, preheat=1) as server:
        settings.write_text("no_such_setting = 1")  # it was read by the server, and will be by the kernel
        end = time.monotonic() + 60
        while "a kernel could not be kept waiting" not in server.log:
            assert time.monotonic() < end
            time.sleep(0.1)
        status, text, _ = server.get("/readyz")
        assert (status, json.loads(text)) == (503, {"ready": False, "reason": NOT_FILLED})
