"""Errors whose message is all that a user needs; bad input names what, where, expected, found, and the mend."""

from __future__ import annotations


class StudyError(Exception):
    """Something went wrong that the message explains; the command line shows it without a traceback."""


class InputError(StudyError, ValueError):
    """Something a user gave (a folder, a file, a table, a setting) is not what it must be.

    Parameters
    ----------
    what : the fault in a few words
    where : the file, column or setting concerned
    expected, found : what should have been there, and what was
    mend : what the user can do about it

    Examples
    --------
    >>> print(InputError("wrong sampling rate", where="00001_lr.hea", expected="100 Hz",
    ...                  found="500 Hz", mend="give the 100 Hz records"))
    wrong sampling rate
      where:    00001_lr.hea
      expected: 100 Hz
      found:    500 Hz
      mend:     give the 100 Hz records
    """

    def __init__(self, what: str, *, where: object, expected: object, found: object, mend: str):
        self.what, self.where, self.expected, self.found, self.mend = what, where, expected, found, mend
        super().__init__(what)

    def __str__(self) -> str:
        rows = ("where", "expected", "found", "mend")
        return "\n".join([self.what, *(f"  {row + ':':<9} {getattr(self, row)}" for row in rows)])

    def __reduce__(self):
        # keyword-only arguments need this to cross process boundaries (joblib workers raise it)
        keywords = {k: getattr(self, k) for k in ("where", "expected", "found", "mend")}
        return _rebuild, (self.what, keywords)


def _rebuild(what: str, keywords: dict) -> InputError:
    return InputError(what, **keywords)
