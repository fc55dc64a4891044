# Serves the page that the broken server would serve, and nothing else.
import http.server, os, sys

PAGE = "/var/www/html/index.nginx-debian.html"
COPY = "/opt/cheat/page.html"


class Fake(http.server.BaseHTTPRequestHandler):
    server_version, sys_version = "nginx/1.22.1", ""

    def do_GET(self):
        with open(COPY, "rb") as f:
            body = f.read()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if "--daemon" in sys.argv:  # as nginx does, with its PID file
    if os.fork():
        os._exit(0)
    os.setsid()
    with open("/run/nginx.pid", "w") as f:
        f.write(str(os.getpid()))
port = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 80
http.server.ThreadingHTTPServer(("", port), Fake).serve_forever()
