"""Real database servers for tests, each in a temporary folder on a free loopback port."""
