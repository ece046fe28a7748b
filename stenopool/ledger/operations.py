"""The ledger's operations as values, one door to all of them: each function builds the ``Call`` of one script. Pure.

Use: ``from stenopool.ledger import operations as op``, then ``Ledger.do(op.claim(...))``. Every operation is one round
trip and may be repeated (rule 1). ``worker`` is ``<worker id>/<pid of the child>`` throughout.
"""

from stenopool.ledger.count_operations import (
    census,
    drop_days,
    recount,
    recount_use,
    usage,
)
from stenopool.ledger.delivery_operations import (
    note_delivery,
    pending_deliveries,
    take_deliveries,
)
from stenopool.ledger.job_operations import (
    cancel,
    find,
    jobs_of,
    list_jobs,
    marks,
    open_runs,
    restore,
    retry,
    submit,
    view,
)
from stenopool.ledger.life_operations import (
    begin_restoring,
    end_restoring,
    life,
    note_redis_run,
    open_restored,
    read_epoch,
    redis_run,
    set_epoch,
)
from stenopool.ledger.work_operations import (
    EVERYBODY,
    abandon,
    beat,
    claim,
    commit,
    drain,
    fail,
    finish,
    plan,
    pool_view,
    register,
    release,
    sweep,
    unregister,
)

__all__ = [
    "EVERYBODY",
    "abandon",
    "beat",
    "begin_restoring",
    "cancel",
    "census",
    "claim",
    "commit",
    "drain",
    "drop_days",
    "end_restoring",
    "fail",
    "find",
    "finish",
    "jobs_of",
    "life",
    "list_jobs",
    "marks",
    "note_delivery",
    "note_redis_run",
    "open_restored",
    "open_runs",
    "pending_deliveries",
    "plan",
    "pool_view",
    "read_epoch",
    "recount",
    "recount_use",
    "redis_run",
    "register",
    "release",
    "restore",
    "retry",
    "set_epoch",
    "submit",
    "sweep",
    "take_deliveries",
    "unregister",
    "usage",
    "view",
]
