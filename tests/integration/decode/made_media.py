"""Media made on the spot with PyAV: a tone in any container, bombs, and files that are not what they seem."""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame

TONE_HZ = 440
TONE_S = 2


@dataclass(frozen=True)
class Form:
    """A container with its codec. ``kbps`` 0 for what is lossless."""

    ending: str
    container: str
    codec: str
    rate: int = 16_000
    layout: str = "mono"
    kbps: int = 0


FORMS = (
    Form("wav", "wav", "pcm_s16le"),
    Form("flac", "flac", "flac", 44_100, "stereo"),
    Form("mp3", "mp3", "libmp3lame", 44_100, "stereo", 96),
    Form("m4a", "ipod", "aac", 44_100, "stereo", 96),
    Form("mp4", "mp4", "aac", 48_000, "stereo", 96),
    Form("mov", "mov", "pcm_s16le", 48_000, "stereo"),
    Form("3gp", "3gp", "aac", 16_000, "mono", 32),
    Form("ogg", "ogg", "vorbis", 44_100, "stereo", 96),
    Form("opus", "ogg", "libopus", 48_000, "mono", 32),
    Form("webm", "webm", "libopus", 48_000, "stereo", 32),
    Form("mkv", "matroska", "flac", 16_000, "mono"),
    Form("aac", "adts", "aac", 32_000, "mono", 48),
    Form("amr", "amr", "libopencore_amrnb", 8_000, "mono", 12),
    Form("aiff", "aiff", "pcm_s16be", 22_050, "mono"),
    Form("caf", "caf", "pcm_s16be", 16_000, "mono"),
    Form("wma", "asf", "wmav2", 44_100, "stereo", 96),
)


def tone(rate: int, seconds: float = TONE_S, hertz: float = TONE_HZ) -> npt.NDArray[np.int16]:
    """int16 [n_samples], a quarter of full scale; silence at 0 Hz."""
    return (8192 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def write_tone(folder: Path, form: Form, seconds: float = TONE_S, hertz: float = TONE_HZ) -> Path:
    """A file with the tone on all channels."""
    file = folder / f"tone.{form.ending}"
    with av.open(str(file), "w", format=form.container) as container:
        stream = container.add_stream(form.codec, rate=form.rate, layout=form.layout, options={"strict": "-2"})
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        if form.kbps:
            context.bit_rate = 1000 * form.kbps
        context.open()
        resampler = AudioResampler(context.format, form.layout, form.rate, frame_size=context.frame_size)
        frame = AudioFrame.from_ndarray(tone(form.rate, seconds, hertz)[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts = form.rate, 0
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return file


def form_of(ending: str) -> Form:
    """The form with that ending."""
    return next(form for form in FORMS if form.ending == ending)


def write_wav(file: Path, channels: Sequence[npt.NDArray[np.int16]], rate: int = 16_000) -> Path:
    """16-bit PCM with as many channels as given."""
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(len(channels))
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(np.stack(channels, axis=1).astype("<i2").tobytes())
    return file


def write_video(file: Path, with_audio: bool) -> Path:
    """A second of moving picture, with the tone or without any audio stream."""
    with av.open(str(file), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("aac", rate=16_000, layout="mono") if with_audio else None
        for number in range(25):
            still = np.full((64, 64, 3), 10 * number, np.uint8)
            container.mux(picture.encode(VideoFrame.from_ndarray(still, format="rgb24")))
        container.mux(picture.encode(None))
        if sound is not None:
            resampler = AudioResampler("fltp", "mono", 16_000, frame_size=1024)
            frame = AudioFrame.from_ndarray(tone(16_000, 1)[np.newaxis], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 0
            for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(sound.encode(resampled))
            container.mux(sound.encode(None))
    return file


def write_many_streams(file: Path, count: int) -> Path:
    """A Matroska file with ``count`` short audio streams."""
    with av.open(str(file), "w", format="matroska") as container:
        streams = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(count)]
        for stream in streams:
            frame = AudioFrame.from_ndarray(tone(16_000, 0.1)[np.newaxis], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return file


def write_bomb(file: Path, hours: float) -> Path:
    """Silence as FLAC with the longest frames: an hour in 14 kB."""
    with av.open(str(file), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono", options={"frame_size": "65535"})
        stream.codec_context.open()
        block = stream.codec_context.frame_size
        frame = AudioFrame.from_ndarray(np.zeros((1, block), np.int16), format="s16", layout="mono")
        frame.sample_rate = 16_000
        for begin in range(0, int(hours * 3600 * 16_000), block):
            frame.pts = begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file


def id3_tag(cover_bytes: int) -> bytes:
    """An ID3v2.3 tag with a cover picture of that many bytes."""
    picture = b"\x00image/png\x00\x03\x00" + b"\x89PNG\r\n\x1a\n" + bytes(cover_bytes)
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\x00\x00" + picture
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frame


def repeat_flac(source: Path, target: Path, times: int) -> Path:
    """The frames of a FLAC file over and over: hours more, without encoding them."""
    body = source.read_bytes()
    frames = body.index(b"\xff\xf8", 42)
    target.write_bytes(body[:frames] + body[frames:] * times)
    return target


def repeat_pages(source: Path, target: Path, times: int) -> Path:
    """The pages of an Ogg file behind its two header pages over and over."""
    body = source.read_bytes()
    sound = body.index(b"OggS", body.index(b"OpusTags"))
    target.write_bytes(body[:sound] + body[sound:] * times)
    return target
