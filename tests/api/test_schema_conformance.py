"""Every call of the OpenAPI document, with what its schema allows and what it does not, against a real store.

The examples are the same in each run. Each is sent as it was made, and once more about things that are there.
"""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks

from tests.api.there import There

EXAMPLES = 5
MAY_BE_503 = "GET /health/ready"
"""Nothing stages and no worker runs here, so it rightly says that it is not ready."""
CHECKED = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
checks.load_all_checks()


@pytest.fixture
def operations(app):
    document = schemathesis.openapi.from_wsgi("/openapi.json", app)
    return [found.ok() for found in document.get_all_operations()]


@pytest.fixture
def there(client):
    return There(client)


def try_out(operation, mode, client, there):
    """Raises for the first answer that the document does not allow."""
    checked = CHECKED if operation.label == MAY_BE_503 else [checks.not_a_server_error, *CHECKED]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case):
        case.call_and_validate(headers=client.headers, checks=checked)
        if case.path_parameters:
            case.path_parameters = {
                name: there.id_for(name, operation.path, generated) for name, generated in case.path_parameters.items()
            }
            case.call_and_validate(headers=client.headers, checks=checked)

    run()


@pytest.mark.timeout(600)  # half a minute of work, on a machine that may be crowded
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_call_fails_on_our_side_or_answers_otherwise_than_documented(mode, operations, client, there, subtests):
    assert len(operations) > 20
    for operation in operations:
        with subtests.test(operation.label), suppress(Unsatisfiable):  # a call that takes nothing takes nothing wrong
            try_out(operation, mode, client, there)
