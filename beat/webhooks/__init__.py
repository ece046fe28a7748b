"""Delivery of webhooks by the housekeeper."""
