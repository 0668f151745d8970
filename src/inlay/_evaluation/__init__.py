"""What `inlay.evaluation` is made of."""
