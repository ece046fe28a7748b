"""What a model needs, held to what others have measured."""

import pytest

from stenopool.gpus.need import cpu_need, gpu_need

MIB = 1024 * 1024

ON_GPU = [
    # faster-whisper's README, section Benchmark; the last four from its issue 1030.
    ("large-v2", "float16", 4525),
    ("large-v2", "int8", 2926),
    ("large-v3", "float16", 4521),
    ("turbo", "float16", 2537),
    ("large-v3-turbo", "int8", 1545),
    ("distil-large-v3", "float16", 2409),
]


@pytest.mark.parametrize(("model", "compute_type", "measured_mb"), ON_GPU)
def test_a_need_is_no_less_than_what_was_measured_and_not_much_more(
    model: str, compute_type: str, measured_mb: int
) -> None:
    need = gpu_need(model, compute_type)
    assert need is not None
    assert measured_mb * MIB <= need.memory_bytes <= (measured_mb + 350) * MIB


@pytest.mark.parametrize(("compute_type", "measured_mb"), [("float32", 2257), ("int8", 1477)])
def test_the_same_on_a_cpu(compute_type: str, measured_mb: int) -> None:
    need = cpu_need("small", compute_type)
    assert need is not None
    assert measured_mb * MIB <= need.memory_bytes <= (measured_mb + 350) * MIB


def test_a_cpu_computes_float16_as_float32() -> None:
    assert cpu_need("base", "float16") == cpu_need("base", "float16")
    half, full = cpu_need("base", "float16"), cpu_need("base", "float32")
    assert half is not None
    assert full is not None
    assert half.memory_bytes == full.memory_bytes


@pytest.mark.parametrize("name", ["base.en", "Systran/faster-whisper-base", "base"])
def test_a_models_other_names_need_the_same(name: str) -> None:
    need, plain = gpu_need(name, "float16"), gpu_need("base", "float16")
    assert need is not None
    assert plain is not None
    assert need.memory_bytes == plain.memory_bytes


@pytest.mark.parametrize("name", ["demo", "/srv/models/mine", "owner/whisper-of-mine"])
def test_of_unknown_weights_nothing_is_claimed(name: str) -> None:
    assert gpu_need(name, "float16") is None
    assert cpu_need(name, "int8") is None


def test_a_need_reads_as_a_person_would_say_it() -> None:
    assert str(gpu_need("large-v3", "float16")) == "about 4.4 GiB for large-v3 float16"
