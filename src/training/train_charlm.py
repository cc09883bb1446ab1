#!/usr/bin/python3
"""Trains the character-level LSTM language model that ships with `rnn`.

    /usr/bin/python3 train_charlm.py --text tinyshakespeare.txt --out charlm.pt

The first 90 % of the text trains, the last 10 % is held back; the held-back cross-entropy is measured as the
runtime measures it: one pass over the whole held-back text with the state carried. Needs Debian's python3-torch
(with libopenblas0-pthread it is several times faster). `export_charlm.py` turns the result into a `.rnn` file.
"""
import argparse
import math
import time

import torch
from torch import nn


class CharLm(nn.Module):
    def __init__(self, vocabulary, embedding, hidden, layers, dropout):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden, layers, batch_first=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, tokens, state=None):
        hidden, state = self.lstm(self.embedding(tokens), state)
        return self.output(self.dropout(hidden)), state


def held_back_cross_entropy(model, tokens):
    """Nats a character over `tokens` as one stream, the state carried throughout."""
    model.eval()
    total, state = 0.0, None
    with torch.no_grad():
        for start in range(0, len(tokens) - 1, 2000):
            chunk = tokens[start:start + 2001]
            logits, state = model(chunk[None, :-1], state)
            total += nn.functional.cross_entropy(logits[0], chunk[1:], reduction="sum").item()
    model.train()
    return total / (len(tokens) - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--embedding", type=int, default=64)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--steps", type=int, default=100, help="time steps of one truncated back-propagation")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(arguments.seed)
    text = open(arguments.text, encoding="utf-8").read()
    vocabulary = "".join(sorted(set(text)))
    index = {character: i for i, character in enumerate(vocabulary)}
    tokens = torch.tensor([index[character] for character in text])
    split = len(tokens) * 9 // 10
    train, held_back = tokens[:split], tokens[split:]

    model = CharLm(len(vocabulary), arguments.embedding, arguments.hidden, arguments.layers, arguments.dropout)
    optimizer = torch.optim.AdamW(model.parameters(), lr=arguments.rate, weight_decay=1e-2)
    chunks = (len(train) - 1) // arguments.batch // arguments.steps - 1
    total_steps, step, began = chunks * arguments.epochs, 0, time.time()
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {chunks} updates an epoch", flush=True)

    for epoch in range(arguments.epochs):
        # Another offset each epoch, so that chunk borders and stream borders fall elsewhere.
        offset = int(torch.randint(0, arguments.steps, ()))
        columns = (len(train) - 1 - offset) // arguments.batch
        x = train[offset:offset + arguments.batch * columns].view(arguments.batch, columns)
        y = train[offset + 1:offset + 1 + arguments.batch * columns].view(arguments.batch, columns)
        state, running = None, 0.0
        for chunk in range(chunks):
            warm_up = min(1.0, (step + 1) / 200)
            decay = 0.5 * (1 + math.cos(math.pi * step / total_steps))
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * warm_up * (0.01 + 0.99 * decay)
            columns_now = slice(chunk * arguments.steps, (chunk + 1) * arguments.steps)
            logits, state = model(x[:, columns_now], state)
            state = tuple(s.detach() for s in state)
            loss = nn.functional.cross_entropy(logits.reshape(-1, len(vocabulary)), y[:, columns_now].reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            running += loss.item()
            step += 1
            if step % 20 == 0:
                print(f"epoch {epoch + 1} update {chunk + 1}/{chunks} loss {running / (chunk + 1):.4f} {time.time() - began:.0f} s", flush=True)
        loss = held_back_cross_entropy(model, held_back)
        print(f"epoch {epoch + 1}: train {running / chunks:.4f}, held back {loss:.4f} nats, {time.time() - began:.0f} s", flush=True)
        torch.save({"state_dict": model.state_dict(), "vocabulary": vocabulary, "arguments": vars(arguments),
                    "held_back_nats": loss, "epoch": epoch + 1}, arguments.out)


if __name__ == "__main__":
    main()
