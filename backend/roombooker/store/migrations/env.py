"""Run by Alembic: works on the connection that `store.migrate` hands over, inside its transaction."""

from alembic import context

import roombooker.store.models  # noqa: F401  the tables register themselves
from roombooker.store.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    compare_type=True,
)
context.run_migrations()
