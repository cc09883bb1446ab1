using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Quantization;

namespace RnnRuntime.Tests.Sessions;

/// <summary>A sequence node's attributes and extents; weights follow from the seed. The same case gives the same graph.</summary>
internal sealed record SequenceCase(int Seed, SequenceCell Cell, int TimeSteps, int Streams, int Features, int Units)
{
    public static readonly ImmutableArray<UnaryOperator> AllActivations =
    [
        UnaryOperator.Tanh, UnaryOperator.Sigmoid, UnaryOperator.Relu, UnaryOperator.Affine, UnaryOperator.LeakyRelu, UnaryOperator.ThresholdedRelu,
        UnaryOperator.ScaledTanh, UnaryOperator.HardSigmoid, UnaryOperator.Elu, UnaryOperator.Softsign, UnaryOperator.Softplus,
    ];

    private static readonly ImmutableArray<UnaryOperator> s_boundedActivations =
    [
        UnaryOperator.Tanh, UnaryOperator.Sigmoid, UnaryOperator.ScaledTanh, UnaryOperator.HardSigmoid, UnaryOperator.Softsign,
    ];

    public ImmutableArray<CellActivation> Activations { get; init; } = SequenceNode.DefaultActivations(Cell);

    public bool Reverse { get; init; }

    public bool Lengths { get; init; }

    public bool Bias { get; init; } = true;

    public bool ResetAfter { get; init; }

    public bool Peepholes { get; init; }

    public bool InputForget { get; init; }

    /// <summary>The projection's size; 0 for none.</summary>
    public int Projection { get; init; }

    public float Clip { get; init; }

    public bool Int8 { get; init; }

    /// <summary>Whether the final states replace the initial ones; those are inputs otherwise.</summary>
    public bool Feedback { get; init; }

    public int Outputs => Projection > 0 ? Projection : Units;

    /// <summary>One case in three is what the packed cells compute; the others have any of the attributes.</summary>
    public static SequenceCase Random(int seed)
    {
        var random = new Random(seed);
        var cell = (SequenceCell)random.Next(3);
        var plain = seed % 3 == 0;
        var result = new SequenceCase(seed, cell, random.Next(1, 10), random.Next(1, 5), random.Next(1, 34), random.Next(4) == 0 ? 8 * random.Next(1, 5) : random.Next(1, 34))
        {
            Reverse = random.Next(2) == 0,
            Bias = random.Next(4) > 0,
            ResetAfter = cell == SequenceCell.Gru && random.Next(2) == 0,
        };
        if (plain)
        {
            return cell == SequenceCell.Rnn && random.Next(2) == 0
                ? result with { Activations = [new(random.Next(2) == 0 ? UnaryOperator.Relu : UnaryOperator.Identity)] }
                : result;
        }

        // Gates that nothing bounds would make a state grow without end.
        var clip = random.Next(2) == 0 ? 0 : 0.25f + random.NextSingle();
        var gates = clip > 0 || cell == SequenceCell.Rnn ? AllActivations : s_boundedActivations;
        return result with
        {
            Lengths = random.Next(2) == 0,
            Clip = clip,
            Peepholes = cell == SequenceCell.Lstm && random.Next(2) == 0,
            InputForget = cell == SequenceCell.Lstm && random.Next(2) == 0,
            Projection = cell == SequenceCell.Lstm && random.Next(2) == 0 ? random.Next(1, 34) : 0,
            Activations = random.Next(3) == 0 ? result.Activations : [.. result.Activations.Select((_, i) => RandomActivation(random, i == 0 ? gates : AllActivations))],
        };
    }

    /// <summary>
    /// Inputs x, lengths, h0 and c0 as far as there are such; outputs y, hn and cn. A table that reads the lengths tells the session, and so whoever
    /// makes random inputs, that they are at most two above T.
    /// </summary>
    public RnnGraph Graph()
    {
        var random = new WeightSource(Seed);
        var isLstm = Cell == SequenceCell.Lstm;
        var rows = SequenceNode.GatesOf(Cell) * Units;
        var x = Float("x", TimeSteps, Streams, Features);
        var lengths = Lengths ? new Value("lengths", TensorType.Int32, new TensorShape(Streams)) : null;
        var (h0, hn) = (Float("h0", Streams, Outputs), Float("hn", Streams, Outputs));
        var (c0, cn) = isLstm ? (Float("c0", Streams, Units), Float("cn", Streams, Units)) : (null, null);
        var node = new SequenceNode(
            "sequence", Cell, x, lengths, h0, c0, Float("y", TimeSteps, Streams, Outputs), hn, cn,
            Matrix(random, "w", rows, Features), Matrix(random, "u", rows, Outputs), Bias ? Vector(random, "b", rows) : null,
            Bias && Cell == SequenceCell.Gru ? Vector(random, "bu", rows) : null, Peepholes ? Vector(random, "p", 3 * Units) : null,
            Projection > 0 ? Matrix(random, "projection", Projection, Units) : null, Activations, Clip, Reverse, InputForget, ResetAfter);

        var nodes = ImmutableArray.Create<Node>(node);
        var outputs = node.Outputs.Select(value => (value.Name, value)).ToImmutableArray();
        if (lengths is not null)
        {
            var limit = Float("limit", Streams, 1);
            nodes = nodes.Add(new EmbeddingNode("limit", lengths, limit, new Weights(Constant("limits", new float[TimeSteps + 3], TimeSteps + 3, 1))));
            outputs = outputs.Add(("limit", limit));
        }

        ImmutableArray<StateVariable> states = !Feedback ? [] : isLstm ? [new("h", h0, hn, null), new("c", c0!, cn!, null)] : [new("h", h0, hn, null)];
        var inputs = node.Inputs.Where(value => !states.Any(state => state.Input == value));
        var graph = new RnnGraph([.. inputs], outputs, states, nodes, ImmutableSortedDictionary<string, string>.Empty);
        GraphValidator.Validate(graph);
        return graph;
    }

    private static CellActivation RandomActivation(Random random, ImmutableArray<UnaryOperator> functions)
    {
        var function = functions[random.Next(functions.Length)];
        var (alpha, beta) = (0.2f + (0.6f * random.NextSingle()), 0.2f + (0.6f * random.NextSingle()));
        return function switch
        {
            UnaryOperator.Affine or UnaryOperator.ScaledTanh or UnaryOperator.HardSigmoid => new CellActivation(function, alpha, beta),
            UnaryOperator.LeakyRelu or UnaryOperator.ThresholdedRelu or UnaryOperator.Elu => new CellActivation(function, alpha),
            _ => new CellActivation(function),
        };
    }

    private Weights Matrix(WeightSource random, string name, int rows, int columns)
    {
        var weights = new Weights(Constant(name, random.Matrix(rows, columns), rows, columns), null);
        return Int8 ? WeightQuantizer.ToInt8(weights, weights.Values.Name, $"{weights.Values.Name}.scales") : weights;
    }

    private static Constant Vector(WeightSource random, string name, int length) => Constant(name, random.Bias(length, true), length);

    private static Constant Constant(string name, float[] values, params ReadOnlySpan<int> shape) =>
        new(name, TensorType.Float32, new TensorShape(shape), MemoryMarshal.AsBytes<float>(values).ToArray());

    private static Value Float(string name, params ReadOnlySpan<int> shape) => new(name, TensorType.Float32, new TensorShape(shape));
}
