from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSED = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = sorted(set(COMPOSED) - {"redis"})


@pytest.mark.parametrize("name", sorted(COMPOSED))
def test_a_container_can_write_nothing_but_its_data_and_has_no_rights(name):
    """Case 147."""
    service = COMPOSED[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(volume.endswith(":/data") for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", sorted(COMPOSED))
def test_a_container_says_whether_it_is_well_and_is_started_again(name):
    assert COMPOSED[name]["healthcheck"]["test"]
    assert COMPOSED[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_nothing_of_ours_starts_before_what_it_needs_is_well_nor_is_cut_short_in_an_attempt(name):
    assert {need["condition"] for need in COMPOSED[name]["depends_on"].values()} == {"service_healthy"}
    assert COMPOSED[name]["stop_grace_period"] == "75s"


def test_the_store_keeps_a_file_on_a_volume_and_evicts_nothing():
    options = " ".join(COMPOSED["redis"]["command"])

    assert "--appendonly yes" in options
    assert "--maxmemory-policy noeviction" in options
    assert COMPOSED["redis"]["volumes"] == ["redis:/data"]


def test_flower_has_a_login_and_only_reads():
    """Case 147."""
    assert COMPOSED["flower"]["environment"]["HOOKLINE_FLOWER_LOGIN"].startswith("${HOOKLINE_FLOWER_LOGIN:?")
    assert "--read-only" in COMPOSED["flower"]["command"]
