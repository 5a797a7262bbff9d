"""Recordings of any origin, converted to what the models take: twelve leads in mV at 100 Hz, in windows of 10 s.

Input: a file in one of the formats below, with any usual sampling rate, unit, lead order and lead names. Output: its
windows, and warnings about its quality. Nothing is guessed: the caller has to give what a file does not state.

Each format has a module with one function, path -> :class:`RawRecording`; `reading.READERS` lists them.
"""

from ecgpredict.recordings.folders import walk
from ecgpredict.recordings.quality import quality_warnings
from ecgpredict.recordings.raw import RawRecording, Recording
from ecgpredict.recordings.reading import FILE_SUFFIXES, read
from ecgpredict.recordings.resampling import windows

__all__ = ["FILE_SUFFIXES", "RawRecording", "Recording", "quality_warnings", "read", "walk", "windows"]
