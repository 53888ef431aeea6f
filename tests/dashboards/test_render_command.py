"""``bandroom dashboards render``."""

from pathlib import Path

from typer.testing import CliRunner, Result

from collector.main import app


def render(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["dashboards", "render", "--out", str(folder), *options])


def test_render_writes_what_is_missing_and_then_nothing(tmp_path: Path) -> None:
    first = render(tmp_path)
    again = render(tmp_path)

    assert first.exit_code == 0
    assert f"wrote {tmp_path / 'rendered/district-now.json'}" in first.output
    assert (tmp_path / "provisioning/alerting/rules.yaml").is_file()
    assert (again.exit_code, again.output) == (0, "")


def test_check_names_what_is_out_of_date(tmp_path: Path) -> None:
    render(tmp_path)
    (tmp_path / "rendered/room.json").write_text("{}")

    checked = render(tmp_path, "--check")

    assert checked.exit_code == 1
    assert checked.output == "out of date: rendered/room.json; bandroom dashboards render writes them\n"
    assert (tmp_path / "rendered/room.json").read_text() == "{}"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "rendered").write_text("a file")

    failed = render(tmp_path)

    assert (failed.exit_code, failed.output) == (1, f"cannot write {tmp_path / 'rendered'}: File exists\n")
