"""The templates and the words they may use."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template

from collector.board import addresses, phrases, service_words, strip
from collector.board.answer import STATE_MEANINGS
from collector.board.assets import check_script, script, stylesheet
from collector.board.moment import moment
from collector.board.week_list import BAR_WIDTH, SHAPES
from collector.now import DistrictNow, SiteNow
from collector.page_templates import page_templates
from collector.verdict.cause_words import BUDGET_WORDS, CONFIDENCE_WORDS, comparison, pays, where
from collector.verdict.evidence import arrived, rate
from collector.verdict.qoo import DIMENSION_WORDS
from collector.verdict.week_facts import ONE_AGENT
from collector.verdict.week_sentence import VERDICT_WORDS

REFRESH_SECONDS = 15
WEEK_REFRESH_SECONDS = 300
"""A week that is over changes by late reports alone."""


def render(
    template: str, *, district: DistrictNow, now: datetime, about: Sequence[SiteNow] | None = None, **values: Any
) -> str:
    """The text of `template`; everything in it that is not markup of ours is escaped. The head of the page is of
    the sites that it is `about`, by default all."""
    return (
        _environment()
        .get_template(template)
        .render(
            district=district,
            now=now,
            bin_length=phrases.length(district.bin_seconds),
            moment=moment(district.sites if about is None else about, district.time_zone),
            **values,
        )
    )


def template(name: str) -> Template:
    """A template that is about no district."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    made = page_templates(Path(__file__).parent / "templates")
    made.filters.update(
        age=phrases.age,
        share=phrases.share,
        loss=phrases.loss,
        latency=phrases.latency,
        rate=rate,
        arrived=arrived,
        volume=phrases.volume,
        amount=phrases.amount,
        counted=phrases.counted,
        sentence=phrases.sentence,
        upper_first=phrases.upper_first,
        comparison=comparison,
        lesson_result=phrases.lesson_result,
        minutes=phrases.minutes,
        unbroken=phrases.unbroken,
        troubled_seconds=phrases.troubled_seconds,
        strip_summary=strip.summary,
        cell_text=strip.cell_text,
        service_result=service_words.result_words,
        certificate=service_words.certificate_words,
        phase_time=service_words.time_words,
    )
    made.globals.update(
        clock=phrases.clock,
        clock_seconds=phrases.clock_seconds,
        day_name=phrases.day_name,
        long_day=phrases.long_day,
        since=phrases.since,
        site_path=addresses.site_path,
        week_path=addresses.week_path,
        room_path=addresses.room_path,
        evidence_path=addresses.evidence_path,
        uplink_evidence_path=addresses.uplink_evidence_path,
        site_id=addresses.site_id,
        room_id=addresses.room_id,
        state_meanings=STATE_MEANINGS,
        state_words=phrases.STATE_WORDS,
        cause_where=where,
        cause_sentence=phrases.cause_sentence,
        confidence_words=CONFIDENCE_WORDS,
        pays=pays,
        one_agent=ONE_AGENT,
        week_refresh_seconds=WEEK_REFRESH_SECONDS,
        budget_words=BUDGET_WORDS,
        verdict_words=VERDICT_WORDS,
        verdict_shapes=SHAPES,
        bar_width=BAR_WIDTH,
        method_words=phrases.METHOD_WORDS,
        failure_words=phrases.FAILURE_WORDS,
        dimension_words=DIMENSION_WORDS,
        kind_words=service_words.KIND_WORDS,
        strip_height=strip.HEIGHT,
        refresh_seconds=REFRESH_SECONDS,
        style_address=stylesheet().address,
        script_address=script().address,
        check_script_address=check_script().address,
    )
    return made
