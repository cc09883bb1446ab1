"""Writes and reads `.rnn` files: a safetensors container that holds a graph as JSON (../RnnRuntime/Formats/FORMAT.md).

    graph = rnnfile.Graph()
    x = graph.input("input", [3])
    h, c = graph.lstm(x, w, u, b, name="lstm")    # numpy float32 arrays; states are made with the layer
    graph.output("output", h)
    graph.save("model.rnn")
"""
import json
import struct

import numpy as np

ALIGNMENT = 64
DTYPES = {np.dtype(np.float32): "F32", np.dtype(np.int32): "I32", np.dtype(np.int8): "I8", np.dtype(np.uint8): "U8"}


class Graph:
    """A graph under construction. Values are named by text; a layer's method returns its output value's name."""

    def __init__(self):
        self.tensors, self.values, self.meta = {}, {}, {}
        self.inputs, self.outputs, self.states, self.nodes = [], [], [], []

    def metadata(self, key, text):
        self.meta[f"meta.{key}"] = text

    def input(self, name, shape, type="float32"):
        self.inputs.append({"name": name, "type": type, "shape": list(shape)})
        return self._define(name, shape, type)

    def output(self, name, value):
        type, shape = self.values[value]
        self.outputs.append({"name": name, "value": value, "type": type, "shape": list(shape)})

    def state(self, name, shape, initial=None):
        """What the last step left; `next_state` says what replaces it."""
        state = {"name": name, "type": "float32", "shape": list(shape), "input": f"{name}.in"}
        if initial is not None:
            state["initial"] = self._tensor(f"{name}.initial", initial)
        self.states.append(state)
        return self._define(state["input"], shape)

    def next_state(self, name, value):
        state, = (state for state in self.states if state["name"] == name)
        state["output"] = value

    def lstm(self, x, input_weights, recurrent_weights, bias, name):
        """Returns (hidden, cell)."""
        hidden = recurrent_weights.shape[1]
        inputs = {"input": x, "hidden": self.state(f"{name}.h", (hidden,)), "cell": self.state(f"{name}.c", (hidden,))}
        outputs = self._node("lstm", name, inputs, {"hidden": (hidden,), "cell": (hidden,)},
                             dict(input_weights=input_weights, recurrent_weights=recurrent_weights, bias=bias))
        self.next_state(f"{name}.h", outputs["hidden"])
        self.next_state(f"{name}.c", outputs["cell"])
        return outputs["hidden"], outputs["cell"]

    def gru(self, x, input_weights, recurrent_weights, input_bias, recurrent_bias, reset_after, name):
        tensors = dict(input_weights=input_weights, recurrent_weights=recurrent_weights, input_bias=input_bias, recurrent_bias=recurrent_bias)
        return self._recurrent("gru", name, x, tensors, reset_after=reset_after)

    def rnn(self, x, input_weights, recurrent_weights, bias, activation, name):
        tensors = dict(input_weights=input_weights, recurrent_weights=recurrent_weights, bias=bias)
        return self._recurrent("rnn", name, x, tensors, activation=activation)

    def linear(self, x, weights, bias, name):
        shape = (*self.values[x][1][:-1], weights.shape[0])
        return self._node("linear", name, {"input": x}, {"output": shape}, dict(weights=weights, bias=bias))["output"]

    def embedding(self, indices, table, name):
        shape = (*self.values[indices][1], table.shape[1])
        return self._node("embedding", name, {"indices": indices}, {"output": shape}, dict(table=table))["output"]

    def causal_conv1d(self, x, weights, bias, dilation, name):
        """Weights [filters, kernel size, channels], oldest tap first."""
        filters, kernel, channels = weights.shape
        inputs, outputs = {"input": x}, {"output": (filters,)}
        tensors = dict(weights=weights.reshape(filters, kernel * channels), bias=bias)
        return self._with_history("causal_conv1d", name, inputs, outputs, tensors, ((kernel - 1) * dilation, channels),
                                  kernel_size=kernel, dilation=dilation)

    def delay(self, x, steps, name):
        shape = self.values[x][1]
        return self._with_history("delay", name, {"input": x}, {"output": shape}, {}, (steps, *shape), steps=steps)

    def unary(self, function, x, name, **parameters):
        return self._node(function, name, {"input": x}, {"output": self.values[x][1]}, {}, **parameters)["output"]

    def binary(self, function, left, right, name):
        return self._node(function, name, {"left": left, "right": right}, {"output": self.values[left][1]}, {})["output"]

    def softmax(self, x, logarithm, name):
        return self.unary("log_softmax" if logarithm else "softmax", x, name)

    def constant(self, data, name):
        return self._node("constant", name, {}, {"output": np.shape(data)}, dict(data=data))["output"]

    def golden(self, inputs, outputs):
        """Arrays [time steps, shape...] by name: what goes in from the initial state and what a framework says comes out."""
        for kind, arrays in (("input", inputs), ("output", outputs)):
            for name, array in arrays.items():
                self._tensor(f"golden.{kind}.{name}", array)

    def save(self, path):
        graph = {"inputs": self.inputs, "outputs": self.outputs, "states": self.states, "nodes": self.nodes}
        write(path, {"rnn.format": "1", "rnn.graph": _json(graph), **self.meta}, self.tensors)

    def _define(self, name, shape, type="float32"):
        if name in self.values:
            raise ValueError(f"two values are called '{name}'")
        self.values[name] = (type, tuple(shape))
        return name

    def _tensor(self, name, array):
        if name in self.tensors:
            raise ValueError(f"two tensors are called '{name}'")
        self.tensors[name] = np.asarray(array)
        return name

    def _node(self, op, name, inputs, outputs, tensors, **attributes):
        values = {role: self._define(name if role == "output" else f"{name}.{role}", shape) for role, shape in outputs.items()}
        names = {role: self._tensor(f"{name}.{role}", array) for role, array in tensors.items() if array is not None}
        self.nodes.append({"op": op, "name": name, "inputs": inputs, "outputs": values, "tensors": names, "attributes": attributes})
        return values

    def _recurrent(self, op, name, x, tensors, **attributes):
        hidden = tensors["recurrent_weights"].shape[1]
        inputs = {"input": x, "hidden": self.state(f"{name}.h", (hidden,))}
        value = self._node(op, name, inputs, {"hidden": (hidden,)}, tensors, **attributes)["hidden"]
        self.next_state(f"{name}.h", value)
        return value

    def _with_history(self, op, name, inputs, outputs, tensors, history, **attributes):
        if history[0] > 0:
            inputs, outputs = {**inputs, "history": self.state(f"{name}.taps", history)}, {**outputs, "history": history}
        values = self._node(op, name, inputs, outputs, tensors, **attributes)
        if history[0] > 0:
            self.next_state(f"{name}.taps", values["history"])
        return values["output"]


def write(path, metadata, tensors):
    """Writes the container; every tensor begins on a multiple of 64 bytes."""
    header, data, pads = {"__metadata__": metadata}, bytearray(), 0

    def append(name, array):
        begin = len(data)
        data.extend(array.astype(array.dtype.newbyteorder("<"), order="C").tobytes())
        header[name] = {"dtype": DTYPES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, len(data)]}

    for name, array in tensors.items():
        gap = -len(data) % ALIGNMENT
        if gap:
            append(f"__pad.{pads}", np.zeros(gap, np.uint8))
            pads += 1
        append(name, array)
    text = _json(header).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read(path):
    """Returns (metadata, graph, tensors by name)."""
    content = open(path, "rb").read()
    length, = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__")
    types, tensors = {code: dtype for dtype, code in DTYPES.items()}, {}
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        data = content[8 + length + begin:8 + length + end]
        tensors[name] = np.frombuffer(data, types[tensor["dtype"]].newbyteorder("<")).reshape(tensor["shape"])
    return metadata, json.loads(metadata["rnn.graph"]), tensors


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
