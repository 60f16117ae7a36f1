"""The clock of a world."""

from dataclasses import dataclass

from pinesync.sync.intents import Now


@dataclass
class Clock:
    """All clocks of a machine. Only tests and sleeping move them."""

    wall: float = 1_700_000_000.0
    mono: float = 10_000.0
    boot_id: str = "boot-1"
    slept: float = 0.0

    def __call__(self) -> float:
        """Epoch seconds."""
        return self.wall

    def now(self) -> Now:
        return Now(self.wall, self.mono, self.boot_id)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds
