"""One HTTP stack for every client of a service: session, cache, rate limit, retry, redaction, time-outs.

`HttpClient` asks one service for JSON, or for what else can be read whole. What clients of a library share is in
`HttpOptions`. A call goes through these layers, outermost first; each knows only the next:

1. `client`: builds the request, takes out what is secret, reads the answer.
2. requests-cache: fresh answers cost nothing, old ones are asked for conditionally, and are used when the service is
   down. It never sees a secret nor an answer that is cut, empty or not JSON.
3. `transport`: retries, waits its turn in the ledger of calls, adds the secrets, sends, follows redirects, checks.

Nothing of requests is imported before the first `HttpClient` is made.
"""

from __future__ import annotations

from medialib.http.addresses import check_public_url
from medialib.http.client import HttpClient
from medialib.http.options import HttpOptions, Rate, SystemClock
from medialib.http.redaction import Redactor

__all__ = ["HttpClient", "HttpOptions", "Rate", "Redactor", "SystemClock", "check_public_url"]
