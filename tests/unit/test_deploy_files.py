"""The systemd units and the proxy of deploy/, by the programs that read them, where these are installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.certificates import Authority

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_systemd_understands_every_unit(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed here")
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/opt/hookline/bin", str(Path(sys.executable).parent))
        (tmp_path / unit.name).write_text(text)
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )

    assert [line for line in done.stderr.splitlines() if "hookline" in line] == []


def test_nginx_understands_the_proxy(tmp_path):
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed here")
    Authority(tmp_path).server("hooks.example.com")
    both = tmp_path / "hooks.example.com.pem"
    for name in ("fullchain.pem", "privkey.pem"):
        shutil.copy(both, tmp_path / name)
    site = (DEPLOY / "nginx" / "hookline.conf").read_text()
    site = site.replace("/etc/ssl/hookline", str(tmp_path)).replace("/etc/nginx", str(DEPLOY / "nginx"))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off;\n{site}\n}}\n"
    )
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", ["Dockerfile", "docker-compose.yml", "deploy/systemd/hookline-api.service"])
def test_wherever_the_api_is_started_slow_clients_hold_no_thread(file):
    starts = [line for line in (DEPLOY.parent / file).read_text().splitlines() if re.search(r"gunicorn\W+api\.", line)]

    assert starts
    assert all(re.search(r"-k\W+api\.slow_clients\.Worker", line) for line in starts)
