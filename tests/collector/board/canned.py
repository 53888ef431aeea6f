"""The page for teachers with a collector that answers at once and by heart, so that each of its states can be seen."""

import json
from typing import Any

from tests.collector.board.districts import NOW
from tests.collector.board.shown import Shown
from tests.end_to_end.browser import Page
from tests.end_to_end.waiting import eventually

ROOMS = [*(str(number) for number in range(101, 131)), "Library", "Computer lab 2"]
PLACES = {
    "sites": [
        {"site": "north", "name": "North School", "rooms": [{"room": one, "name": one} for one in ROOMS]},
        {"site": "oak-hill", "name": "Oak Hill Elementary", "rooms": [{"room": "201", "name": "201"}]},
    ]
}
PLAN = {
    "check": "0" * 32,
    "valid_ms": 20_000,
    "down": {"required_bps": 1_000, "offered_bps": 1_250, "most_bytes": 10},
    "up": {"required_bps": 1_000, "offered_bps": 1_250, "most_bytes": 10},
    "longest_ms": 40,
    "warm_up_ms": 10,
    "rise_ms": 90,
    "in_a_row": 3,
    "block_bytes": 1_400,
    "catch_up_ms": 25,
    "post_bytes": 5_600,
    "post_every_ms": 5.0,
    "posts_at_once": 3,
}
FAKE = """
window.asked = [];
window.fetch = async (address, options) => {
  const json = (value, status = 200) =>
    new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json" } });
  window.asked.push(String(address).split("?")[0]);
  const answers = %s;
  for (const [part, answer] of Object.entries(answers)) {
    if (!String(address).split("?")[0].endsWith(part)) continue;
    if (answer === "never") return new Promise((_, fail) => options.signal.addEventListener("abort", fail));
    if (answer === "broken") throw new TypeError("Failed to fetch");
    return answer.error ? json(answer, answer.status) : json(answer);
  }
  return String(address).endsWith("/down") ? new Response("0123456789") : new Response(null, { status: 204 });
};
"""


def rate(required_bps: int, received_bps: int | None, sustained: bool | None) -> dict[str, Any]:
    return {"required_bps": required_bps, "received_bps": received_bps, "sustained": sustained, "why": None}


def found(answer: str, why: str | None, documents: tuple[str, str | None], **given: Any) -> dict[str, Any]:
    """What a check found for a video lesson, and for documents."""
    profiles = [
        {"profile": name, "label": name, "answer": one, "why": reason, "rtt_limit_ms": limit}
        | {"needed_down_bps": 1_000_000, "needed_up_bps": up}
        for name, (one, reason), limit, up in (
            ("video_lesson", (answer, why), 200, 500_000),
            ("cloud_docs_lms", documents, 400, 250_000),
        )
    ]
    values = {
        "at": NOW.isoformat(),
        "answer": answer,
        "why": why,
        "profile": "video_lesson",
        "down": rate(1_000_000, 1_190_000, True),
        "up": rate(500_000, 610_000, True),
        "rtt_p50_ms": 11.2,
        "rtt_p95_ms": 23.4,
        "used_bytes": 1_240_000,
        "told": False,
        "profiles": profiles,
    }
    return values | given


FOUND = {
    "can": found("can", None, ("can", None)),
    "stutters": found("stutters", "latency", ("stutters", "latency"), rtt_p95_ms=132.3),
    "cannot": found("cannot", "down", ("cannot", "down"), down=rate(1_000_000, 381_234, False)),
    "cannot-up": found("cannot", "up", ("can", None), up=rate(500_000, 381_234, False)),
    "busy": found("unknown", "busy", ("unknown", "busy"), down=rate(1_000_000, None, None)),
}


def open_page(board: Shown, page: Page, room: str = "Computer lab 2", *, language: str = "en", **answers: Any) -> None:
    """Open the page with `room` chosen, and these `answers` by the last part of what is asked for, such as ``end``."""
    known = {"/places": PLACES, "/checks": PLAN, "/up": {"decided": True}}
    fake = FAKE % json.dumps(known | {f"/{name}": answer for name, answer in answers.items()})
    page.before_each(fake)
    page.go("about:blank")
    page.go(f"{board.url}/check?lang={language}#room:north/{room}".replace(" ", "%20"))
    eventually("the rooms are there", lambda: page.evaluate("document.getElementById('loading').hidden"))


def press_begin(page: Page) -> None:
    """Press the button."""
    page.evaluate("document.getElementById('begin').click()")


def see(page: Page, part: str) -> str:
    """Wait for a part of the page, and read it."""
    eventually(f"#{part} is shown", lambda: page.evaluate(f"!document.getElementById('{part}').hidden"))
    return str(page.evaluate(f"document.getElementById('{part}').innerText"))
