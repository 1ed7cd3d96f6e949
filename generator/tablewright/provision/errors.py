"""Why provisioning stops. Every message says what to do next; none holds a token.

ProvisionError
├── LockUnreadable       the lock file is broken, or of another base
├── LiveUnreadable       what should be a base schema is not one
├── NothingToPull        a base without a table that a schema can hold
├── PlanUnreadable       a saved plan that is none
├── PlanOutdated         the base is not the one the plan was made for
├── TablesTaken          tables that the schema wants belong to another one
├── PlanRefused          the plan loses data, and that was not allowed
├── AnotherRun           another process is writing the same files
├── StepFailed           a step could not be carried out; those before it are done
└── PortError            the service, or the way to it
    ├── Refused              a 4xx answer: repeating it would not help
    ├── AnswerLost           nobody knows whether the call was carried out
    └── Unreachable          nothing was sent, or the service asked to come back later for too long
"""

from __future__ import annotations


class ProvisionError(Exception):
    """Provisioning cannot go on. The message says why and what to do."""


class LockUnreadable(ProvisionError):
    """A lock file that cannot be used."""


class LiveUnreadable(ProvisionError):
    """Not the schema of a base."""


class NothingToPull(ProvisionError):
    """A base of which a schema could say nothing."""


class PlanUnreadable(ProvisionError):
    """Not a saved plan."""


class PlanOutdated(ProvisionError):
    """The base has moved on since the plan was made."""


class TablesTaken(ProvisionError):
    """Tables of the base belong to another schema, as the lock file knows."""


class PlanRefused(ProvisionError):
    """The plan holds steps that were not allowed."""


class AnotherRun(ProvisionError):
    """Another process is writing the lock file or journal that this one would write."""


class StepFailed(ProvisionError):
    """A step of a plan was refused. The steps before it are done and noted in the lock file."""


class PortError(ProvisionError):
    """A call that did not come to a good end."""


class Refused(PortError):
    """The service understood and said no. *status* and *kind* are those of the answer, *base* what was asked for, if any."""

    def __init__(self, status: int, kind: str, message: str, base: str = "") -> None:
        self.status = status
        self.kind = kind
        self.message = message
        self.base = base
        said = f"{kind}: {message}" if message and message != kind else kind
        super().__init__(f"{f'base {base}: ' if base else ''}Airtable answered {status} {said}")

    @property
    def way_out(self) -> str:
        """Return what can be done about it, as a sentence without its full stop."""
        match self.status:
            case 401:
                return (
                    "The service does not know the token: see that AIRTABLE_ACCESS_TOKEN, or what token_variable names, "
                    "holds a personal access token that is whole and not revoked (https://airtable.com/create/tokens)"
                )
            case 403:
                named = f"Check that {self.base} is the base that is meant. " if self.base else ""
                return (
                    f"{named}The token needs the scopes schema.bases:read, schema.bases:write, data.records:read and "
                    "data.records:write, access to this base, and its owner the role of a creator"
                )
            case 404:
                return "Check the ids of base and workspace, and that the end point is Airtable's"
            case 429:
                return "The workspace has used up its API calls of this month, as its plan in Airtable has it: wait, or change that plan"
            case _:
                return "Change the schema, or the base"


class AnswerLost(PortError):
    """The connection ended, timed out or broke after the request went out: it may have been carried out."""


class Unreachable(PortError):
    """The request was not carried out."""
