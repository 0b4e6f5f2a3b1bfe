"""Celery: the tasks, the queue and the stager."""
