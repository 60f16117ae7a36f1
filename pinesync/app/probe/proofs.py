"""Store the results of probes for each account. `doctor` and every push read them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pinesync.app.credentials import facade_url
from pinesync.app.probe.facts import BY_NAME, UNCLEAR, broken_promise
from pinesync.app.project import DEFAULT_REMOTE, Setup
from pinesync.errors import ActionRequired
from pinesync.model import Account
from pinesync.sync.guards import is_account
from pinesync.workspace.state.codec import damaged, is_time
from pinesync.workspace.state.store import Store

_KIND = "proofs"


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of an account's last probe: the value of each fact. `finished` is False if it
    ended early; `when` is in epoch seconds."""

    place: str
    account: Account
    when: float
    version: str
    finished: bool
    facts: Mapping[str, str]

    @property
    def differing(self) -> list[str]:
        """The facts that are not as documented."""
        return [name for name, value in self.facts.items() if value not in BY_NAME[name].expected]

    @property
    def broken(self) -> list[str]:
        """The facts that break a promise."""
        return [name for name, value in self.facts.items() if broken_promise(name, value)]


def place_of(setup: Setup, remote: str) -> str:
    """The name of a sandbox, or the address of TradingView or another facade."""
    return facade_url(setup) if remote == DEFAULT_REMOTE else remote


def keep(state: Path, proof: Proof) -> None:
    """Store the proof, replacing an earlier one of the same account."""
    identity = f"{proof.place}\0{proof.account.name.casefold()}"
    key = hashlib.sha256(identity.encode()).hexdigest()[:32]
    Store(state / "probe").write_json(_KIND, key, asdict(proof), durably=True)


def proof_of(setup: Setup, remote: str, owner: Account | None) -> Proof | None:
    """The newest proof of the owner's account on this remote, or of any account if the owner is
    unknown."""
    place = place_of(setup, remote)
    fits = [
        proof
        for proof in _all(setup.places.state)
        if proof.place == place and (owner is None or is_account(owner, proof.account))
    ]
    return max(fits, key=lambda proof: proof.when, default=None)


def broken_promises(setup: Setup, remote: str, owner: Account | None) -> str:
    """The promises that a probe of this account found broken; empty if there are none."""
    proof = proof_of(setup, remote, owner)
    broken = [f"{name}: {proof.facts[name]}" for name in proof.broken] if proof else []
    return f"a probe of this account found {', '.join(broken)}" if broken else ""


def refuse_broken(setup: Setup, remote: str, owner: Account | None) -> None:
    """Raise ActionRequired if a probe found a promise broken."""
    if broken := broken_promises(setup, remote, owner):
        raise ActionRequired(
            f"{broken}; that breaks a promise",
            "`pinesync push --anyway` saves regardless; `pinesync probe` asks again",
        )


def names_are_kept(setup: Setup, remote: str, owner: Account | None) -> bool:
    """Whether a save without a name is proven to keep the script's name on this account."""
    proof = proof_of(setup, remote, owner)
    return proof is not None and proof.facts.get("save-without-name") == "name kept"


def _all(state: Path) -> Iterator[Proof]:
    """All proofs. Raises StateError if one is damaged: a broken promise must not be overlooked."""
    for path, raw in Store(state / "probe").json_files(_KIND):
        try:
            proof = Proof(**{**raw, "account": Account(**raw["account"])})
            texts = (proof.place, proof.account.name, proof.account.user_id, proof.version)
            sound = is_time(proof.when) and isinstance(proof.finished, bool)
            if not sound or not all(isinstance(text, str) for text in texts):
                raise ValueError
            if not re.fullmatch(r"[0-9a-z.+]{1,40}", proof.version):
                raise ValueError
            for name, value in proof.facts.items():
                if value != UNCLEAR and value not in BY_NAME[name].values:
                    raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError):
            raise damaged(path) from None
        yield proof
