"""A bank of actors whose money is counted in the store while everything around it is killed."""
