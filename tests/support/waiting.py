"""No test sleeps: it waits for a condition, with a bound; here for what is expected soon."""

from functools import partial

from strangler.testing import waiting

until = partial(waiting.until, seconds=60.0)
