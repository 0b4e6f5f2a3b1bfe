"""django-webhook with its Celery task, events not stored: its quickest set-up. Runs in an environment of its own."""

import os

import django
from celery import Celery
from django.conf import settings
from django.core.management import call_command

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django_webhook"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DJANGO_DATABASE"]}},
    DJANGO_WEBHOOK={"MODELS": [], "STORE_EVENTS": False},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    SECRET_KEY="bench",  # noqa: S106 - of a site that serves nobody
)
app = Celery("django_site", broker=os.environ["STOCK_BROKER"])
app.conf.update(task_ignore_result=True, task_default_queue="django")
app.set_default()
django.setup()  # imports its tasks, which belong to the app that is the default then

from django_webhook.models import Webhook, WebhookSecret  # noqa: E402 - after the set-up
from django_webhook.tasks import fire_webhook  # noqa: E402


def fill(url: str, count: int, body: str) -> None:
    """One webhook, and so many tasks for it."""
    call_command("migrate", verbosity=0)
    webhook = Webhook.objects.create(url=url)
    WebhookSecret.objects.create(webhook=webhook, token="whsec_0123456789ab")  # noqa: S106
    with app.producer_or_acquire() as producer:
        for _ in range(count):
            fire_webhook.apply_async((webhook.id, body), producer=producer)


if __name__ == "__main__":
    import sys

    fill(sys.argv[1], int(sys.argv[2]), sys.argv[3])
