"""What can go wrong with a model, each with cause and remedy; nothing of torch."""

from data.faults import Fault


class ModelError(Fault, RuntimeError):
    """A model is missing, damaged or not what its card says; the message names the cause and the remedy."""


class HubError(Fault, RuntimeError):
    """A model that was asked for is out of reach; the message names the cause and the remedy."""


class OutOfReach(HubError, ModelError):
    """The hub's model that an intent model needs cannot be had; the message names the cause and the remedy."""


class TextError(Fault, ValueError):
    """A text cannot be classified; the message says why and what to do."""


class AdapterError(Fault, ValueError):
    """Rows cannot be learned from; the message lists every reason."""


class TrainingError(Fault, RuntimeError):
    """A training cannot start or go on; the message says why and what to do."""


class Stopped(Exception):
    """Somebody asked the training to stop; what was learned so far is in the module."""


class JobBusy(Fault, RuntimeError):
    """Another training runs, or too many results wait; the message says since when, and what to do."""


class ServingError(Fault, RuntimeError):
    """A server could not answer; the message names cause, reason and remedy."""


class Busy(ServingError):
    """More are waiting than can be answered soon."""


class TimedOut(ServingError):
    """No answer came in the time given; nothing more is computed for it."""


class Closed(ServingError):
    """The server was closed while or before it was asked."""
