"""Celery as a doorbell: queue names, the app factory, the bell."""
