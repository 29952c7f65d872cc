"""Process manager: steps in several services as one undertaking, completed or undone, and never left half done.

Garcia-Molina & Salem, "Sagas", SIGMOD 1987; Hohpe & Woolf, "Process Manager",
<https://www.enterpriseintegrationpatterns.com/patterns/messaging/ProcessManager.html>.
"""

from strangler.saga.declaring import Saga, Step, Waiting, waiting

__all__ = ["Saga", "Step", "Waiting", "waiting"]
