"""Secrets at rest: Fernet with several keys, the first encrypts and all decrypt."""

from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class WrongKey(Exception):
    """None of the secret keys decrypts this."""


class Cipher:
    """Encrypts with the first key of `HOOKLINE_SECRET_KEY`; what it has decrypted is remembered in memory."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self.decrypt = lru_cache(maxsize=4096)(self._decrypt)

    def encrypt(self, text: bytes) -> bytes:
        """A token that only these keys open."""
        return self._fernet.encrypt(text)

    def encrypt_anew(self, token: bytes) -> bytes:
        """The same text under the first key. Raises WrongKey."""
        return self.encrypt(self._decrypt(token))

    def _decrypt(self, token: bytes) -> bytes:
        try:
            return self._fernet.decrypt(token)
        except InvalidToken:
            raise WrongKey(
                "HOOKLINE_SECRET_KEY does not open what the store keeps; give the key that was used before, "
                "or list it after the new one, separated by a comma"
            ) from None
