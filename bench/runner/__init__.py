"""What bench/run.py is made of: processes, measurements, peers, the report."""
