"""A client that hands over batches without pause, sends again what was not acknowledged, and remembers what was."""

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field

from tests.end_to_end.batches import batch_of, latency, new_id
from tests.end_to_end.collector_process import CollectorFolder, Enrolled, Key
from tests.end_to_end.http_client import post_batch

MOST_REPORTS = 60
PAUSE_S = 0.01
ANSWER_S = 20.0


@dataclass
class Load:
    """One agent's worth of it, on a thread of its own from `start` to `finish`."""

    collector: CollectorFolder
    agent: Enrolled
    seed: int
    acknowledged: set[Key] = field(default_factory=set)
    sent: set[Key] = field(default_factory=set)
    resends: int = 0
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._boot = new_id()
        self._seq = 0
        self._finishing = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Return once the last batch is acknowledged; the collector must be there for it."""
        self._finishing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._finishing.is_set():
            seqs = range(self._seq + 1, self._seq + 1 + self._random.randint(1, MOST_REPORTS))
            self._seq = seqs[-1]
            keys = {(self.agent.agent, self._boot, seq) for seq in seqs}
            body = json.dumps(batch_of([latency(seq) for seq in seqs], boot=self._boot)).encode()
            self.sent |= keys
            while not self._is_acknowledged(body, len(seqs)):
                self.resends += 1
                time.sleep(PAUSE_S)
            self.acknowledged |= keys

    def _is_acknowledged(self, body: bytes, reports: int) -> bool:
        try:
            answer = post_batch(self.collector.url, self.agent.token, body, timeout_s=ANSWER_S)
        except (OSError, http.client.HTTPException, ValueError):
            return False
        if answer.status != 200:
            self.refusals.append(answer.word)
            return False
        said = answer.json
        assert said["stored"] + said["duplicate"] == reports, said
        return True
