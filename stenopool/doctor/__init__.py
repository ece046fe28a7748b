"""``stenopool doctor``: looks at a host as it is, changes nothing, and says what to do about what it finds."""
