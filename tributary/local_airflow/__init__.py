"""A whole Airflow on this machine, for the demo and the end-to-end tests; no deployment.

The real components (api-server, scheduler with LocalExecutor, dag-processor, triggerer) run as
processes of their own, on the embedded PostgreSQL, reachable over loopback alone, and end with the
process that started them, however it ends.
"""
