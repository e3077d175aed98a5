"""What `prove` is made of."""
