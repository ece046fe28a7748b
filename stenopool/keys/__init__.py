"""API keys and tenants: who may call, kept in the store so that an empty Redis never means an open door."""
