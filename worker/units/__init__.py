"""What is done in one unit, as functions over store and pipeline."""
