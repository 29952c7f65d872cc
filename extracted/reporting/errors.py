from strangler.errors import StranglerError


class GenerationError(StranglerError):
    """A generation of the read model is not there, or may not be changed like this."""
