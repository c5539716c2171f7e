"""Trains the classifier of sentences: low-rank adapters of the sentence encoder, and a layer on it.

    python training/indicators/train_classifier.py

Half an hour on two cores. Writes ``anonymize/text/indicators/classifier.safetensors``; needs
``requirements.txt`` beside this file installed over the project.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from labelled import rows_of
from safetensors.numpy import save_file
from torch import nn
from transformers import AutoModel, AutoTokenizer

from anonymize.text.indicators.classifier import CODES
from anonymize.text.indicators.encoder import MAX_TOKENS, encoder_path
from tributary.county.narratives import sample

TARGET = Path(__file__).parents[2] / "anonymize/text/indicators/classifier.safetensors"
#: Grammars that may be trained on; of each so many sentences that they do not outweigh the others.
GRAMMARS, OF_EACH = ("train", "tune", "check"), 2_000
RANK, SCALE, DROPOUT = 16, 16, 0.1
EPOCHS, BATCH, RATE, WARMING = 5, 32, 1e-3, 100
SEED = 1
#: The mean of a sentence's token vectors is small beside their maximum.
_MEAN = 3

Labelled = list[tuple[str, set[str]]]


class Adapted(nn.Module):
    """A linear layer of the encoder with its adapter (LoRA, Hu et al. 2022)."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.A = nn.Parameter(torch.randn(RANK, base.in_features) * 0.02)
        self.B = nn.Parameter(torch.zeros(base.out_features, RANK))
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return self.base(states) + SCALE / RANK * (self.drop(states) @ self.A.T @ self.B.T)


class Classifier(nn.Module):
    """The encoder, frozen but for its adapters, and a layer on the mean and maximum it gives."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(encoder_path())
        self.encoder.requires_grad_(False)
        for layer in self.encoder.encoder.layer:
            attention = layer.attention
            for owner, name in (
                (attention.self, "query"), (attention.self, "key"), (attention.self, "value"),
                (attention.output, "dense"), (layer.intermediate, "dense"), (layer.output, "dense"),
            ):  # fmt: skip
                setattr(owner, name, Adapted(getattr(owner, name)))
        self.head = nn.Linear(2 * self.encoder.config.hidden_size, len(CODES))
        nn.init.zeros_(self.head.weight)
        nn.init.constant_(self.head.bias, -3.0)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        read = mask[..., None].bool()
        mean = (states * read).sum(1) / read.sum(1)
        most = states.masked_fill(~read, -9).max(1).values
        return self.head(self.drop(torch.cat([_MEAN * mean, most], 1)))


def hand_written() -> Labelled:
    """Sentences by five authors, a file each."""
    return [(row["text"], set(row["says"])) for row in rows_of("sentences")]


def generated(grammar: str) -> Labelled:
    """Distinct sentences of a grammar."""
    found: dict[str, set[str]] = {}
    for one in sample(2_500, 1, grammar):
        for start, end, says in one.sentences:
            if text := one.text[start:end].strip():
                found.setdefault(text, set()).update(said.code for said in says)
    rows = list(found.items())
    random.Random(0).shuffle(rows)
    return rows[:OF_EACH]


def batches(
    texts: Sequence[str], chosen: random.Random
) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
    """Indexes, ids and masks of sentences of about the same length, in random order."""
    tokens = AutoTokenizer.from_pretrained(encoder_path())
    ids = tokens(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
    order = sorted(range(len(ids)), key=lambda at: len(ids[at]) + 6 * chosen.random())
    cut = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    chosen.shuffle(cut)
    for part in cut:
        rows = [torch.tensor(ids[at]) for at in part]
        padded = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        size = torch.tensor([len(row) for row in rows])
        yield part, padded, torch.arange(padded.shape[1])[None] < size[:, None]


def trained(rows: Labelled) -> Classifier:
    torch.manual_seed(SEED)
    chosen = random.Random(SEED)
    net = Classifier()
    truth = torch.tensor([[float(code in says) for code in CODES] for _, says in rows])
    learnt = [one for one in net.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=RATE, weight_decay=0.01)
    steps = EPOCHS * math.ceil(len(rows) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1, step / WARMING) * max(0, 1 - step / steps)
    )
    for epoch in range(EPOCHS):
        net.train()
        total = 0.0
        for part, ids, mask in batches([text for text, _ in rows], chosen):
            loss = nn.functional.binary_cross_entropy_with_logits(
                net(ids, mask), truth[part], reduction="sum"
            ) / len(part)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learnt, 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(part)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / len(rows):.3f}", flush=True)
    return net


def exported(net: Classifier) -> dict[str, np.ndarray]:
    """What is learnt, as ``encoder`` and ``classifier`` read it: scales multiplied in, halves."""
    made = {}
    for name, value in net.named_parameters():
        if value.requires_grad:
            part = value.detach().numpy().copy()
            name = name.removeprefix("encoder.")
            if name.endswith(".B"):
                part *= SCALE / RANK
            if name == "head.weight":
                part[:, : part.shape[1] // 2] *= _MEAN
            made[name] = part.astype(np.float16)
    return made


if __name__ == "__main__":
    rows = hand_written() + [row for name in GRAMMARS for row in generated(name)]
    print(f"{len(rows)} sentences")
    save_file(exported(trained(rows)), TARGET)
