using RnnRuntime.Graph;

namespace RnnRuntime;

/// <content>Recurrent layers over a sequence that lies in one step, and cells with more than the plain ones have.</content>
public sealed partial class RnnGraphBuilder
{
    /// <summary>A recurrent layer with everything that <see cref="SequenceNode"/> has.</summary>
    /// <param name="input">float32 [F], one step, or [T, F], a sequence.</param>
    /// <param name="layer">Weights and form.</param>
    /// <param name="name">The node's name; null for lstm1, gru1, ...</param>
    /// <returns>
    /// The hidden state of each step, [P] or [T, P], in the input's order; P is H or the projection's size. Where the layer carries its
    /// state to the next call, the states are <c>NAME.h</c> [P] and of an LSTM <c>NAME.c</c> [H].
    /// </returns>
    internal TensorRef Sequence(TensorRef input, SequenceLayer layer, string? name = null)
    {
        var x = Own(input, nameof(input));
        Require(x is { Type: TensorType.Float32, Shape.Rank: 1 or 2 }, nameof(input), Names.Describe(x.Type, x.Shape), "float32 [F] or [T, F]");
        CheckSize(layer.HiddenSize, nameof(layer.HiddenSize));
        var (gates, hidden, isLstm) = (SequenceNode.GatesOf(layer.Cell), layer.HiddenSize, layer.Cell == SequenceCell.Lstm);
        var (steps, features, size) = (x.Shape.Rank == 2 ? x.Shape[0] : 1, x.Shape[-1], layer.ProjectionSize ?? hidden);
        CheckSize(size, nameof(layer.ProjectionSize));
        CheckData(layer.InputWeights, Product(gates, hidden, features), $"[{gates} * H, {features}]", nameof(layer.InputWeights));
        CheckData(layer.RecurrentWeights, Product(gates, hidden, size), $"[{gates} * H, {size}]", nameof(layer.RecurrentWeights));
        CheckData(layer.InputBias, Product(gates, hidden), $"[{gates} * H]", nameof(layer.InputBias), optional: true);
        CheckData(layer.RecurrentBias, layer.Cell == SequenceCell.Gru ? Product(3, hidden) : 0, "[3 * H] of a GRU", nameof(layer.RecurrentBias), optional: true);
        CheckData(layer.Peepholes, isLstm ? Product(3, hidden) : 0, "[3 * H] of an LSTM", nameof(layer.Peepholes), optional: true);
        CheckData(layer.Projection, layer.ProjectionSize is null || !isLstm ? 0 : Product(size, hidden), $"[{size}, H] of an LSTM", nameof(layer.Projection), optional: layer.ProjectionSize is null);

        name = NodeName(name, isLstm ? "lstm" : layer.Cell == SequenceCell.Gru ? "gru" : "rnn");
        var sequence = Own(Reshape(input, steps, 1, features), nameof(input));
        var (stateOfHidden, initialHidden) = Initial("h", size);
        var (stateOfCell, initialCell) = isLstm ? Initial("c", hidden) : default;
        var output = Float32($"{name}.output", new TensorShape(steps, 1, size));
        var newHidden = Float32($"{name}.h_out", new TensorShape(1, size));
        var newCell = isLstm ? Float32($"{name}.c_out", new TensorShape(1, hidden)) : null;
        var result = Add(new SequenceNode(
            name, layer.Cell, sequence, Lengths: null, initialHidden, initialCell, output, newHidden, newCell,
            Matrix($"{name}.input_weights", layer.InputWeights, gates * hidden), Matrix($"{name}.recurrent_weights", layer.RecurrentWeights, gates * hidden),
            OptionalVector($"{name}.bias", layer.InputBias), OptionalVector($"{name}.recurrent_bias", layer.RecurrentBias),
            OptionalVector($"{name}.peepholes", layer.Peepholes), layer.ProjectionSize is null ? null : Matrix($"{name}.projection", layer.Projection, size),
            layer.Cell == SequenceCell.Rnn ? [new CellActivation(layer.Nonlinearity)] : SequenceNode.DefaultActivations(layer.Cell),
            Clip: 0, layer.IsReverse, InputForget: false, ResetAfter: layer.Cell == SequenceCell.Gru && layer.ResetAfter));
        Carry(stateOfHidden, newHidden);
        Carry(stateOfCell, newCell);
        return x.Shape.Rank == 2 ? Reshape(result, steps, size) : Reshape(result, size);

        (Value? State, Value Initial) Initial(string part, int count)
        {
            if (!layer.CarriesState)
            {
                return (null, Own(Constant(new float[count], 1, count), nameof(layer)));
            }

            var state = AddState($"{name}.{part}", $"{name}.{part}_in", new TensorShape(count));
            return (state, Own(Reshape(new TensorRef(this, state), 1, count), nameof(layer)));
        }

        void Carry(Value? state, Value? next)
        {
            if (state is not null)
            {
                SetStateOutput(state, Own(Reshape(new TensorRef(this, next!), state.Shape[0]), nameof(layer)));
            }
        }
    }

    /// <summary>A recurrent layer's weights, in our order and layout, and its form.</summary>
    internal sealed record SequenceLayer(SequenceCell Cell, int HiddenSize, float[] InputWeights, float[] RecurrentWeights)
    {
        /// <summary>[gates * H], or empty.</summary>
        public float[] InputBias { get; init; } = [];

        /// <summary>GRU: [3 * H], or empty.</summary>
        public float[] RecurrentBias { get; init; } = [];

        /// <summary>LSTM: [3 * H], i, f, o, or empty.</summary>
        public float[] Peepholes { get; init; } = [];

        /// <summary>LSTM: P, or null for no projection.</summary>
        public int? ProjectionSize { get; init; }

        /// <summary>LSTM: [P, H] where there is a projection.</summary>
        public float[] Projection { get; init; } = [];

        public UnaryOperator Nonlinearity { get; init; } = UnaryOperator.Tanh;

        public bool ResetAfter { get; init; } = true;

        /// <summary>Whether the sequence runs from its end.</summary>
        public bool IsReverse { get; init; }

        /// <summary>Whether a call begins with the state in which the one before ended; otherwise with zeros.</summary>
        public bool CarriesState { get; init; } = true;
    }
}
