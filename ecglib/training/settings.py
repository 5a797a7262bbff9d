"""How a network is trained: one validated, immutable settings object per model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ecglib.data.folds import TEST_FOLD, Folds, folds_for
from ecglib.networks.architectures import COMPACT_NETWORK, KERAS_NETWORK, NETWORKS, CompactShape
from ecgpredict.spec import LEADS, N_SAMPLES

SHORTEST_CROP = 160  # samples; a shorter one leaves nothing for the base CNN's last pooling
_TORCH_ONLY = (
    "init_from",
    "pruning",
    "teachers",
    "bn_records",
    "crop",
    "windows",
    "mixup",
    "same_crop",
    "statements_weight",
    "shape",
    "leads",
    "noise_snr_db",
    "lead_dropout",
    "max_stretch",
    "average",
)


SignalToNoise = Annotated[float, Field(ge=-20, le=60)]  # dB


class TrainingSettings(BaseModel):
    """How a network is trained. Times are in samples of 10 ms, amplitudes in the normalized unit.

    Attributes
    ----------
    network : architecture, one of :data:`ecglib.networks.architectures.NETWORKS`
    shape : of a compact network; None for the others
    padding : whether the stages of a compact network keep the length of their input; without padding, the columns of a
        window are those of a stream
    epochs, batch_size, patience : maximum passes over the training records; records per step; passes without a better
        validation AUC after which training stops
    init_from : model whose weights training starts from; None for random ones
    pruning : what is removed from the initial weights: the smallest weights of all layers together, which then stay
        zero ("magnitude"), or whole channels ("channels")
    amount : fraction of weights or channels removed
    loss : "binary_cross_entropy"; "double_sigmoid": the same over probabilities passed as logits; or
        "untrained_teacher": the original study's distillation, from a base CNN with random weights
    teachers : models to distill from, each with all its seeds
    temperature, label_weight : of the distillation (:func:`ecglib.training.distillation.loss`)
    optimizer : "adamw", or "adam" without weight decay
    schedule : "one_cycle" (Smith 2018), or "late_decay": constant, then times exp(-0.1) per epoch
    learning_rate, weight_decay : the schedule's peak, and AdamW's decay
    decay_from : epoch, counted from 0, from which "late_decay" decays
    clip_norm : largest norm of each variable's gradient (Keras) or of all together (torch); None for no limit
    dropout : fraction dropped; None keeps the network's own
    checkpoint : which weights are kept: "best" on the validation records, or "last"
    bn_records : number of training records on which the batch normalization statistics are recalibrated without dropout
        after training; 0 keeps the statistics from training
    normalize : whether records are scaled to mean 0 and SD 1, or stay in mV
    crop : length of the random crop of a record in each pass; None for the whole record
    windows : whether a record's probability is the mean over windows of the crop's length, each half a crop after the
        one before, instead of that of the whole record
    mixup : parameter of the beta distribution from which the weights of a mixture of two records and of their targets
        are drawn (Zhang et al. 2018); 0 for none
    same_crop : whether the teachers score the crop that the student sees, instead of the whole record
    statements_weight : weight of the loss of an additional linear layer, dropped after training, that predicts all of
        PTB-XL's statements
    max_shift : largest random shift in time
    gain_sd : SD of the logarithm of a random gain
    max_noise_sd : largest SD of white noise, chosen at random for each record
    noise_snr_db : lowest and highest signal-to-noise ratio of baseline wander and muscle noise, random for each
        record (:mod:`ecglib.training.damage`); None for no such noise
    lead_dropout : probability with which each of three groups of leads (limb, V1-V3, V4-V6) is flat
    max_stretch : largest relative change of a record's time scale, by linear interpolation; only with crop; teachers
        score the unchanged one
    average : decay per batch of a moving average of the weights, which is validated and kept in their place; 0 for none
    split : "folds": PTB-XL's; "random": the original's random fifth of all records set aside, then the
        last of five random folds for validation, patients on both sides
    test_fold : PTB-XL's fold that tests; the one before it validates, and the other eight train
    tasks : "superclasses", or "all": the network has an output for each superclass, statement and subclass, and learns
        from the records without a superclass as well
    leads : those that a compact network sees; its teachers see all twelve
    shifted_labels : whether, as in the original's notebooks, the row after each unlabeled record loses its signal
        instead of the unlabeled record, so that a signal carries its neighbor's labels
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    network: Literal[NETWORKS]
    epochs: int = Field(gt=0)
    shape: CompactShape | None = None
    padding: bool = True
    init_from: str | None = None
    pruning: Literal["magnitude", "channels"] | None = None
    amount: float = Field(0.0, ge=0, lt=1)
    loss: Literal["binary_cross_entropy", "double_sigmoid", "untrained_teacher"] = "binary_cross_entropy"
    teachers: tuple[str, ...] = Field((), strict=False)
    temperature: float = Field(1.0, gt=0)
    label_weight: float = Field(0.5, ge=0, le=1)
    batch_size: int = Field(128, gt=0)
    patience: int = Field(5, gt=0)
    optimizer: Literal["adamw", "adam"] = "adamw"
    schedule: Literal["one_cycle", "late_decay"] = "one_cycle"
    learning_rate: float = Field(3e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    decay_from: int = Field(0, ge=0)
    clip_norm: float | None = Field(None, gt=0)
    dropout: float | None = Field(None, ge=0, lt=1)
    checkpoint: Literal["best", "last"] = "best"
    bn_records: int = Field(0, ge=0)
    normalize: bool = True
    crop: int | None = Field(None, ge=SHORTEST_CROP, le=N_SAMPLES)
    windows: bool = False
    mixup: float = Field(0.0, ge=0)
    same_crop: bool = False
    statements_weight: float = Field(0.0, ge=0)
    max_shift: int = Field(0, ge=0, lt=N_SAMPLES)
    gain_sd: float = Field(0.0, ge=0)
    max_noise_sd: float = Field(0.0, ge=0)
    noise_snr_db: tuple[SignalToNoise, SignalToNoise] | None = Field(None, strict=False)
    lead_dropout: float = Field(0.0, ge=0, lt=1)
    max_stretch: float = Field(0.0, ge=0, le=0.25)
    average: float = Field(0.0, ge=0, lt=1)
    split: Literal["folds", "random"] = "folds"
    shifted_labels: bool = False
    tasks: Literal["superclasses", "all"] = "superclasses"
    leads: tuple[Literal[LEADS], ...] = Field(LEADS, min_length=1, strict=False)
    test_fold: int = Field(TEST_FOLD, ge=1, le=10)

    @property
    def folds(self) -> Folds:
        """The folds that train, validate and test."""
        return folds_for(self.test_fold)

    @model_validator(mode="after")
    def _no_setting_is_ignored(self) -> TrainingSettings:
        given = {
            name for name in type(self).model_fields if getattr(self, name) != type(self).model_fields[name].default
        }
        if self.network == KERAS_NETWORK:
            unused = given & {*_TORCH_ONLY, "split", "shifted_labels", "tasks"}
            unused |= {"loss"} if self.loss != "binary_cross_entropy" else set()
            if unused:
                raise ValueError(f"{', '.join(sorted(unused))}: not available for {KERAS_NETWORK}")
        if (self.network == COMPACT_NETWORK) != (self.shape is not None):
            raise ValueError(f"shape: expected for {COMPACT_NETWORK}, and for no other network")
        if self.network != COMPACT_NETWORK and given & {"padding", "leads"}:
            raise ValueError(f"padding, leads: expected only for {COMPACT_NETWORK}")
        if self.lead_dropout and self.leads != LEADS:
            raise ValueError("lead_dropout: expected only with all leads")
        if not self.crop and given & {"windows", "same_crop"}:
            raise ValueError("windows, same_crop: expected only with crop")
        if self.windows and self.bn_records:
            raise ValueError("bn_records: the batch normalization is recalibrated on whole records, not on windows")
        if (self.amount > 0) != (self.pruning is not None):
            raise ValueError("amount and pruning: expected both or neither")
        if self.pruning and not self.init_from:
            raise ValueError("init_from: expected the model to prune")
        if not self.teachers and given & {"temperature", "label_weight", "same_crop"}:
            raise ValueError("temperature, label_weight, same_crop: expected only with teachers")
        if self.teachers and self.loss != "binary_cross_entropy":
            raise ValueError("loss: expected binary_cross_entropy with teachers")
        if self.schedule != "late_decay" and "decay_from" in given:
            raise ValueError("decay_from: expected only with schedule late_decay")
        if self.noise_snr_db and self.noise_snr_db[0] > self.noise_snr_db[1]:
            raise ValueError("noise_snr_db: expected the lowest ratio first")
        if self.max_stretch and not self.crop:
            raise ValueError("max_stretch: expected only with crop, which leaves samples to stretch")
        if self.split == "folds" and self.shifted_labels:
            raise ValueError("shifted_labels: expected only with split random")
        if self.test_fold != TEST_FOLD and given & {"split", "init_from", "teachers", "statements_weight"}:
            raise ValueError("test_fold: expected only with labels and random weights, which have not seen that fold")
        return self
