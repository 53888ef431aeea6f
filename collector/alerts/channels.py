"""Telling one channel, whatever its kind, within a deadline."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.alerts.alert_settings import Channel, wrong_url
from collector.alerts.answer import Answer
from collector.alerts.mail_channel import tell_by_mail
from collector.alerts.message import Message
from collector.mail.line import Limits, Line
from collector.mail.mail_settings import MailSettings

SLACK_SECONDS = 5
STOPPED = "the collector stopped before it was told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One thing to tell: a channel, or one address of it. `name` is what the registry calls it; no address is in it."""

    name: str
    channel: Channel
    to: str | None = None


class Channels:
    """The channels of ``[alerts]``, and the ``[mail]`` that those of that kind go through."""

    def __init__(
        self,
        channels: Sequence[Channel],
        *,
        mail: MailSettings | None,
        deadline_s: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._channels = {one.name: one for one in channels}
        self._mail = mail
        self._deadline_s = deadline_s
        self._clock = clock
        # Each way tells one thing at a time.
        self._lines = {way.name: Line() for one in channels for way in self.ways(one) if way.to is not None}

    @property
    def all(self) -> Sequence[Channel]:
        """All of them, in the order of the file."""
        return list(self._channels.values())

    @property
    def longest_s(self) -> float:
        """How long telling one thing may take at the most, in seconds."""
        of_mail = Limits.of(self._mail.timeout_seconds).whole_s if self._mail is not None and self._lines else 0.0
        return max(self._deadline_s + SLACK_SECONDS, of_mail)

    def stop(self) -> None:
        """End what is being told by mail, at once, and begin nothing of it any more. Other ways end by themselves."""
        for line in self._lines.values():
            line.cut(STOPPED)

    def named(self, name: str) -> Channel | None:
        """The channel of that name."""
        return self._channels.get(name)

    def ways(self, channel: Channel) -> Sequence[Way]:
        """What has to be told for a channel to be: each address of one of kind mail by itself."""
        if channel.kind != "mail":
            return [Way(name=channel.name, channel=channel)]
        return [Way(name=f"{channel.name}:{_digest(one)}", channel=channel, to=one) for one in channel.to]

    def tell(self, way: Way, message: Message) -> Answer:
        """Tell it. Never raises, and never takes longer than the deadline and a few seconds; a mail server has those of
        ``[mail]``, which are longer."""
        if way.to is not None:
            if self._mail is None:
                return Answer(state="refused", text="there is no [mail] in bandroom.toml")
            return tell_by_mail(message, way.to, self._mail, clock=self._clock, line=self._lines[way.name])
        return within(self._deadline_s + SLACK_SECONDS, lambda: self._tell(way.channel, message))

    def _tell(self, channel: Channel, message: Message) -> Answer:
        from collector.alerts.apprise_channel import BadChannel, plugin_of, tell

        try:
            url = secret_url(channel)
            plugin = plugin_of(channel.kind, url, message, deadline_s=self._deadline_s)
        except BadChannel as error:
            return Answer(state="refused", text=str(error))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            return Answer(state="refused", text=f"url_file cannot be read: {reason}")
        return tell(plugin, channel.kind, message, secret=url)


def secret_url(channel: Channel) -> str:
    """The URL of a channel that has one. Raises `OSError` where its file cannot be read, and `BadChannel`."""
    from collector.alerts.apprise_channel import BadChannel

    if channel.url is not None:
        return channel.url.get_secret_value()
    assert channel.url_file is not None
    url = channel.url_file.read_text(encoding="utf-8").strip()
    if wrong := wrong_url(channel.kind, url):
        raise BadChannel(f"in url_file: {wrong}")
    return url


def within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """What `work` answers, or that it did not in time: then it is left to itself."""
    answers: list[Answer] = []

    def run() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001  # a library's, and whoever waits has to hear of it
            answers.append(Answer(state="uncertain", text=f"a fault while telling: {type(error).__name__}"))

    thread = threading.Thread(target=run, name="telling", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else Answer(state="uncertain", text="no answer in time; it may have been told")


def _digest(address: str) -> str:
    return hashlib.sha256(address.casefold().encode()).hexdigest()[:12]
