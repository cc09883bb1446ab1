using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>What a <c>.rnn</c> file holds.</summary>
internal sealed record RnnFile(RnnGraph Graph, GoldenVectors? Golden)
{
    public const int Version = 1;
    public const string VersionKey = "rnn.format";
    public const string GraphKey = "rnn.graph";
    public const string MetadataPrefix = "meta.";
    public const string GoldenInputPrefix = Names.GoldenPrefix + "input.";
    public const string GoldenOutputPrefix = Names.GoldenPrefix + "output.";
}

/// <summary>
/// Inputs and the outputs that a trusted framework computed from them, for one stream from its initial state. Keys are the graph's input and
/// output names; every tensor is [T, shape of the input or output...]. Every input is there, and at least one output.
/// </summary>
internal sealed record GoldenVectors(int TimeSteps, ImmutableDictionary<string, Constant> Inputs, ImmutableDictionary<string, Constant> Outputs)
{
    /// <summary>Holds the vectors against the graph; throws <see cref="RnnFormatException"/>.</summary>
    public void Validate(RnnGraph graph)
    {
        if (TimeSteps < 1)
        {
            throw new RnnFormatException("golden", "time steps", $"{TimeSteps}", "at least 1");
        }

        foreach (var input in graph.Inputs)
        {
            if (!Inputs.ContainsKey(input.Name))
            {
                throw new RnnFormatException("golden", "inputs", $"no tensor for input {Names.Quote(input.Name)}", "a tensor for every input of the graph");
            }
        }

        if (Outputs.IsEmpty)
        {
            throw new RnnFormatException("golden", "outputs", "none", "at least one output");
        }

        Check(Inputs, [.. graph.Inputs], "input");
        Check(Outputs, [.. graph.Outputs], "output");
    }

    private void Check(ImmutableDictionary<string, Constant> tensors, TensorInfo[] infos, string kind)
    {
        var byName = infos.ToDictionary(info => info.Name, StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            var section = $"tensor {Names.GoldenPrefix}{kind}.{name}";
            if (!byName.TryGetValue(name, out var info))
            {
                throw new RnnFormatException(section, "name", Names.Quote(name), $"the name of an {kind} of the graph");
            }

            int[] expected = [TimeSteps, .. info.Shape.Dimensions];
            if (tensor.Type != info.Type || !tensor.Shape.Dimensions.AsSpan().SequenceEqual(expected))
            {
                throw new RnnFormatException(
                    section, "shape", Names.Describe(tensor.Type, tensor.Shape), $"{Names.Of(info.Type)} [{string.Join(", ", expected)}]");
            }

            GraphValidator.CheckContent(tensor);
        }
    }
}
