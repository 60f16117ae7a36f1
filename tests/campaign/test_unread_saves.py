"""A save was answered, but its text cannot be read back: the response is not forgotten."""

from pinesync.app.sync.push import push
from pinesync.app.sync.status import status
from pinesync.errors import ServiceDown
from tests.world import OneScript


def test_a_rewritten_save_is_found_at_the_version_in_its_response(world: OneScript) -> None:
    world.remote.rewrite = lambda text: text.rstrip("\n")
    world.edit()
    down = ServiceDown("503")
    world.remote.at_next("save_next", lambda: world.remote.fail_next("get", *[down] * 9))
    run = push(world.setup())
    assert run.exit_code == 7
    world.remote._errors["get"].clear()
    run = push(world.setup())
    assert [outcome.done for outcome in run.outcomes] == ["recovered"]
    assert len(world.log) == 2
    assert [line.word for line in status(world.setup()).lines] == ["clean"]


def test_a_settled_save_leaves_no_intent_after_a_kill(world: OneScript) -> None:
    (state,) = (world.pinesync_home / "state").iterdir()
    (state / "tmp").mkdir(exist_ok=True)
    (state / "tmp" / "half").write_text("half a record")
    world.sync()
    assert not list((state / "tmp").iterdir())
