"""The student that the deployment chapter releases and classifies with."""

from ecglib.study.analyses import deployment
from ecglib.study.measuring import int8_file
from ecgpredict import released


def test_the_released_student_is_classified_with_even_if_another_model_is_the_default(
    study, quantized, tmp_path, monkeypatch
):
    monkeypatch.setattr(type(study.paths), "released", tmp_path)
    calibrated = deployment.calibrate(study, quantized[released.DEFAULT].scores)
    run, fitted = study.run("student_distilled"), calibrated.calibration
    file = int8_file(study, released.DEFAULT, run)
    released.write(tmp_path, "compact_512_onnx", file, run.normalization, fitted.temperature, fitted.thresholds)
    released.set_default(tmp_path, "compact_512_onnx")
    assert deployment.release(study, calibrated).name == released.DEFAULT
