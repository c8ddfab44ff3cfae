"""The eight described machines of the tests."""

from pathlib import Path

from launcher.core.machine import Machine, machine_from_file

FOLDER = Path(__file__).parent / "machines"
NAMES = sorted(p.stem for p in FOLDER.glob("*.json"))


def described(name: str) -> Machine:
    return machine_from_file(FOLDER / f"{name}.json")
