from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from strangler.conf import CdcSettings
from tests.stack.postgres import server
from tests.support.slots import drop_slot


@pytest.fixture
def superuser(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Of the test database; roles, publications and slots made with `unique` names are the test's own."""
    with server().connect(str(connection.settings_dict["NAME"])) as session:
        yield session


@pytest.fixture
def cdc(superuser: psycopg.Connection) -> Iterator[CdcSettings]:
    """Settings of a role, slot and publication that do not exist yet; what was made of them goes away again."""
    name = f"cdc_{uuid.uuid4().hex[:12]}"
    host, port = superuser.info.host, superuser.info.port
    url = f"postgresql://{name}:secret@{host}:{port}/{superuser.info.dbname}"
    yield CdcSettings.model_validate({"DATABASE_URL": url, "SLOT": name, "PUBLICATION": name})
    drop_slot(superuser, name)
    superuser.execute(f"DROP PUBLICATION IF EXISTS {name}")
    if superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        superuser.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
