"""`launcher update-check`: whether there is a newer version. Asks only now, installs nothing."""

from __future__ import annotations

import argparse

from launcher.catalog import releases
from launcher.catalog.releases import Release, UpdateAnswer
from launcher.cli.output import print_json
from launcher.core.errors import NextStep, UserError
from launcher.core.paths import config_dir
from launcher.services import installation
from launcher.store.settings import RELEASE_FEED, Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--feed", metavar="ADDRESS", help="ask this list of releases (default: the one of the settings)"
    )


def run(args: argparse.Namespace) -> int:
    """Ask and print; 0 whether there is a newer version or not."""
    feed: str = args.feed or releases.feed_address(_setting())
    try:
        answer = releases.look(feed)
    except UserError as error:
        if error.code == "no_release_feed":
            error.next_steps = (NextStep("launcher update-check --feed ADDRESS"),)
        raise
    found = installation.find()
    if args.json:
        print_json(
            {
                "installed": answer.installed,
                "newest": answer.newest.version if answer.newest else None,
                "is_newer": bool(answer.newer),
                "releases": answer.newer,
                "feed": feed,
                "installation": found.kind,
                "how_to_update": installation.how_to_update(found),
            }
        )
    else:
        print("\n".join(_lines(answer, found)))
    return 0


def _setting() -> str:
    try:
        return Settings(config_dir() / "settings.toml").get(RELEASE_FEED)
    except OSError:  # no home to write in
        return RELEASE_FEED.default


def _lines(answer: UpdateAnswer, found: installation.Installation) -> list[str]:
    if not answer.newer:
        if answer.newest is None:
            return [f"{answer.host} lists no release. Version {answer.installed} is installed."]
        return [f"Up to date: version {answer.installed} is installed; the newest release is {answer.newest.version}."]
    lines = [f"Version {answer.newer[0].version} is out; {answer.installed} is installed.", ""]
    for release in answer.newer:
        lines += [*_entry(release), ""]
    return [*lines, installation.how_to_update(found), "Nothing was downloaded or changed."]


def _entry(release: Release) -> list[str]:
    date = f" ({release.published})" if release.published else ""
    notes = [f"  {line}".rstrip() for line in (release.notes or "No notes.").splitlines()]
    return [f"{release.version}{date}", *notes, *([f"  Page: {release.page}"] if release.page else [])]
