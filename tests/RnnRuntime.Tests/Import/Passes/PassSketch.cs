using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import;
using RnnRuntime.Import.Translation;

namespace RnnRuntime.Tests.Import.Passes;

/// <summary>A graph put together as the importer does it, with random weights. Commutative operations get their operands in either order.</summary>
internal sealed class PassSketch(int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<Value> _inputs = [];
    private readonly List<(string Name, Value Value)> _outputs = [];
    private readonly Dictionary<Value, Value> _states = [];

    public GraphEmitter Emit { get; } = new(new RnnImportLimits());

    public Value Input(string name, params ReadOnlySpan<int> shape)
    {
        _inputs.Add(Emit.NewValue(name, TensorType.Float32, new TensorShape(shape)));
        return _inputs[^1];
    }

    public Value State(string name, params ReadOnlySpan<int> shape)
    {
        var state = Emit.NewValue(name, TensorType.Float32, new TensorShape(shape));
        _states.Add(state, state);
        return state;
    }

    public void Next(Value state, Value output) => _states[state] = output;

    public void Output(string name, Value value) => _outputs.Add((name, value));

    public Constant Numbers(params ReadOnlySpan<int> shape)
    {
        var values = new float[new TensorShape(shape).ElementCount];
        foreach (ref var value in values.AsSpan())
        {
            value = (_random.NextSingle() * 2) - 1;
        }

        return Emit.NewConstant(values, shape);
    }

    public Value Constant(params ReadOnlySpan<int> shape) => Emit.ValueOf(Numbers(shape));

    public Value Linear(Value x, int rows, bool hasBias = true) =>
        Emit.Linear(x, Numbers(rows, x.Shape[-1]), hasBias ? Numbers(rows) : null);

    /// <summary>A convolution over one axis of [N, length, channels].</summary>
    public Value Conv(Value x, int filters, int kernel)
    {
        var weights = new Weights(Numbers(filters, kernel * x.Shape[2]), null);
        ImmutableArray<int> one = [1], none = [0];
        var output = Emit.NewValue("conv", TensorType.Float32, new TensorShape(x.Shape[0], x.Shape[1] - kernel + 1, filters));
        Emit.Add(new ConvNode(Emit.NewNodeName(), x, output, weights, null, [kernel], one, one, none, none, 1));
        return output;
    }

    public Value Sigmoid(Value x) => Emit.Unary(UnaryOperator.Sigmoid, x);

    public Value Tanh(Value x) => Emit.Unary(UnaryOperator.Tanh, x);

    public Value Add(Value left, Value right) => InEitherOrder(BinaryOperator.Add, left, right);

    public Value Multiply(Value left, Value right) => InEitherOrder(BinaryOperator.Multiply, left, right);

    public Value Subtract(Value left, Value right) => Emit.Binary(BinaryOperator.Subtract, left, right);

    public RnnGraph Build()
    {
        var graph = new RnnGraph(
            [.. _inputs], [.. _outputs], [.. _states.Select(state => new StateVariable(state.Key.Name, state.Key, state.Value, null))], Emit.Nodes,
            ImmutableSortedDictionary<string, string>.Empty);
        GraphValidator.Validate(graph);
        return graph;
    }

    private Value InEitherOrder(BinaryOperator function, Value left, Value right) =>
        _random.Next(2) == 0 ? Emit.Binary(function, left, right) : Emit.Binary(function, right, left);
}
