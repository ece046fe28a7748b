"""Media as received: kinds, fingerprints, manifests and the store that holds all bodies."""
