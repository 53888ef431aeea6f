"""Slack, Teams, webhooks and a hundred others, by the library apprise, one plugin of it for each message.

Only the plugin that a channel needs is loaded; an apprise URL of any kind loads them all. The library says what the
other side answered in what it logs, so that is read here, and nothing of it goes to our own log: it names tokens.
"""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from collector.alerts.alert_settings import Kind
from collector.alerts.answer import Answer
from collector.alerts.message import Message

if TYPE_CHECKING:
    from apprise import NotifyBase

CONNECT_SECONDS = 10


class BadChannel(Exception):
    """A channel's URL is none that its kind of service gives out; the message does not repeat it."""


def plugin_of(kind: Kind, url: str, message: Message, *, deadline_s: int) -> "NotifyBase":
    """What tells `message` to `url`. Raises `BadChannel`."""
    asset = _asset()
    options: dict[str, Any] = {"asset": asset, "rto": deadline_s, "cto": min(CONNECT_SECONDS, deadline_s)}
    made: NotifyBase | None = None
    try:
        if kind == "slack" and not url.startswith("slack:"):
            from apprise.plugins.slack import NotifySlack

            made = _native(NotifySlack, url, options)
        elif kind == "teams" and not url.startswith("workflow"):
            from apprise.plugins.workflows import NotifyWorkflows

            made = _native(NotifyWorkflows, url, options)
        elif kind == "webhook":
            made = _webhook(url, message, options)
        else:
            from apprise import Apprise

            made = Apprise.instantiate(url, asset=asset, suppress_exceptions=True) or None
            if made is not None:
                made.socket_read_timeout = float(deadline_s)
    except (TypeError, ValueError) as error:  # apprise's own are TypeErrors
        raise BadChannel(f"apprise takes no such url ({type(error).__name__})") from None
    if made is None:
        raise BadChannel(f'the url of this channel is none that kind "{kind}" takes')
    return made


def tell(plugin: "NotifyBase", kind: Kind, message: Message, *, secret: str) -> Answer:
    """Hand over `message`, and what the other side made of it. `secret` is the URL, of which nothing is repeated."""
    from apprise import NotifyFormat, NotifyType

    of_type = NotifyType.SUCCESS if message.over else NotifyType.FAILURE
    if message.severity == "minor" and not message.over:
        of_type = NotifyType.WARNING
    # Teams shows a Markdown that knows no escapes: those that apprise puts into a plain text would be seen.
    cards = kind == "teams"
    with _heard() as lines:
        told = plugin.notify(
            title=message.title,
            body=_card_text(message.body) if cards else message.body,
            notify_type=of_type,
            body_format=NotifyFormat.MARKDOWN if cards else NotifyFormat.TEXT,
        )
    said = without_secrets(_answer_of(lines), secret)
    if told:
        return Answer(state="told", text=said or "taken")
    if any("read timed out" in one.lower() for one in lines):
        return Answer(state="uncertain", text="no answer in time; it may have been told")
    return Answer(state="refused", text=said or "it was not taken")


def _card_text(body: str) -> str:
    """`body` for a card: a line that is a link is one to click on, and lines stay lines."""
    lines = (f"[Open the board]({one})" if one.startswith(("http://", "https://")) else one for one in body.split("\n"))
    return "\n\n".join(lines)


def without_secrets(text: str, url: str) -> str:
    """`text` without anything of `url` that is longer than a word, but its host."""
    parts = urlsplit(url)
    pieces = [*parts.path.split("/"), parts.query, parts.username or "", parts.password or "", parts.fragment]
    pieces += [value for _, value in parse_qsl(parts.query)] + [one.partition("=")[2] for one in parts.query.split("&")]
    if parts.scheme not in {"http", "https", "json", "jsons"}:
        pieces.append(parts.netloc)
    forms = {one for each in pieces for one in (each, unquote(each), quote(unquote(each), safe="")) if len(one) >= 5}
    for piece in sorted(forms, key=len)[::-1]:
        text = text.replace(piece, "*****")
    return text


def _native(plugin: Any, url: str, options: dict[str, Any]) -> "NotifyBase | None":
    """A `plugin` for the URL as its service gives it out; no picture is fetched from elsewhere for it."""
    found = plugin.parse_native_url(url)
    made: NotifyBase | None = plugin(**found | options | {"include_image": False}) if found else None
    return made


def _webhook(url: str, message: Message, options: dict[str, Any]) -> "NotifyBase":
    from apprise.plugins.custom_json import NotifyJSON

    parts = urlsplit(url)
    host = parts.hostname or ""
    # Its own fields go, so that ours alone are the format.
    own = dict.fromkeys(("version", "message", "attachments", "type"), "")
    plugin: Any = NotifyJSON
    made: Any = plugin(
        payload=own,
        params=dict(parse_qsl(parts.query, keep_blank_values=True)),
        host=f"[{host}]" if ":" in host else host,
        port=parts.port,
        fullpath=parts.path or "/",
        secure=parts.scheme == "https",
        user=parts.username,
        password=parts.password,
        **options,
    )
    made.payload_extras |= {name: value for name, value in message.fields.items() if name != "title"}
    webhook: NotifyBase = made
    return webhook


def _asset() -> Any:
    from apprise import AppriseAsset

    return AppriseAsset(
        app_id="Bandroom",
        app_desc="Bandroom",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        plugin_paths=[],
        secure_logging=True,
        async_mode=False,
        http_redirects=False,
    )


class _Listening(logging.Handler):
    """Keeps what is logged on the thread that made it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What the library logs meanwhile."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    handler = _Listening()
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)


def _answer_of(lines: list[str]) -> str:
    """The lines that say how it went, as one."""
    said = []
    for one in lines:
        text = " ".join(one.split())
        if one.startswith(("Failed to send", "A Connection error", "Sent ")):
            said.append(_status(text))
        elif one.startswith("Response Details:"):
            said.append(text.removeprefix("Response Details:").strip().removeprefix("b'").rstrip("'")[:120])
        elif one.startswith("Socket Exception:"):
            said.append(text.rpartition("(Caused by ")[2].removeprefix("Socket Exception: ").rstrip(")")[-120:])
    return ": ".join(one for one in said if one)


def _status(line: str) -> str:
    """``it answered 401 Unauthorized``; the line itself where it names no status of HTTP."""
    found = re.search(r"error=(\d{3})\.?$", line)
    if found is None:
        return line.rstrip(".")
    code = int(found.group(1))
    name = next((one.phrase for one in HTTPStatus if one == code), "")
    return f"it answered {code} {name}".rstrip()
