"""One module per resource, thin: HTTP in, a service call, HTTP out."""
