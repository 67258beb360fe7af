"""Stands in for a service: answers every GET with 200 on the port it is given, and ignores SIGTERM when told to."""

import http.server
import os
import signal
import sys


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    if "--stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    address = (os.environ["QINQING_HTTP_HOST"], int(os.environ["QINQING_HTTP_PORT"]))
    http.server.HTTPServer(address, Answer).serve_forever()
