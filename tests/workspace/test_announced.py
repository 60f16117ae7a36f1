"""A file that pinesync replaces is news to those who watch the folder, such as an editor."""

import sys
from pathlib import Path
from queue import Queue

import pytest
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from pinesync.atomic import opened
from pinesync.workspace.files.exchange import exchange_files


class Heard(FileSystemEventHandler):
    def __init__(self) -> None:
        self.changed: Queue[str] = Queue()

    def on_modified(self, event: FileSystemEvent) -> None:
        if not event.is_directory:
            self.changed.put(Path(str(event.src_path)).name)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no exchange in one step")
def test_an_exchange_changes_the_file(tmp_path: Path) -> None:
    """The kernel itself tells only of renames, one to the name and one from it."""
    (tmp_path / "a.pine").write_text("old\n")
    (tmp_path / "new.tmp").write_text("new\n")
    heard, observer = Heard(), Observer()
    observer.schedule(heard, str(tmp_path))
    observer.start()
    try:
        with opened(tmp_path) as folder:
            exchange_files(folder, "new.tmp", "a.pine")
        assert heard.changed.get(timeout=60) == "a.pine"
    finally:
        observer.stop()
        observer.join()
    assert (tmp_path / "a.pine").read_text() == "new\n"
