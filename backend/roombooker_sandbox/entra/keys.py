"""The signing keys of the stand-in Entra: kept in the store, published as a key set, replaced on demand."""

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from roombooker_sandbox.world import World

SCHEMA = """
CREATE TABLE IF NOT EXISTS entra_keys (
  kid TEXT PRIMARY KEY, number INTEGER NOT NULL, pem TEXT NOT NULL, published INTEGER NOT NULL
);
"""


class Keys:
    """One key signs; after `rotate` a new one does and only the new one is published."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._store.apply(SCHEMA)
        self._loaded: dict[str, RSAPrivateKey] = {}
        self._published: list[str] = []
        with self._store.transaction() as rows:
            for row in rows.execute("SELECT kid, pem, published FROM entra_keys ORDER BY number").fetchall():
                key = serialization.load_pem_private_key(row["pem"].encode(), None)
                assert isinstance(key, RSAPrivateKey)  # noqa: S101  we wrote it
                self._loaded[row["kid"]] = key
                if row["published"]:
                    self._published.append(row["kid"])
        if not self._published:
            self.rotate()

    @property
    def signing(self) -> tuple[str, RSAPrivateKey]:
        kid = self._published[-1]
        return kid, self._loaded[kid]

    def find(self, kid: str) -> RSAPrivateKey | None:
        """Also a key that is no longer published: Microsoft's own services go on honouring tokens across a rotation."""
        return self._loaded.get(kid)

    def rotate(self) -> None:
        key = generate_private_key(public_exponent=65537, key_size=2048)
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        kid = _base64url(hashlib.sha1(public, usedforsecurity=False).digest())  # the look of Entra's: a thumbprint
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        with self._store.transaction() as rows:
            rows.execute("UPDATE entra_keys SET published = 0")
            rows.execute("INSERT INTO entra_keys SELECT ?, COALESCE(MAX(number), 0) + 1, ?, 1 FROM entra_keys", (kid, pem))
        self._loaded[kid] = key
        self._published = [kid]

    def as_jwks(self, issuer: str) -> dict[str, Any]:
        """The published keys (RFC 7517) with Entra's additions, certificates (`x5c`) left out."""
        keys = []
        for kid in self._published:
            numbers = self._loaded[kid].public_key().public_numbers()
            keys.append(
                {"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": _number(numbers.n), "e": _number(numbers.e), "issuer": issuer}
            )
        return {"keys": keys}


def keys_of(world: World) -> Keys:
    with world.lock:
        if "entra.keys" not in world.parts:
            keys = Keys(world)
            world.parts["entra.keys"] = keys
            world.on("expire keys", keys.rotate)
        found: Keys = world.parts["entra.keys"]
        return found


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
