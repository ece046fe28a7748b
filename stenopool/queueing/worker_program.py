"""A Celery worker without the umbrella command: ``python -m stenopool.queueing.worker_program worker.app -Q prepare``.

``celery -A worker.app worker`` is the same worker. Before it runs, ``celery`` loads its other commands, a shell that
completes words and every plugin that is installed, Flower's web server among them: a third of a worker's start, and
memory for as long as it runs. Importing this module loads nothing: spawned children import it anew.
"""

import sys


def main(argv: list[str] | None = None) -> None:
    """Runs the worker of the app that is named first; the rest are the options of ``celery worker``."""
    from celery.app.utils import find_app  # noqa: PLC0415 - see the module's docstring
    from celery.bin.base import CLIContext  # noqa: PLC0415 - as above
    from celery.bin.worker import worker  # noqa: PLC0415 - as above

    name, *options = sys.argv[1:] if argv is None else argv
    context = CLIContext(app=find_app(name), no_color=None, workdir=None)
    worker.main(args=options, prog_name=f"{name} worker", obj=context, auto_envvar_prefix="CELERY_WORKER")


if __name__ == "__main__":
    main()
