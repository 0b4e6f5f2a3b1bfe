"""What signs, by the endpoint's scheme: which texts are secrets of it, and how one is made."""

from collections.abc import Callable
from enum import StrEnum

from webhooks import asymmetric, signing

SECRET_BYTES = 32
SHORTEST_TEXT, LONGEST_TEXT = 16, 200


class SigningScheme(StrEnum):
    """How requests are signed (docs/signing.md)."""

    V1 = "v1"
    V1A = "v1a"
    SHA256 = "sha256"

    @property
    def takes_several(self) -> bool:
        """Whether its header has room for the signatures of old secrets beside the new one's."""
        return self is not SigningScheme.SHA256


def check_secret(text: str, scheme: str) -> None:
    """Nothing for a secret of that scheme; else raises ValueError, which never repeats the text."""
    _CHECKS[SigningScheme(scheme)](text)


def make_secret(scheme: str, random_bytes: Callable[[int], bytes]) -> str:
    """A new secret of that scheme, of 32 random bytes."""
    return _MAKERS[SigningScheme(scheme)](random_bytes(SECRET_BYTES))


def fits(text: str, scheme: str) -> bool:
    """Whether it is a secret of that scheme."""
    try:
        check_secret(text, scheme)
    except ValueError:
        return False
    return True


def public_key(text: str) -> str | None:
    """The `whpk_…` key that verifies what a private key signs; None for a shared secret, which verifies itself."""
    return asymmetric.public_key(text) if text.startswith(asymmetric.PRIVATE_PREFIX) else None


def _check_text(text: str) -> None:
    """Senders of this kind use the text itself as the key, whatever it is; a private key is nothing to share."""
    printable = text.isascii() and text.isprintable() and text == text.strip()
    if not (printable and SHORTEST_TEXT <= len(text) <= LONGEST_TEXT):
        raise ValueError(
            f"a secret of this scheme has {SHORTEST_TEXT} to {LONGEST_TEXT} printable ASCII characters, "
            "without space at its ends"
        )
    if text.startswith(asymmetric.PRIVATE_PREFIX):
        raise ValueError("a private key is not shared; this scheme needs a secret that the receiver has too")


_CHECKS: dict[SigningScheme, Callable[[str], object]] = {
    SigningScheme.V1: signing.decode_secret,
    SigningScheme.V1A: asymmetric.decode_private_key,
    SigningScheme.SHA256: _check_text,
}
_MAKERS: dict[SigningScheme, Callable[[bytes], str]] = {
    SigningScheme.V1: signing.generate_secret,
    SigningScheme.V1A: asymmetric.generate_private_key,
    SigningScheme.SHA256: bytes.hex,
}
