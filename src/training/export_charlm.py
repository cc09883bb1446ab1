#!/usr/bin/python3
"""Turns a checkpoint of `train_charlm.py` into a float32 `.rnn` model with golden vectors.

    /usr/bin/python3 export_charlm.py charlm.pt charlm.rnn

Input `token` (int32 scalar), output `logits` (one a character of the metadata's `vocabulary`). After writing, the file is read
back and run by a few lines of NumPy that share nothing with PyTorch; logits that differ are an error.
"""
import argparse

import numpy as np
import torch

import rnnfile
from train_charlm import CharLm

SENTENCE = "KING:\nO, what a day!\nAy."
TOLERANCE = 1e-5


def expected_logits(checkpoint, tokens):
    """PyTorch in float64 from the float32 weights; the two biases of a layer are added in float32 first, as the file holds them."""
    arguments = checkpoint["arguments"]
    model = CharLm(len(checkpoint["vocabulary"]), arguments["embedding"], arguments["hidden"], arguments["layers"], 0.0).eval()
    parameters = dict(checkpoint["state_dict"])
    for layer in range(arguments["layers"]):
        parameters[f"lstm.bias_ih_l{layer}"] = parameters[f"lstm.bias_ih_l{layer}"] + parameters[f"lstm.bias_hh_l{layer}"]
        parameters[f"lstm.bias_hh_l{layer}"] = torch.zeros_like(parameters[f"lstm.bias_hh_l{layer}"])
    model.load_state_dict(parameters)
    batch = torch.from_numpy(tokens.astype(np.int64))[None]
    single = model(batch)[0][0].numpy()
    logits = model.double()(batch)[0][0].numpy()
    print(f"PyTorch float32 differs from float64 by at most {np.abs(single - logits).max():.1e}")
    return logits.astype(np.float32)


def build(checkpoint, tokens, logits):
    parameters = {name: value.float().numpy() for name, value in checkpoint["state_dict"].items()}
    arguments = checkpoint["arguments"]
    graph = rnnfile.Graph()
    x = graph.embedding(graph.input("token", [], "int32"), parameters["embedding.weight"], name="embedding")
    for layer in range(arguments["layers"]):
        bias = parameters[f"lstm.bias_ih_l{layer}"] + parameters[f"lstm.bias_hh_l{layer}"]
        x, _ = graph.lstm(x, parameters[f"lstm.weight_ih_l{layer}"], parameters[f"lstm.weight_hh_l{layer}"], bias, name=f"lstm{layer + 1}")
    graph.output("logits", graph.linear(x, parameters["output.weight"], parameters["output.bias"], name="output"))
    graph.metadata("title", "Tiny Shakespeare, character by character")
    graph.metadata("task", "character language model")
    graph.metadata("vocabulary", checkpoint["vocabulary"])
    graph.metadata("held_back_nats", f"{checkpoint['held_back_nats']:.4f}")
    graph.metadata("trained_on", "the first 90 % of tinyshakespeare.txt (Shakespeare's plays, public domain; karpathy/char-rnn); the last 10 % is held back")
    graph.metadata("trained_with", f"train_charlm.py, {checkpoint['epoch']} epochs, PyTorch {torch.__version__}")
    graph.metadata("license", "MIT")
    graph.metadata("golden_source", f"PyTorch {torch.__version__}, float64 from the float32 weights, rounded to float32")
    graph.golden({"token": tokens}, {"logits": logits})
    return graph


def run_file(path, tokens):
    """Runs a language model file in NumPy float64, knowing only what FORMAT.md says."""
    _, graph, tensors = rnnfile.read(path)
    states = {state["input"]: np.zeros(state["shape"]) for state in graph["states"]}
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    outputs = []
    for token in tokens:
        values = {graph["inputs"][0]["name"]: token, **states}
        for node in graph["nodes"]:
            inputs = {role: values[name] for role, name in node["inputs"].items()}
            weights = {role: tensors[name].astype(np.float64) for role, name in node["tensors"].items()}
            if node["op"] == "embedding":
                results = {"output": weights["table"][inputs["indices"]]}
            elif node["op"] == "lstm":
                sums = weights["input_weights"] @ inputs["input"] + weights["recurrent_weights"] @ inputs["hidden"] + weights["bias"]
                i, f, g, o = np.split(sums, 4)
                cell = sigmoid(f) * inputs["cell"] + sigmoid(i) * np.tanh(g)
                results = {"hidden": sigmoid(o) * np.tanh(cell), "cell": cell}
            elif node["op"] == "linear":
                results = {"output": weights["weights"] @ inputs["input"] + weights["bias"]}
            else:
                raise ValueError(f"unexpected operator '{node['op']}'")
            values.update({name: results[role] for role, name in node["outputs"].items()})
        states = {state["input"]: values[state["output"]] for state in graph["states"]}
        outputs.append(values[graph["outputs"][0]["value"]])
    return np.stack(outputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    checkpoint = torch.load(arguments.checkpoint, map_location="cpu")
    index = {character: i for i, character in enumerate(checkpoint["vocabulary"])}
    tokens = np.array([index[character] for character in SENTENCE], np.int32)
    logits = expected_logits(checkpoint, tokens)
    build(checkpoint, tokens, logits).save(arguments.out)
    difference = np.abs(run_file(arguments.out, tokens) - logits).max()
    if not difference < TOLERANCE:
        raise SystemExit(f"{arguments.out}: logits of the file differ from PyTorch's by {difference:.1e}, more than {TOLERANCE:.0e}")
    print(f"{arguments.out}: {checkpoint['held_back_nats']:.4f} nats after {checkpoint['epoch']} epochs; NumPy from the file differs by at most {difference:.1e}")


if __name__ == "__main__":
    main()
