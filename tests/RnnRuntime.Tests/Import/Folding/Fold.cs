using System.Collections.Immutable;
using RnnRuntime.Import;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

/// <summary>One node, folded. A null input is absent.</summary>
internal sealed record Fold(string Operator, int Opset)
{
    public ImmutableDictionary<string, object> Attributes { get; init; } = ImmutableDictionary<string, object>.Empty;

    public RnnImportLimits Limits { get; init; } = new();

    public int Outputs { get; init; } = 1;

    public Fold With(string name, object value) => this with { Attributes = Attributes.Add(name, value is long[] list ? list.ToImmutableArray() : value) };

    public HostTensor Run(params HostTensor?[] inputs) => All(inputs)[0]!;

    public ImmutableArray<HostTensor?> All(params HostTensor?[] inputs)
    {
        var node = new OnnxNode(
            "n", Operator, "", [.. inputs.Select((input, i) => input is null ? "" : $"i{i}")], [.. Enumerable.Range(0, Outputs).Select(i => $"o{i}")], Attributes);
        return FoldingEvaluator.Evaluate(node, [.. inputs], Opset, Limits) ?? throw new InvalidOperationException($"{Operator} does not fold.");
    }

    public RnnImportException Refused(params HostTensor?[] inputs)
    {
        var error = Assert.Throws<RnnImportException>(() => All(inputs));
        Assert.StartsWith($"node 'n' ({Operator})", error.Location);
        return error;
    }

    public static HostTensor Floats(params float[] values) => HostTensor.Floats([values.Length], values);

    public static HostTensor Longs(params long[] values) => HostTensor.Integers([values.Length], values);

    public static HostTensor Of<T>(ElementType type, params T[] values)
        where T : unmanaged => HostTensor.Of<T>(type, [values.Length], values);

    /// <summary>0, 1, 2, ... in a shape.</summary>
    public static HostTensor Counted(params int[] shape) =>
        HostTensor.Floats([.. shape], [.. Enumerable.Range(0, shape.Aggregate(1, (product, extent) => product * extent)).Select(i => (float)i)]);

    public static HostTensor Flags(params bool[] values) => Of(ElementType.Bool, values);
}
