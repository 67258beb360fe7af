"""Stands in for a service: answers every GET with 200 on the port it is given, and ignores SIGTERM when told to.

With a code it stands in for a portal that phones may join, and listens on loopback too, as that does.
"""

import http.server
import os
import signal
import sys
import threading


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    if "--stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hosts, port = {os.environ["QINQING_HTTP_HOST"]}, int(os.environ["QINQING_HTTP_PORT"])
    if os.environ.get("QINQING_LAN_CODE"):
        hosts.add("127.0.0.1")
    for host in hosts:
        server = http.server.HTTPServer((host, port), Answer)
        threading.Thread(target=server.serve_forever).start()
