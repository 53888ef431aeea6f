"""What stands between an agent and its collector: passes bytes on, writes them down, or answers itself."""

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

_WAKE_S = 0.1
_SEND_S = 30
"""Whoever takes nothing for so long is gone."""

Address = tuple[str, int]
Behaviour = Callable[[socket.socket], None]
"""Deals with a client's connection instead of passing it on."""

OpenSocket = Callable[[socket.AddressFamily, socket.SocketKind], socket.socket]


@dataclass(slots=True)
class Conversation:
    """The bytes of one connection, `up` from the client and `down` to it."""

    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)


class TcpRelay:
    """Listens on `port` and passes connections on to `to`, unless `behaviour` is set.

    `hold_s` is asked how long to hold each piece of an answer back. `open_socket` may open sockets in another
    network namespace.
    """

    def __init__(
        self,
        to: Address,
        *,
        port: int = 0,
        hold_s: Callable[[], float] | None = None,
        open_socket: OpenSocket = socket.socket,
    ) -> None:
        self._to = to
        self._hold_s = hold_s
        self._open_socket = open_socket
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.behaviour: Behaviour | None = None
        self.met = 0
        self.conversations: list[Conversation] = []
        self._listener = open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(100)
        self._listener.settimeout(_WAKE_S)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer_with(self, behaviour: Behaviour | None) -> None:
        """From now on let `behaviour` deal with new connections; ``None`` passes them on. `met` begins anew."""
        self.behaviour = behaviour
        self.met = 0

    def close(self) -> None:
        """End everything that is under way."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            client.settimeout(None)
            behaviour = self.behaviour
            self.met += 1
            self._start(lambda client=client, behaviour=behaviour: self._serve(client, behaviour))  # type: ignore[misc]

    def _serve(self, client: socket.socket, behaviour: Behaviour | None) -> None:
        with client, suppress(OSError):
            if behaviour is not None:
                behaviour(client)
                return
            with self._open_socket(socket.AF_INET, socket.SOCK_STREAM) as server:
                server.connect(self._to)
                for end in (client, server):
                    end.settimeout(_SEND_S)
                self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        talk = Conversation()
        self.conversations.append(talk)
        open_ends = [client, server]
        while open_ends and not self._closing.is_set():
            for end in select.select(open_ends, [], [], _WAKE_S)[0]:
                other, record = (server, talk.up) if end is client else (client, talk.down)
                piece = end.recv(65_536)
                if not piece:
                    open_ends.remove(end)
                    other.shutdown(socket.SHUT_WR)
                    continue
                if end is server and self._hold_s is not None:
                    time.sleep(self._hold_s())
                record += piece
                other.sendall(piece)

    def hung(self, client: socket.socket) -> None:
        """A behaviour: take what comes and never answer."""
        client.settimeout(_WAKE_S)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                if not client.recv(65_536):
                    return


class UdpRelay:
    """Passes datagrams at ``127.0.0.1:port`` on to `to` and the answers back."""

    def __init__(self, to: Address, *, port: int, host: str, open_socket: OpenSocket = socket.socket) -> None:
        self._to = to
        self._open_socket = open_socket
        self._closing = threading.Event()
        self._front = open_socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind((host, port))
        # What select saw may be gone when it is fetched: sending to a reflector that is gone takes its refusal, too.
        self._front.setblocking(False)
        self._back: dict[Address, socket.socket] = {}
        self.up: list[bytes] = []
        self.down: list[bytes] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Stop passing on."""
        self._closing.set()
        self._thread.join()
        for one in (self._front, *self._back.values()):
            one.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            for end in select.select([self._front, *self._back.values()], [], [], _WAKE_S)[0]:
                with suppress(OSError):  # a reflector that is gone says so by ICMP
                    self._forward(end)

    def _forward(self, end: socket.socket) -> None:
        if end is self._front:
            packet, client = end.recvfrom(65_536)
            self.up.append(packet)
            if client not in self._back:
                self._back[client] = self._open_socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._back[client].connect(self._to)
                self._back[client].setblocking(False)
            self._back[client].send(packet)
        else:
            packet = end.recv(65_536)
            self.down.append(packet)
            client = next(one for one, back in self._back.items() if back is end)
            self._front.sendto(packet, client)
