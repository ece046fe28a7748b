"""The outline of a recording: made once a run, kept when its audio goes, taken over by another try."""

import io
import json
import struct
import wave

import pytest

from stenopool.media.store import peaks_key
from tests.integration.worker.ground import Ground, tone
from tests.integration.worker.here import duty_here
from tests.integration.worker.test_takeover import Scene, scene
from worker.shift import Shift

__all__ = ["scene"]


def test_prepare_keeps_the_outline_when_the_audio_goes(grounds: Ground) -> None:
    duty, store = duty_here(grounds)
    media = tone(2.03)
    job = grounds.submit(media=media)
    Shift(duty).run()
    grounds.completed(job)
    assert [key for key in store.keys("work/") if key.endswith(".pcm")] == []
    with wave.open(io.BytesIO(media)) as file:
        samples = [sample for (sample,) in struct.iter_unpack("<h", file.readframes(file.getnframes()))]
    # Mono at 16 kHz comes out of the decoder as it went in; 800 samples a pixel, the last has 480.
    stretches = [samples[first : first + 800] for first in range(0, len(samples), 800)]
    peaks = json.loads(store.get(peaks_key(job.transcription_id)))
    assert (peaks["samples_per_pixel"], peaks["length"]) == (800, 41)
    assert peaks["data"] == [bound(stretch) // 256 for stretch in stretches for bound in (min, max)]


@pytest.mark.parametrize("is_audio_left", [True, False])
def test_another_try_has_the_outline_too(scene: Scene, is_audio_left: bool) -> None:
    failed = scene.failed()
    first = scene.store.get(peaks_key(failed.transcription_id))
    if not is_audio_left:
        for key in scene.audio():
            scene.store.delete(key)
    again = scene.retry(failed)
    scene.shift()
    scene.grounds.completed(again)
    assert again.transcription_id != failed.transcription_id
    assert scene.store.get(peaks_key(again.transcription_id)) == first
    assert scene.work["decode"] == 1


def test_a_try_whose_outline_is_lost_completes_without(scene: Scene) -> None:
    failed = scene.failed()
    for key in [*scene.audio(), peaks_key(failed.transcription_id)]:
        scene.store.delete(key)
    again = scene.retry(failed)
    scene.shift()
    scene.grounds.completed(again)
    assert not scene.store.exists(peaks_key(again.transcription_id))
