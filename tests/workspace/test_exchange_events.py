"""A replaced file is a normal change for watchers of the folder, such as an editor."""

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
        self.arrived: Queue[str] = Queue()

    def on_moved(self, event: FileSystemEvent) -> None:
        self.arrived.put(Path(str(event.dest_path)).name)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs an atomic exchange")
def test_the_last_event_of_an_exchange_is_the_new_file(tmp_path: Path) -> None:
    """A watcher that merges events would otherwise take it for a deleted file."""
    (tmp_path / "a.pine").write_text("old\n")
    (tmp_path / "new.tmp").write_text("new\n")
    events, observer = Heard(), Observer()
    observer.schedule(events, str(tmp_path))
    observer.start()
    try:
        with opened(tmp_path) as folder:
            exchange_files(folder, "new.tmp", "a.pine")
        assert [events.arrived.get(timeout=60) for _ in range(2)] == ["new.tmp", "a.pine"]
    finally:
        observer.stop()
        observer.join()
    assert (tmp_path / "a.pine").read_text() == "new\n"
