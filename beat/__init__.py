"""Clock and housekeeping."""
