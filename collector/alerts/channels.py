"""Telling one channel, whatever its kind, within a deadline."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from collector.alerts.alert_settings import Channel, wrong_url
from collector.alerts.answer import Answer
from collector.alerts.message import Message

SLACK_SECONDS = 5


class SendMail(Protocol):
    """Hands one mail to the server of ``[mail]``."""

    def __call__(self, to: Sequence[str], *, subject: str, text: str) -> Answer:
        """Send it to all of `to`."""
        ...


class Channels:
    """The channels of ``[alerts]``. `send_mail` is ``None`` where there is no ``[mail]``."""

    def __init__(self, channels: Sequence[Channel], *, send_mail: SendMail | None, deadline_s: int) -> None:
        self._channels = {one.name: one for one in channels}
        self._send_mail = send_mail
        self._deadline_s = deadline_s

    def named(self, name: str) -> Channel | None:
        """The channel of that name."""
        return self._channels.get(name)

    @property
    def all(self) -> Sequence[Channel]:
        """All of them, in the order of the file."""
        return list(self._channels.values())

    def tell(self, channel: Channel, message: Message) -> Answer:
        """Tell it. Never raises, and never takes longer than the deadline and a few seconds."""
        return within(self._deadline_s + SLACK_SECONDS, lambda: self._tell(channel, message))

    def _tell(self, channel: Channel, message: Message) -> Answer:
        if channel.kind == "mail":
            if self._send_mail is None:
                return Answer(state="refused", text="there is no [mail] in bandroom.toml")
            return self._send_mail(channel.to, subject=message.title, text=message.body)
        from collector.alerts.apprise_channel import BadChannel, plugin_of, tell

        try:
            url = secret_url(channel)
            plugin = plugin_of(channel.kind, url, message, deadline_s=self._deadline_s)
        except BadChannel as error:
            return Answer(state="refused", text=str(error))
        except OSError as error:
            return Answer(state="refused", text=f"url_file cannot be read: {error.strerror}")
        return tell(plugin, message, secret=url)


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
