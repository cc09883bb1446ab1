using System.Collections.Immutable;
using RnnRuntime.Bench.Peers;
using static RnnRuntime.Bench.Peers.OnnxMessages;

namespace RnnRuntime.Bench.Models;

/// <summary>Writes an ONNX model node by node. Opset 13 has every operator in the form that is used here.</summary>
internal sealed class OnnxGraphWriter(int seed)
{
    private const int IrVersion = 8;
    private const int Opset = 13;

    private readonly ProtobufWriter _graph = new();
    private readonly Random _random = new(seed);
    private readonly ImmutableArray<ModelInput>.Builder _inputs = ImmutableArray.CreateBuilder<ModelInput>();
    private readonly ImmutableArray<ModelState>.Builder _states = ImmutableArray.CreateBuilder<ModelState>();
    private int _names;

    internal int NodeCount { get; private set; }

    internal string Input(string name, params ReadOnlySpan<int> shape)
    {
        _graph.Message(11, ValueInfo(name, shape));
        _inputs.Add(new ModelInput(name, [.. shape]));
        return name;
    }

    internal string State(string name, params ReadOnlySpan<int> shape)
    {
        _graph.Message(11, ValueInfo(name, shape));
        _states.Add(new ModelState(name, $"{name}_out", [.. shape]));
        return name;
    }

    /// <summary>The value that replaces a state after each step.</summary>
    internal void StateOutput(string state, string operation, string[] inputs, params ReadOnlySpan<ProtobufWriter> attributes)
    {
        ModelState pair = _states.Single(pair => pair.Input == state);
        _graph.Message(12, ValueInfo(pair.Output, [.. pair.Shape]));
        Emit(operation, inputs, [pair.Output], attributes);
    }

    internal void Output(string name, string operation, string[] inputs, int[] shape)
    {
        _graph.Message(12, ValueInfo(name, shape));
        Emit(operation, inputs, [name], []);
    }

    /// <summary>Weights uniform in ±1/sqrt(<paramref name="fanIn"/>).</summary>
    internal string Weights(int fanIn, params ReadOnlySpan<int> shape)
    {
        var values = new float[Count(shape)];
        float bound = 1 / MathF.Sqrt(fanIn);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((_random.NextSingle() * 2) - 1) * bound;
        }

        return Constant(values, shape);
    }

    internal string Constant(float[] values, params ReadOnlySpan<int> shape)
    {
        string name = NewName();
        _graph.Message(5, Tensor<float>(name, FloatType, values, shape));
        return name;
    }

    internal string Integers(params long[] values)
    {
        string name = NewName();
        _graph.Message(5, Tensor<long>(name, Int64Type, values, values.Length));
        return name;
    }

    internal string Node(string operation, string[] inputs, params ReadOnlySpan<ProtobufWriter> attributes)
    {
        string output = NewName();
        Emit(operation, inputs, [output], attributes);
        return output;
    }

    internal string[] Nodes(int outputs, string operation, string[] inputs, params ReadOnlySpan<ProtobufWriter> attributes)
    {
        string[] names = [.. Enumerable.Range(0, outputs).Select(_ => NewName())];
        Emit(operation, inputs, names, attributes);
        return names;
    }

    internal ModelProblem Build(string name)
    {
        byte[] bytes = new ProtobufWriter()
            .Varint(1, IrVersion)
            .Message(8, new ProtobufWriter().Text(1, "").Varint(2, Opset))
            .Message(7, _graph.Text(2, "graph"))
            .ToArray();
        return new ModelProblem(name, bytes, _inputs.ToImmutable(), _states.ToImmutable());
    }

    private void Emit(string operation, string[] inputs, string[] outputs, ReadOnlySpan<ProtobufWriter> attributes)
    {
        var node = new ProtobufWriter();
        Array.ForEach(inputs, input => node.Text(1, input));
        Array.ForEach(outputs, output => node.Text(2, output));
        node.Text(3, $"{operation}_{NodeCount++}").Text(4, operation);
        foreach (ProtobufWriter attribute in attributes)
        {
            node.Message(5, attribute);
        }

        _graph.Message(1, node);
    }

    private string NewName() => $"v{_names++}";

    private static int Count(ReadOnlySpan<int> shape)
    {
        int count = 1;
        foreach (int extent in shape)
        {
            count *= extent;
        }

        return count;
    }
}
