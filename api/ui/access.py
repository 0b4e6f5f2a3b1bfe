"""What this visitor may look at; what they may not does not exist for them."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from api.auth import principal
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.model import Delivery

P = ParamSpec("P")
R = TypeVar("R")


def for_installation(view: Callable[P, R]) -> Callable[P, R]:
    """The view answers only those who see the whole installation; raises NotFound for others."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if principal().tenant is not None:
            raise NotFound("this page is about the whole installation, and your key is bound to one tenant")
        return view(*args, **kwargs)

    return guarded


def known_delivery(delivery_id: str) -> Delivery:
    """The delivery, of whichever lane; raises NotFound."""
    delivery = wired().store.delivery(delivery_id)
    if delivery is None or not _visible(delivery.tenant):
        raise NotFound("there is no such delivery")
    return delivery


def _visible(tenant: str) -> bool:
    """A handler's deliveries belong to the installation."""
    return principal().tenant is None or principal().sees(tenant)


def source_names() -> list[str]:
    """Whose webhooks are received: the sources of the settings first, then those that the API keeps."""
    fixed = [source.name for source in wired().settings.sources]
    return list(dict.fromkeys([*fixed, *(source.name for source in wired().store.sources()[1])]))
