#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Answers each TCP connection on port 7 with what it says."""
import socketserver


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("", 7), Echo).serve_forever()
