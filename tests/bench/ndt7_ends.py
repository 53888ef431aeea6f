"""The two ends of an ndt7 test as processes of their own: ``serve PORT`` for whoever comes, ``test HOST PORT
DIRECTION SECONDS`` prints the rate in bits per second."""

import sys
import threading

from agent.ndt7_client import Ndt7Client, Ndt7Place
from agent.ndt7_server import Ndt7Server
from wire.report_words import Direction

MUCH = 10**12


class Anybody:
    """A grant of more than a test can carry."""

    most_bytes = MUCH

    def is_over(self) -> bool:
        """Never."""
        return False

    def done(self, used_bytes: int) -> None:
        """Nobody keeps an account."""


def main() -> None:
    """Serve until killed, or test once."""
    if sys.argv[1] == "serve":
        Ndt7Server("0.0.0.0", int(sys.argv[2]), lambda _token, _direction: Anybody()).start()
        print("listening", flush=True)
        threading.Event().wait()
    host, port, direction, seconds = sys.argv[2:]
    wanted: Direction = "down" if direction == "down" else "up"
    place = Ndt7Place(host=host, port=int(port), tls=False, token=None)
    print(Ndt7Client(place, wanted, most_bytes=MUCH, longest_s=float(seconds)).run().received_bps)


if __name__ == "__main__":
    main()
