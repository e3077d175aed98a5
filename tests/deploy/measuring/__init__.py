"""What `measure` is made of."""
