"""What the page begins with of the lines: the fullest, and when it will be full."""

from dataclasses import replace

import pytest

from collector.brief.fullest_line import fullest_line
from tests.collector.uplink_weeks import looked_at, weeks_of


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([0.3], "How full the lines to the Internet are is not known."),
        (
            [0.3] * 4,
            (
                "One line is counted, that of Oak Hill; it is 30 % full in its busiest hour: fine. When it will be "
                "full cannot be told yet."
            ),
        ),
        ([0.85] * 4, "One line is counted, that of Oak Hill; it is 85 % full in its busiest hour: act now."),
        (
            [0.5 + 0.01 * number + 0.004 * (number % 3) for number in range(24)],
            (
                "One line is counted, that of Oak Hill; it is 74 % full in its busiest hour: plan the upgrade. It may "
                "be 80 % full, so too small, from the week of 30 March 2026 on."
            ),
        ),
    ],
)
def test_the_beginning_says_when_the_fullest_line_runs_out_or_that_it_cannot_be_told(
    shares: list[float], words: str
) -> None:
    assert fullest_line([looked_at(weeks_of(shares))], {"oak-hill": "Oak Hill"}) == words


def test_the_most_urgent_line_is_told_and_the_fuller_of_two_alike() -> None:
    fine, fuller = looked_at(weeks_of([0.3] * 4)), replace(looked_at(weeks_of([0.5] * 4)), uplink="district")
    watched = replace(looked_at(weeks_of([0.65, 0.65, 0.65, 0.4])), uplink="site:summit")

    assert fullest_line([fine, fuller], {}).startswith("The fullest line, the district's way out, is 50 % full")
    assert fullest_line([fine, fuller, watched], {"summit": "Summit"}).startswith(
        "The fullest line, that of Summit, is 40 % full in its busiest hour: watch."
    )


def test_a_line_is_called_the_fullest_only_of_those_that_are_known() -> None:
    fine, fuller = looked_at(weeks_of([0.3] * 4)), replace(looked_at(weeks_of([0.5] * 4)), uplink="district")
    new = replace(looked_at(weeks_of([0.9] * 2)), uplink="site:summit")

    assert fullest_line([fine, new], {"oak-hill": "Oak Hill"}).startswith(
        "One line is known well enough, that of Oak Hill; it is 30 % full"
    )
    assert fullest_line([fine, fuller, new], {}).startswith(
        "Of the lines that are known well enough the fullest, the district's way out, is 50 % full"
    )


def test_a_forecast_is_told_as_one() -> None:
    grows = looked_at(weeks_of([0.2 + 0.005 * number for number in range(24)]))

    assert " It is expected to stay below 80 % until the week of " in fullest_line([grows], {})
