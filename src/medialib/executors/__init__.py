"""Who does the work: threads, processes that are replaced when they die, or the workers of a Dask cluster.

>>> with open_executor("threads:2") as executor:
...     list(executor.map(abs, [-1, -2]))
[1, 2]
"""

from medialib.executors.opening import open_executor, tasks_ahead
from medialib.executors.worker import saying_where, shares_memory, stopping, this_host

__all__ = [
    "open_executor",
    "saying_where",
    "shares_memory",
    "stopping",
    "tasks_ahead",
    "this_host",
]
