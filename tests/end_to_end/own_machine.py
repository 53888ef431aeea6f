"""A machine of an agent's own, as far as that can be told: what others do on the one that runs the tests is no trouble
of a room's."""

from collections.abc import Mapping
from pathlib import Path


def own_machine(folder: Path) -> Mapping[str, Path]:
    """Files of `folder` to have in place of those of the machine (`Namespace.machine`).

    ``/proc/stat`` stands still, so that an agent does not say how busy all processors are: tests that run beside this
    one make them as busy as a machine is that cannot measure.
    """
    stat = folder / "stat"
    stat.write_text(Path("/proc/stat").read_text())
    return {"/proc/stat": stat}
