"""A proxy between libpq and a server that reads the protocol, and can lose messages at a chosen point.

It knows messages, not SQL: statements are matched as text. It listens on a Unix socket, as the servers here do."""

import os
import re
import selectors
import shutil
import socket
import struct
import threading

from .cluster import PORT, conninfo

CANCEL_REQUEST = 80877102
NEGOTIATIONS = (80877103, 80877104)

# What happens to the statement that a rule picks.
LOST_REQUEST = "lost request"   # never reaches the server; both sides are closed
LOST_REPLY = "lost reply"       # runs; its answer is swallowed, then the client's side is closed
NO_REPLY = "no reply"           # runs; its answer is swallowed and the connection stays open, silent


class Rule:
    def __init__(self, pattern, mode, nth, application, refuse, then):
        self.pattern = re.compile(pattern, re.IGNORECASE)
        self.mode = mode
        self.left = nth
        self.application = re.compile(application) if application else None
        self.refuse = refuse
        self.then = then
        self.fired = threading.Event()

    def picks(self, session, sql):
        if self.fired.is_set() or not self.pattern.match(sql.strip()):
            return False
        if self.application and not self.application.search(session.parameters.get("application_name", "")):
            return False
        self.left -= 1
        if self.left > 0:
            return False
        self.fired.set()
        return True


class Session:
    """One client connection: both sockets, what was seen, and how far it got."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.parameters = {}
        self.statements = []
        self.turns = 0           # times the client spoke after the server had: round trips
        self.client_silent = True
        self.started = False
        self.rule = None         # the rule that picked the statement now under way
        self.parsed = {}         # prepared statement name -> SQL
        self.portals = {}        # portal name -> SQL
        self.from_client = b""
        self.from_server = b""


class Proxy:
    """Listens in `folder`; conninfo() gives the string to connect through it."""

    def __init__(self, cluster, name="proxy"):
        self.cluster = cluster
        self.folder = cluster.base / name
        self.folder.mkdir(mode=0o755)
        self.target = str(cluster.socket_dir / f".s.PGSQL.{PORT}")
        self.path = str(self.folder / f".s.PGSQL.{PORT}")
        self.sessions = []
        self.rules = []
        self.refusing = threading.Event()
        self.lock = threading.Lock()
        self.listener = None
        self.stopping, self.stop_end = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        self.listen()
        self.selector.register(self.stop_end, selectors.EVENT_READ, "stop")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def conninfo(self, dbname, user="postgres", **more):
        return conninfo(host=self.folder, port=PORT, dbname=dbname, user=user, **more)

    def cut(self, pattern=r"COMMIT\b", mode=LOST_REPLY, nth=1, application=None, refuse=False, then=None):
        """Picks the nth statement that matches `pattern` (from sessions whose application_name matches) and
        treats it as `mode` says. With `refuse`, no connection gets through afterwards until accept(). `then` is
        called at that moment, before the client can know: the server can be made to crash there.
        Returns the rule: rule.fired.wait(seconds) tells that it struck."""
        rule = Rule(pattern, mode, nth, application, refuse, then)
        with self.lock:
            self.rules.append(rule)
        return rule

    def refuse(self):
        """New connections are closed at once."""
        self.refusing.set()

    def accept(self):
        self.refusing.clear()

    def drop_all(self):
        """Closes every connection now, on both sides."""
        for session in list(self.sessions):
            for side in (session.client, session.server):
                try:
                    side.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def statements(self, application=None):
        """All SQL seen, in order of session, from sessions whose application_name matches."""
        return [sql for session in self.sessions
                if not application or re.search(application, session.parameters.get("application_name", ""))
                for sql in session.statements]

    def close(self):
        self.stopping.send(b"x")
        self.thread.join(10)
        self.drop_all()
        for session in self.sessions:
            session.client.close()
            session.server.close()
        for end in (self.listener, self.stopping, self.stop_end):
            end.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- the thread --

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self.listener.listen(64)
        self.selector.register(self.listener, selectors.EVENT_READ, "listen")

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.data == "stop":
                    return
                if key.data == "listen":
                    self.connect()
                else:
                    session, from_client = key.data
                    self.forward(session, from_client)

    def connect(self):
        client, _ = self.listener.accept()
        if self.refusing.is_set():
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self.target)
        except OSError:
            client.close()
            server.close()
            return
        session = Session(client, server)
        self.sessions.append(session)
        self.selector.register(client, selectors.EVENT_READ, (session, True))
        self.selector.register(server, selectors.EVENT_READ, (session, False))

    def forward(self, session, from_client):
        source = session.client if from_client else session.server
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.end(session)
            return
        try:
            if from_client:
                self.client_said(session, data)
            else:
                self.server_said(session, data)
        except OSError:
            self.end(session)

    def end(self, session):
        for side in (session.client, session.server):
            try:
                self.selector.unregister(side)
            except (KeyError, ValueError):
                pass
            side.close()

    def client_said(self, session, data):
        if session.client_silent:
            session.turns += session.started
            session.client_silent = False
        session.from_client += data
        while True:
            message, session.from_client = take(session.from_client, session.started)
            if message is None:
                return
            if not session.started:
                self.start(session, message)
            elif self.meets_rule(session, message):
                self.strike(session)
                return
            session.server.sendall(message)

    def start(self, session, message):
        code = struct.unpack("!I", message[4:8])[0]
        if code in NEGOTIATIONS or code == CANCEL_REQUEST:
            return
        words = message[8:].split(b"\0")
        session.parameters = {key.decode(): value.decode() for key, value in zip(words[::2], words[1::2]) if key}
        session.started = True

    def meets_rule(self, session, message):
        """Notes the SQL a message runs. True when a rule says that the message must not reach the server."""
        sql = executed_sql(session, message)
        if sql is None:
            return False
        session.statements.append(sql)
        with self.lock:
            session.rule = next((rule for rule in self.rules if rule.picks(session, sql)), session.rule)
        return session.rule is not None and session.rule.mode == LOST_REQUEST

    def strike(self, session):
        if session.rule.refuse:
            self.refusing.set()
        if session.rule.then:
            session.rule.then()
        if session.rule.mode != NO_REPLY:
            self.end(session)

    def server_said(self, session, data):
        session.client_silent = True
        if session.rule is None:
            session.client.sendall(data)
            return
        # The picked statement runs: swallow all until the server is ready again, so it has surely ended.
        session.from_server += data
        while True:
            message, session.from_server = take(session.from_server, True)
            if message is None:
                return
            if message[:1] == b"Z":
                self.strike(session)
                return


def take(buffer, started):
    """One whole message off the front of `buffer`, or None; a start-up message has no type byte."""
    head = 1 if started else 0
    if len(buffer) < head + 4:
        return None, buffer
    size = head + struct.unpack("!I", buffer[head:head + 4])[0]
    return (buffer[:size], buffer[size:]) if len(buffer) >= size else (None, buffer)


def executed_sql(session, message):
    """The SQL that this message makes the server run, or None. Follows prepared statements and portals."""
    kind, body = message[:1], message[5:]
    if kind == b"Q":
        return text(body)
    if kind == b"P":
        name, sql = body.split(b"\0")[:2]
        session.parsed[name] = text(sql)
    elif kind == b"B":
        portal, name = body.split(b"\0")[:2]
        session.portals[portal] = session.parsed.get(name, "")
    elif kind == b"E":
        return session.portals.get(body.split(b"\0")[0])
    return None


def text(data):
    return data.rstrip(b"\0").decode("utf-8", "backslashreplace")
