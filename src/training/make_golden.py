#!/usr/bin/python3
"""Makes the golden vectors of the tests: small models whose expected outputs PyTorch computes.

    /usr/bin/python3 make_golden.py ../../tests/golden

Every case is one `.rnn` file: a graph, its float32 weights, a float32 input of some time steps and the outputs that PyTorch
computes from them in float64, rounded to float32. The layers are PyTorch's own (`nn.LSTM`, `nn.GRU`, `nn.RNN`, `nn.Conv1d`, ...).
PyTorch has no GRU that resets before the product and no RNN without an activation: those two are written here from
its primitive operations, and the same code with the other rule is compared with `nn.GRU` and `nn.RNN` on every run.
The files depend on the seed and the case's name only.
"""
import argparse
import pathlib
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import rnnfile

SEED = 20250101
STEPS = 12

# (features, hidden), layers, bias. The large sizes are few: the files are committed.
CELL_CASES = (
    [(size, layers, bias) for size in ((1, 1), (3, 5), (8, 16)) for layers in (1, 2) for bias in (True, False)]
    + [((20, 33), 1, True), ((20, 33), 2, True), ((40, 64), 1, True)])


class Case:
    """One file: the graph under construction and the random numbers of this name."""

    def __init__(self, name, steps=STEPS):
        self.name, self.steps = name, steps
        self.random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
        self.graph = rnnfile.Graph()
        self.graph.metadata("title", f"golden vectors: {name}")
        self.graph.metadata("golden_source", f"PyTorch {torch.__version__.split('+')[0]}, float64, rounded to float32")
        self.inputs, self.outputs = {}, {}

    def uniform(self, bound, *shape):
        return self.random.uniform(-bound, bound, shape).astype(np.float32)

    def input(self, name, *shape, values=None):
        """A graph input and its golden values, as (value, float64 tensor [steps, shape...])."""
        if values is None:
            values = self.random.standard_normal((self.steps, *shape))
        self.inputs[name] = np.asarray(values, np.float32).reshape(self.steps, *shape)
        return self.graph.input(name, shape), double(self.inputs[name])

    def indices(self, name, count, *shape):
        self.inputs[name] = self.random.integers(0, count, (self.steps, *shape)).astype(np.int32)
        self.inputs[name].flat[0], self.inputs[name].flat[-1] = 0, count - 1
        return self.graph.input(name, shape, "int32"), torch.from_numpy(self.inputs[name].astype(np.int64))

    def output(self, name, value, expected):
        self.graph.output(name, value)
        self.outputs[name] = expected.detach().numpy().astype(np.float32)

    def save(self, folder):
        for name, values in [*self.inputs.items(), *self.outputs.items()]:
            assert len(values) == self.steps and np.isfinite(values).all(), (self.name, name)
        self.graph.golden(self.inputs, self.outputs)
        self.graph.save(folder / f"{self.name}.rnn")


def double(array):
    return torch.from_numpy(np.asarray(array).astype(np.float64))


def set_parameters(module, **arrays):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(double(arrays.pop(name)))
    assert not arrays, f"not a parameter: {list(arrays)}"
    return module


def cell_weights(case, gates, features, hidden, biases, bound):
    """Weights as both sides take them: W [gates*H, F], U [gates*H, H] and the wanted number of bias vectors."""
    return (case.uniform(bound, gates * hidden, features), case.uniform(bound, gates * hidden, hidden),
            *(case.uniform(bound, gates * hidden) for _ in range(biases)))


# ---- recurrent cells

def lstm_layer(case, x, expected, features, hidden, bias, name):
    w, u, *b = cell_weights(case, 4, features, hidden, int(bias), 2 / hidden ** 0.5)
    # One bias in the file; PyTorch adds two, so its second one is zero.
    biases = dict(bias_ih_l0=b[0], bias_hh_l0=np.zeros_like(b[0])) if bias else {}
    module = set_parameters(nn.LSTM(features, hidden, bias=bias).double(), weight_ih_l0=w, weight_hh_l0=u, **biases)
    hiddens, cells, state = [], [], None
    for step in expected:
        _, state = module(step[None], state)
        hiddens.append(state[0][0])
        cells.append(state[1][0])
    hiddens = torch.stack(hiddens)
    assert torch.allclose(hiddens, module(expected)[0], rtol=0, atol=1e-14)
    h, c = case.graph.lstm(x, w, u, b[0] if bias else None, name=name)
    return h, hiddens, c, torch.stack(cells)


def gru_reference(x, w, u, bw, bu, reset_after):
    """h' = (1-z)*n + z*h from primitive operations; gates r, z, n."""
    hidden = u.shape[1]
    h, outputs = torch.zeros(hidden, dtype=torch.float64), []
    for step in x:
        wr, wz, wn = (w @ step + bw).split(hidden)
        ur, uz, un = (u @ h + bu).split(hidden)
        r, z = torch.sigmoid(wr + ur), torch.sigmoid(wz + uz)
        if not reset_after:
            un = u[2 * hidden:] @ (r * h) + bu[2 * hidden:]
        n = torch.tanh(wn + r * un if reset_after else wn + un)
        h = (1 - z) * n + z * h
        outputs.append(h)
    return torch.stack(outputs)


def gru_layer(case, x, expected, features, hidden, bias, name, reset_after):
    w, u, *b = cell_weights(case, 3, features, hidden, 2 if bias else 0, 2 / hidden ** 0.5)
    module = set_parameters(nn.GRU(features, hidden, bias=bias).double(), weight_ih_l0=w, weight_hh_l0=u,
                            **(dict(bias_ih_l0=b[0], bias_hh_l0=b[1]) if bias else {}))
    bw, bu = b if bias else [np.zeros(3 * hidden, np.float32)] * 2
    outputs = module(expected)[0]
    arrays = [double(a) for a in (w, u, bw, bu)]
    assert torch.allclose(outputs, gru_reference(expected, *arrays, reset_after=True), rtol=0, atol=1e-13)
    if not reset_after:
        outputs = gru_reference(expected, *arrays, reset_after=False)
    return case.graph.gru(x, w, u, *(b if bias else (None, None)), reset_after=reset_after, name=name), outputs


def rnn_reference(x, w, u, b, function):
    h, outputs = torch.zeros(u.shape[1], dtype=torch.float64), []
    for step in x:
        h = function(w @ step + b + u @ h)
        outputs.append(h)
    return torch.stack(outputs)


def rnn_layer(case, x, expected, features, hidden, bias, name, activation):
    # A smaller bound than the gated cells': nothing limits a relu or identity state.
    w, u, *b = cell_weights(case, 1, features, hidden, int(bias), 1 / hidden ** 0.5)
    biases = dict(bias_ih_l0=b[0], bias_hh_l0=np.zeros_like(b[0])) if bias else {}
    module = nn.RNN(features, hidden, bias=bias, nonlinearity="tanh" if activation == "identity" else activation).double()
    outputs = set_parameters(module, weight_ih_l0=w, weight_hh_l0=u, **biases)(expected)[0]
    arrays = [double(a) for a in (w, u, b[0] if bias else np.zeros(hidden, np.float32))]
    function = torch.relu if activation == "relu" else torch.tanh
    assert torch.allclose(outputs, rnn_reference(expected, *arrays, function), rtol=0, atol=1e-13)
    if activation == "identity":
        outputs = rnn_reference(expected, *arrays, lambda sum: sum)
    return case.graph.rnn(x, w, u, b[0] if bias else None, activation=activation, name=name), outputs


CELLS = {
    "lstm": lstm_layer,
    "gru-reset-after": lambda *a: gru_layer(*a, reset_after=True),
    "gru-reset-before": lambda *a: gru_layer(*a, reset_after=False),
    "rnn-tanh": lambda *a: rnn_layer(*a, activation="tanh"),
    "rnn-relu": lambda *a: rnn_layer(*a, activation="relu"),
    "rnn-identity": lambda *a: rnn_layer(*a, activation="identity"),
}


def cells():
    for cell, layer in CELLS.items():
        for (features, hidden), layers, bias in CELL_CASES:
            case = Case(f"{cell}-{features}x{hidden}-{layers}layer{'' if bias else '-nobias'}")
            x, expected = case.input("input", features)
            for index in range(layers):
                x, expected, *cell_state = layer(case, x, expected, features if index == 0 else hidden, hidden, bias, f"layer{index + 1}")
            case.output("output", x, expected)
            if cell_state:
                case.output("cell", *cell_state)
            yield case


# ---- the other layers

def linears():
    for columns, rows, bias in ((1, 1, True), (3, 5, False), (16, 9, True), (33, 20, True), (65, 17, False)):
        case = Case(f"linear-{columns}x{rows}{'' if bias else '-nobias'}")
        x, expected = case.input("input", columns)
        w, b = case.uniform(columns ** -0.5, rows, columns), case.uniform(1, rows) if bias else None
        module = set_parameters(nn.Linear(columns, rows, bias=bias).double(), weight=w, **(dict(bias=b) if bias else {}))
        case.output("output", case.graph.linear(x, w, b, name="linear"), module(expected))
        yield case


def embeddings():
    for count, size, shape in ((1, 1, ()), (7, 5, ()), (65, 16, ()), (11, 8, (3,))):
        case = Case(f"embedding-{count}x{size}" + ("-" + "x".join(map(str, shape)) if shape else ""))
        indices, values = case.indices("token", count, *shape)
        table = case.uniform(1, count, size)
        module = set_parameters(nn.Embedding(count, size).double(), weight=table)
        case.output("output", case.graph.embedding(indices, table, name="embedding"), module(values))
        yield case


def convolutions():
    for kernel in (1, 3, 5):
        for dilation in (1, 2, 4):
            for channels, filters, bias in ((1, 1, True), (3, 5, False), (8, 17, True)):
                case = Case(f"conv-{channels}x{filters}-kernel{kernel}-dilation{dilation}{'' if bias else '-nobias'}", steps=24)
                x, expected = case.input("input", channels)
                # The file holds [filters, kernel, channels], PyTorch [filters, channels, kernel]; both oldest tap first.
                w, b = case.uniform((kernel * channels) ** -0.5, filters, kernel, channels), case.uniform(1, filters) if bias else None
                module = set_parameters(nn.Conv1d(channels, filters, kernel, dilation=dilation, bias=bias).double(),
                                        weight=w.transpose(0, 2, 1), **(dict(bias=b) if bias else {}))
                padded = functional.pad(expected.T[None], ((kernel - 1) * dilation, 0))
                value = case.graph.causal_conv1d(x, w, b, dilation=dilation, name="convolution")
                case.output("output", value, module(padded)[0].T)
                yield case


def delays():
    for steps, shape in ((1, (1,)), (3, (5,)), (7, (2, 3)), (13, (2,))):
        case = Case(f"delay-{steps}-{'x'.join(map(str, shape))}", steps=24)
        x, expected = case.input("input", *shape)
        delayed = functional.pad(expected.reshape(case.steps, -1).T, (steps, 0))[:, :case.steps].T.reshape(expected.shape)
        case.output("output", case.graph.delay(x, steps, name="delay"), delayed)
        yield case


def softmaxes():
    for logarithm in (False, True):
        for shape, scale in (((1,), 1), ((5,), 1), ((65,), 3), ((3, 17), 1), ((8,), 60)):
            name = "log-softmax" if logarithm else "softmax"
            case = Case(f"{name}-{'x'.join(map(str, shape))}" + ("-wide" if scale > 10 else ""))
            x, expected = case.input("input", *shape, values=case.random.standard_normal((case.steps, *shape)) * scale)
            function = torch.log_softmax if logarithm else torch.softmax
            case.output("output", case.graph.softmax(x, logarithm=logarithm, name="softmax"), function(expected, -1))
            yield case


def elementwise():
    unary = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "exp": torch.exp, "negate": torch.neg,
             "abs": torch.abs, "identity": lambda x: x.clone()}
    # One row a step: the curve's middle, the steep part, saturation, both zeros, tiny and subnormal values.
    special = np.array([0.0, -0.0, 1e-40, -1e-40, 1e-20, -1e-20, 1e-4, -1e-4, 0.5, -0.5, 0.625, -0.625, 9, -9, 16.6, -16.6, 80, -80])
    for size in (1, 7, 33):
        case = Case(f"unary-{size}")
        values = case.random.standard_normal(case.steps * size) * case.random.choice([0.1, 1, 4], case.steps * size)
        count = min(len(special), len(values))
        values[:count] = special[:count]
        x, expected = case.input("input", size, values=values)
        for name, function in unary.items():
            outputs = function(expected)
            case.output(name, case.graph.unary(name, x, name=f"node_{name}"), outputs)
        yield case

    binary = {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div,
              "minimum": torch.minimum, "maximum": torch.maximum}
    for left, right in (((1,), (1,)), ((7,), (7,)), ((33,), ()), ((4, 9), (9,)), ((2, 3, 5), (3, 5))):
        case = Case(f"binary-{'x'.join(map(str, left))}-{'x'.join(map(str, right)) or 'scalar'}")
        x, a = case.input("left", *left)
        values = case.random.uniform(0.5, 2, (case.steps, *right)) * case.random.choice([-1, 1], (case.steps, *right))
        y, b = case.input("right", *right, values=values)
        b = b.reshape(case.steps, *([1] * (len(left) - len(right))), *right)
        for name, function in binary.items():
            case.output(name, case.graph.binary(name, x, y, name=f"node_{name}"), function(a, b))
        yield case

    alpha, beta = 0.25, 0.75
    functions = {
        "sqrt": torch.sqrt, "reciprocal": torch.reciprocal, "log": torch.log, "softplus": functional.softplus, "softsign": functional.softsign,
        "not": lambda t: (t == 0).double(), "round": torch.round}
    with_alpha = {
        "leaky_relu": lambda t: functional.leaky_relu(t, alpha), "elu": lambda t: functional.elu(t, alpha),
        "thresholded_relu": lambda t: functional.threshold(t, alpha, 0.0)}
    with_both = {
        "hard_sigmoid": lambda t: torch.clamp(alpha * t + beta, 0, 1), "scaled_tanh": lambda t: alpha * torch.tanh(beta * t),
        "affine": lambda t: alpha * t + beta}
    for size in (1, 7, 33):
        case = Case(f"unary-more-{size}")
        values = case.random.standard_normal((case.steps, size)) * 3
        values[0], values[1] = 0, -values[1]
        signed, of_signed = case.input("signed", size, values=values)
        positive, of_positive = case.input("positive", size, values=case.random.uniform(0.05, 4, (case.steps, size)))
        for table, parameters in ((functions, {}), (with_alpha, dict(alpha=alpha)), (with_both, dict(alpha=alpha, beta=beta))):
            for name, function in table.items():
                x, of_x = (positive, of_positive) if name in ("sqrt", "reciprocal", "log") else (signed, of_signed)
                case.output(name, case.graph.unary(name, x, name=f"node_{name}", **parameters), function(of_x))
        yield case

    case = Case("binary-more-9")
    left, of_left = case.input("left", 9, values=case.random.integers(-2, 3, (case.steps, 9)))
    right, of_right = case.input("right", 9, values=case.random.integers(-2, 3, (case.steps, 9)))
    base, of_base = case.input("base", 9, values=case.random.uniform(0.1, 3, (case.steps, 9)))
    for name, function in {
            "prelu": lambda a, b: torch.where(a >= 0, a, a * b), "equal": lambda a, b: (a == b).double(), "less": lambda a, b: (a < b).double(),
            "greater": lambda a, b: (a > b).double()}.items():
        case.output(name, case.graph.binary(name, left, right, name=f"node_{name}"), function(of_left, of_right))
    case.output("power", case.graph.binary("power", base, right, name="node_power"), torch.pow(of_base, of_right))
    yield case

    case = Case("binary-constant")
    x, expected = case.input("input", 2, 9)
    factor, shift = case.uniform(2, 9), case.uniform(2)
    scaled = case.graph.binary("multiply", x, case.graph.constant(factor, name="factor"), name="scaled")
    shifted = case.graph.binary("add", scaled, case.graph.constant(shift, name="shift"), name="shifted")
    case.output("output", shifted, expected * double(factor) + double(shift))
    yield case


# ---- whole networks

def networks():
    case = Case("feedback", steps=24)
    x, expected = case.input("input", 5)
    decay = case.random.uniform(0.5, 0.95, 5).astype(np.float32)
    initial = case.uniform(1, 5)
    previous = case.graph.state("level", (5,), initial=initial)
    level = case.graph.binary("add", case.graph.binary("multiply", previous, case.graph.constant(decay, name="decay"), name="decayed"), x, name="new_level")
    case.graph.next_state("level", level)
    levels, current = [], double(initial)
    for step in expected:
        current = current * double(decay) + step
        levels.append(current)
    case.output("output", level, torch.stack(levels))
    yield case

    case = Case("network-language", steps=24)
    token, values = case.indices("token", 20)
    table = case.uniform(1, 20, 6)
    x = case.graph.embedding(token, table, name="embedding")
    expected = functional.embedding(values, double(table))
    for index, hidden in enumerate((12, 9)):
        x, expected, _, _ = lstm_layer(case, x, expected, expected.shape[1], hidden, True, f"lstm{index + 1}")
    w, b = case.uniform(0.5, 20, 9), case.uniform(0.5, 20)
    logits = case.graph.linear(x, w, b, name="linear")
    expected = functional.linear(expected, double(w), double(b))
    case.output("logits", logits, expected)
    case.output("log_probability", case.graph.softmax(logits, logarithm=True, name="log_softmax"), torch.log_softmax(expected, -1))
    yield case

    case = Case("network-signal", steps=24)
    x, expected = case.input("input", 4)
    skip, skip_expected = x, expected
    w, b = case.uniform(0.3, 10, 3, 4), case.uniform(0.3, 10)
    x = case.graph.unary("relu", case.graph.causal_conv1d(x, w, b, dilation=2, name="convolution"), name="active")
    expected = torch.relu(functional.conv1d(functional.pad(expected.T[None], (4, 0)), double(w.transpose(0, 2, 1)), double(b), dilation=2)[0].T)
    x, expected = gru_layer(case, x, expected, 10, 11, True, "gru", reset_after=True)
    w, b = case.uniform(0.3, 4, 11), case.uniform(0.3, 4)
    gain = case.graph.unary("sigmoid", case.graph.linear(x, w, b, name="linear"), name="gain")
    gain_expected = torch.sigmoid(functional.linear(expected, double(w), double(b)))
    # The gain meets the input of two steps ago.
    delayed = case.graph.delay(skip, 2, name="delay")
    delayed_expected = functional.pad(skip_expected.T, (2, 0))[:, :case.steps].T
    case.output("gain", gain, gain_expected)
    case.output("output", case.graph.binary("multiply", gain, delayed, name="applied"), gain_expected * delayed_expected)
    yield case


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the .rnn files go; those already there are replaced")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for old in arguments.folder.glob("*.rnn"):
        old.unlink()
    count = 0
    for group in (cells, linears, embeddings, convolutions, delays, softmaxes, elementwise, networks):
        for case in group():
            case.save(arguments.folder)
            count += 1
    size = sum(file.stat().st_size for file in arguments.folder.glob("*.rnn"))
    print(f"{count} files, {size} bytes in {arguments.folder}")


if __name__ == "__main__":
    main()
