"""The GPUs of a host: which there are, which may be used, what a model needs of one."""
