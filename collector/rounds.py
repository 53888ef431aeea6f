"""What the collector does over and over beside serving: judging, and forgetting what is past."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from collector.api.services import Services
from collector.mail.post import Post
from collector.publish import Publisher
from collector.registry.registry import Registry
from collector.settings import Settings
from collector.store.protocol import Store, StoreUnavailable
from collector.store_choice import forget_what_is_past
from collector.thread import in_thread

log = logging.getLogger(__name__)

RETENTION_AFTER = timedelta(minutes=15)
RETENTION_EVERY = timedelta(hours=6)
MAIL_EVERY_SECONDS = 30
READY_SECONDS = 0.2


async def judge_for_ever(services: Services, publisher: Publisher | None, came_round: Callable[[], None]) -> None:
    """Tick the engine, and publish what it found. Whatever goes wrong in judging, reports go on being taken, and
    `/readyz` says so."""
    every = min(15.0, max(1.0, services.settings.report_seconds / 2))
    while True:
        try:
            await in_thread(services.engine.tick)
        except StoreUnavailable as error:
            if not services.engine.failing:
                log.warning("rooms are not judged error=%s", error)
            services.engine.trouble = str(error)
        except Exception:  # the loop that owns judging
            if not services.engine.failing:
                log.exception("rooms are not judged, this is a fault of ours")
            services.engine.trouble = "a fault of the collector; its log says more"
        else:
            if services.engine.failing:
                log.info("rooms are judged again")
            services.engine.trouble = None
        if services.engine.now is not None:
            await in_thread(partial(_look_for_trouble, services))
        if publisher is not None and services.engine.now is not None:
            await in_thread(partial(_publish, publisher, services))
        came_round()
        await asyncio.sleep(every)


def _look_for_trouble(services: Services) -> None:
    now = services.engine.now
    assert now is not None
    try:
        services.alerts.look(now, trouble=services.trouble_of_its_own)
    except SQLAlchemyError as error:
        if not services.alerts.failing:
            log.warning("nobody looks for trouble, the registry fails error=%s", type(error).__name__)
        services.alerts.failing = True
    except Exception:  # judging must go on
        if not services.alerts.failing:
            log.exception("nobody looks for trouble, this is a fault of ours")
        services.alerts.failing = True
    else:
        services.alerts.failing = False


def _publish(publisher: Publisher, services: Services) -> None:
    now = services.engine.now
    assert now is not None
    try:
        publisher.publish(now, failing=services.engine.failing or services.commits.failing)
    except Exception:  # judging must go on
        log.exception("grafana is not told of what is now, this is a fault of ours")


async def mail_for_ever(services: Services) -> None:
    """Send the pages that are to be sent, soon after they are and at once when somebody asks."""
    post = services.post
    if post.strays:
        log.warning("nobody gets the page of sites that the district does not name sites=%s", ",".join(post.strays))
    while services.engine.now is None:  # noqa: ASYNC110  # it comes about on another thread
        await asyncio.sleep(READY_SECONDS)
    with ThreadPoolExecutor(1, thread_name_prefix="post") as thread:  # mail servers may take minutes
        await _mail_for_ever(post, thread)


async def _mail_for_ever(post: Post, thread: Executor) -> None:
    failing = False
    while True:
        post.woken.clear()
        try:
            await in_thread(post.turn, thread)
        except SQLAlchemyError as error:
            if not failing:
                log.warning("no page is mailed, the registry fails error=%s", type(error).__name__)
            failing = True
        except Exception:  # whatever is wrong with mail, rooms are judged
            if not failing:
                log.exception("no page is mailed, this is a fault of ours")
            failing = True
        else:
            if failing:
                log.info("pages are mailed again")
            failing = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MAIL_EVERY_SECONDS):
                await post.woken.wait()


async def retain_for_ever(settings: Settings, store: Store, registry: Registry, clock: Callable[[], datetime]) -> None:
    """Enforce retention, but not at once: a machine without a clock of its own first learns the time."""
    await asyncio.sleep(RETENTION_AFTER.total_seconds())
    while True:
        now = clock()
        try:
            gone = await in_thread(partial(forget_what_is_past, store, settings, now))
            await in_thread(
                partial(
                    registry.forget,
                    codes_before_ms=int(now.timestamp() * 1000),
                    boots_before_ms=int((now - timedelta(days=settings.keep_bins_days)).timestamp() * 1000),
                    days_before=f"{now - timedelta(days=settings.keep_bins_days):%Y-%m-%d}",
                    checks_before_ms=int((now - timedelta(days=settings.keep_reports_days)).timestamp() * 1000),
                )
            )
            if gone:
                log.info("retention enforced rows=%d", gone)
        except Exception as error:  # noqa: BLE001  # forgetting can wait, taking reports cannot
            log.warning(
                "retention not enforced next_try_s=%d error=%s", RETENTION_EVERY.total_seconds(), type(error).__name__
            )
        await asyncio.sleep(RETENTION_EVERY.total_seconds())
