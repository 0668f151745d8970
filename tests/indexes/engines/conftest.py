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


@pytest.fixture(scope="session")
def postgres_dsn():
    try:
        with servers.postgres() as (dsn, _):
            yield dsn
    except servers.Absent as error:
        pytest.skip(str(error))
