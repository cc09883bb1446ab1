using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

/// <content>The operators that the builder has no method for.</content>
internal static partial class SampleGraphs
{
    /// <summary>Every operator on whole tensors, every elementwise function, each sequence cell; nodes are named by what they are.</summary>
    public static RnnGraph Operators()
    {
        var sketch = new GraphSketch();
        var x = sketch.Input("x", TensorType.Float32, 2, 3);
        var ids = sketch.Input("ids", TensorType.Int32, 2);
        AddTensorOperators(sketch, x, ids);
        sketch.Output("elementwise", AddElementwise(sketch, x, ids));
        AddConvolutions(sketch, x);
        AddSequences(sketch, x, ids);
        return sketch.Build();
    }

    private static Value AddElementwise(GraphSketch sketch, Value x, Value ids)
    {
        var value = x;
        foreach (var function in Enum.GetValues<UnaryOperator>())
        {
            var (input, count) = (value, OperatorParameters.CountOf(function));
            value = sketch.Add(
                Names.Of(function), (name, output) => new UnaryNode(name, function, input, output, count > 0 ? 0.1f : 0, count > 1 ? -0.3f : 0), 2, 3);
        }

        var column = sketch.Add("column", (name, output) => new ConstantNode(name, output, sketch.Floats(4, 1, 1)), 4, 1, 1);
        foreach (var function in Enum.GetValues<BinaryOperator>())
        {
            var left = value;
            value = sketch.Add(Names.Of(function), (name, output) => new BinaryNode(name, function, left, column, output), 4, 2, 3);
        }

        var same = sketch.Add("same", (name, output) => new BinaryNode(name, BinaryOperator.Equal, ids, ids, output), 2);
        var scalar = sketch.Add("scalar", (name, output) => new ConstantNode(name, output, sketch.Floats()));
        value = sketch.Add("select", (name, output) => new SelectNode(name, value, scalar, x, output), 4, 2, 3);
        var integers = sketch.Add("cast_to_int32", (name, output) => new CastNode(name, value, output), TensorType.Int32, 4, 2, 3);
        sketch.Output("integers", integers);
        value = sketch.Add("cast_to_float32", (name, output) => new CastNode(name, integers, output), 4, 2, 3);
        sketch.Output("same", same);
        return sketch.Add("fused", (name, output) => new FusedNode(name, [value, x, scalar], output,
        [
            new FusedOperation(UnaryOperator.HardSigmoid, null, 1, -1, -1, 0.2f, 0.5f),
            new FusedOperation(null, BinaryOperator.Multiply, 0, 3, -1),
            new FusedOperation(UnaryOperator.LeakyRelu, null, 4, -1, -1, 1e-6f),
            new FusedOperation(UnaryOperator.Tanh, null, 5, -1, -1),
            new FusedOperation(null, null, 6, 2, 4),
        ]), 4, 2, 3);
    }

    private static void AddTensorOperators(GraphSketch sketch, Value x, Value ids)
    {
        var transposed = sketch.Add("transposed", (name, output) => new ViewNode(name, x, output, [1, 3], 0), 3, 2);
        var reversed = sketch.Add("reversed", (name, output) => new ViewNode(name, ids, output, [-1], 1), TensorType.Int32, 2);
        var four = sketch.Add("concat_int32", (name, output) => new ConcatNode(name, [ids, reversed], output, 0), TensorType.Int32, 4);
        var picked = sketch.Add(
            "pick_int32", (name, output) => new PickNode(name, [four, ids], output, sketch.Integers(5, -1, 0, 3), 2), TensorType.Int32, 2, 2);
        var fixedIds = sketch.Add("fixed_ids", (name, output) => new ConstantNode(name, output, sketch.Integers(2, 0, 1)), TensorType.Int32, 3);
        var embedded = sketch.Add("embedded", (name, output) => new EmbeddingNode(name, picked, output, new Weights(sketch.Floats(5, 2))), 2, 2, 2);
        var counted = sketch.Add("gather_int32", (name, output) => new GatherNode(name, four, ids, output, 0), TensorType.Int32, 2);
        var gathered = sketch.Add("gather", (name, output) => new GatherNode(name, transposed, fixedIds, output, 0), 3, 2);
        var joined = sketch.Add("concat", (name, output) => new ConcatNode(name, [transposed, gathered, transposed], output, 1), 3, 6);
        var padded = sketch.Add("pick", (name, output) => new PickNode(name, [x], output, sketch.Integers(-1, 0, 1, 5, 2, -1), -0.25f), 6);
        var product = sketch.Add("matmul", (name, output) => new MatMulNode(name, embedded, x, output), 2, 2, 3);
        var normalised = sketch.Add("layer_norm", (name, output) => new LayerNormNode(name, product, output, sketch.Floats(3), sketch.Floats(3), 1e-5f), 2, 2, 3);
        var plain = sketch.Add("layer_norm_plain", (name, output) => new LayerNormNode(name, normalised, output, null, null, 0), 2, 2, 3);
        foreach (var function in Enum.GetValues<ReduceOperator>())
        {
            sketch.Output(Names.Of(function), sketch.Add(Names.Of(function), (name, output) => new ReduceNode(name, function, plain, output), 2, 2));
        }

        sketch.Output("joined", joined);
        sketch.Output("padded", padded);
        sketch.Output("counted", counted);
    }

    private static void AddConvolutions(GraphSketch sketch, Value x)
    {
        var signal = sketch.Add("signal", (name, output) => new ViewNode(name, x, output, [0, 3, 0, 1], 0), 1, 2, 5, 3);
        var flat = sketch.Add("flat", (name, output) => new ViewNode(name, x, output, [0, 1, 0], 0), 1, 6, 4);
        sketch.Output("conv2d", sketch.Add("conv2d", (name, output) => new ConvNode(
            name, signal, output, sketch.Matrix(4, 18), sketch.Floats(4), [2, 3], [1, 2], [1, 1], [0, 1], [1, 1], 1), 1, 2, 3, 4));
        sketch.Output("conv1d", sketch.Add("conv1d", (name, output) => new ConvNode(
            name, flat, output, sketch.Matrix(2, 4), null, [2], [1], [3], [0], [0], 2), 1, 3, 2));
    }

    private static void AddSequences(GraphSketch sketch, Value x, Value ids)
    {
        var frames = sketch.Add("frames", (name, output) => new ViewNode(name, x, output, [0, 3, 1], 0), 4, 2, 3);
        var hidden = sketch.Add("hidden", (name, output) => new ViewNode(name, x, output, [3, 1], 0), 2, 2);
        foreach (var cell in Enum.GetValues<SequenceCell>())
        {
            var isLstm = cell == SequenceCell.Lstm;
            var (name, gates) = ($"{cell}".ToLowerInvariant(), SequenceNode.GatesOf(cell));
            var output = GraphSketch.New($"{name}.y", 4, 2, 2);
            var units = isLstm ? 3 : 2;
            sketch.Add(new SequenceNode(
                name, cell, frames, isLstm ? ids : null, hidden, isLstm ? x : null, output, GraphSketch.New($"{name}.h", 2, 2),
                isLstm ? GraphSketch.New($"{name}.c", 2, 3) : null, sketch.Matrix(gates * units, 3), sketch.Matrix(gates * units, 2),
                sketch.Floats(gates * units), cell == SequenceCell.Gru ? sketch.Floats(gates * units) : null, isLstm ? sketch.Floats(9) : null,
                isLstm ? sketch.Matrix(2, 3) : null,
                isLstm ? [new(UnaryOperator.HardSigmoid, 0.2f, 0.5f), new(UnaryOperator.Elu, 1), new(UnaryOperator.Softsign)] : SequenceNode.DefaultActivations(cell),
                isLstm ? 3.5f : 0, isLstm, isLstm, cell == SequenceCell.Gru));
            sketch.Output(name, output);
        }
    }
}
