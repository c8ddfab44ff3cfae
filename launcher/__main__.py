"""Argument router only: the window, the engine worker, work on files, or a command. Qt is imported in the window branch alone."""

from __future__ import annotations

import sys

from launcher.core import own_program


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for.

    Returns:
        The exit code: 0 fine, 1 a UserError, 2 wrong usage, 3 a bug.
    """
    own_program.restore_environment()
    argv = sys.argv[1:] if arguments is None else arguments
    if argv[:1] == ["engine-worker"]:
        from launcher.engine.worker.main import run_worker

        return run_worker(argv[1:])
    if argv[:1] == ["file-worker"]:
        from launcher.app import file_worker

        return file_worker.run(argv[1:])
    if not argv or argv[0] in ("gui", "open", "--debug") or _is_model_file(argv[0]):
        import gc

        # Nearly all that is made until the first frame stays: looking through it for garbage is a tenth of the start.
        gc.disable()  # until `application.painted`
        from launcher.app.pyside_features import ignore_features

        ignore_features()
        from launcher.app.main import run_window

        return run_window(argv)
    from launcher.cli.main import run_command

    return run_command(argv)


def _is_model_file(argument: str) -> bool:
    return argument.lower().endswith(".gguf")


if __name__ == "__main__":
    sys.exit(main())
