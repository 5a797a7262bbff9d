"""Errors whose message is all that a user needs: the problem, where it is, what was expected and found, and a hint."""


class StudyError(Exception):
    """A failure that its message explains; the command line and Jupyter show it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback."""
        return [str(self)]


class InputError(StudyError, ValueError):
    """Invalid user input: a folder, file, table or setting.

    Parameters
    ----------
    problem : what is wrong, in a few words
    where : the file, column or setting concerned
    expected, found : what should have been there, and what was
    hint : how the user can fix it

    Examples
    --------
    >>> print(InputError("wrong sampling rate", where="00001_lr.hea", expected="100 Hz",
    ...                  found="500 Hz", hint="give the 100 Hz records"))
    wrong sampling rate
      where:    00001_lr.hea
      expected: 100 Hz
      found:    500 Hz
      hint:     give the 100 Hz records
    """

    def __init__(self, problem: str, *, where: object, expected: object, found: object, hint: str):
        self.problem, self.where, self.expected, self.found, self.hint = problem, where, expected, found, hint
        super().__init__(problem)

    def __str__(self) -> str:
        rows = ("where", "expected", "found", "hint")
        return "\n".join([self.problem, *(f"  {row + ':':<9} {getattr(self, row)}" for row in rows)])

    def __reduce__(self):
        # keyword-only arguments need this to cross process boundaries (joblib workers raise it)
        keywords = {k: getattr(self, k) for k in ("where", "expected", "found", "hint")}
        return _rebuild, (self.problem, keywords)


def _rebuild(problem: str, keywords: dict) -> InputError:
    return InputError(problem, **keywords)


def printable(text: object) -> str:
    """Text that any terminal can show: control characters and bytes that are not UTF-8 are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def one_line(error: str) -> str:
    """An error without line breaks."""
    return printable("; ".join(line.strip() for line in error.splitlines()))
