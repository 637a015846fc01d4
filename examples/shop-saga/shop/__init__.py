"""What `run` is made of: the processes of the shop, and its client."""
