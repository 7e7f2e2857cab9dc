"""Prints every message that a page in Chromium sees, one a line: by its WebSocket or its EventSource.

with_browser.py CHROMIUM WebSocket|EventSource URL. The page sends what it sees back to where it came from, so that
nothing drives the browser. Its profile is in the working directory.
"""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

PAGE = Path(__file__).with_name("page.html").read_bytes()
# A browser in a container without a sandbox of its own, without a screen, and without a word to anybody else.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
)


class Page(BaseHTTPRequestHandler):
    """Gives the page and takes what it saw."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def do_POST(self) -> None:
        sys.stdout.write(self.rfile.read(int(self.headers["Content-Length"])).decode())
        sys.stdout.flush()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def main(chromium: str, means: str, url: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked = urlencode({"by": means, "url": url})
    profile = f"--user-data-dir={Path('browser').absolute()}"
    page = f"http://127.0.0.1:{server.server_port}/?{asked}"
    ended = subprocess.run([chromium, *FLAGS, profile, page], check=False)
    raise SystemExit(f"{chromium} ended: status {ended.returncode}")


main(*sys.argv[1:])
