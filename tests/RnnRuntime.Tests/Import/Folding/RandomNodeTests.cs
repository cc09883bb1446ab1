using System.Collections.Immutable;
using RnnRuntime.Import;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

/// <summary>Nodes put together at random: each gives valid tensors or an <see cref="RnnImportException"/>, never another error.</summary>
public sealed class RandomNodeTests
{
    private const int Seed = 20240917;
    private const int Nodes = 60_000;

    private static readonly long[] Odd = [0, 1, -1, 2, -2, 3, 7, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, 1L << 40];

    private static readonly string[] AttributeNames =
    [
        "axis", "axes", "keepdims", "perm", "split", "num_outputs", "starts", "ends", "pads", "mode", "reduction", "batch_dims", "to", "dtype", "k", "upper",
        "allowzero", "start", "end", "exclusive", "reverse", "fmod", "transA", "transB", "noop_with_empty_axes", "alpha", "value", "select_last_index",
        "block_size", "output_dtype", "saturate",
    ];

    private static readonly string[] Indexed =
    [
        "CumSum", "Expand", "Gather", "GatherElements", "GatherND", "Pad", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Slice", "Split",
        "Squeeze", "Tile", "Trilu", "Unsqueeze",
    ];

    [Fact]
    public void NoNodeGivesAnotherError()
    {
        var random = new Random(Seed);
        string[] names = [.. FoldingEvaluator.Names.Order(StringComparer.Ordinal)];
        var folded = names.ToDictionary(name => name, _ => 0);
        var limits = new RnnImportLimits { MaximumElements = 4096, MaximumTensorBytes = 1 << 16 };
        for (var i = 0; i < Nodes; i++)
        {
            var (node, inputs) = Make(random, names[i % names.Length]);
            var opset = random.Next(7, 23);
            try
            {
                foreach (var output in FoldingEvaluator.Evaluate(node, inputs, opset, limits)!.Value)
                {
                    Assert.True(output is null || output.Count <= limits.MaximumElements);
                }

                folded[node.Operator]++;
            }
            catch (RnnImportException)
            {
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, node {i}: {Describe(node, inputs)} in opset {opset}: {error}");
            }
        }

        Assert.All(folded, pair => Assert.True(pair.Value > 12, $"Only {pair.Value} random nodes of {pair.Key} were valid."));
    }

    private static (OnnxNode Node, ImmutableArray<HostTensor?> Inputs) Make(Random random, string name)
    {
        var attributes = ImmutableDictionary.CreateBuilder<string, object>();
        for (var i = random.Next(2) * random.Next(4); i > 0; i--)
        {
            var attribute = AttributeNames[random.Next(AttributeNames.Length)];
            attributes[attribute] = attribute switch
            {
                "axes" or "perm" or "split" or "starts" or "ends" or "pads" => Enumerable.Range(0, random.Next(5)).Select(_ => Integer(random)).ToImmutableArray(),
                "mode" => (string[])["constant", "reflect", "edge", "wrap"] is var modes ? modes[random.Next(4)] : "",
                "reduction" => (string[])["none", "add", "mul", "min"] is var reductions ? reductions[random.Next(4)] : "",
                "alpha" => 1.5f,
                "value" => Tensor(random, null),
                "to" or "dtype" or "output_dtype" => (object)(long)random.Next(17),
                _ => Integer(random),
            };
        }

        if (name is "Cast" or "Concat" or "Constant" && random.Next(2) == 0)
        {
            attributes.Clear();
            attributes.Add(name switch { "Cast" => "to", "Concat" => "axis", _ => "value" }, name == "Constant" ? Tensor(random, null) : (long)random.Next(name == "Cast" ? 14 : 2));
        }

        ElementType? common = random.Next(3) switch { 0 => null, 1 => ElementType.Float32, _ => (ElementType)random.Next(13) };
        int[]? shape = random.Next(2) == 0 ? null : Shape(random);
        var count = random.Next(4) == 0 ? random.Next(6) : UsualInputs(name);
        ImmutableArray<HostTensor?> inputs =
        [
            .. Enumerable.Range(0, count).Select(i => random.Next(20) == 0 ? null : i > 0 && random.Next(Indexed.Contains(name) ? 1 : 4) == 0 ? Indices(random) : Tensor(random, common, shape)),
        ];
        if (random.Next(2) == 0)
        {
            inputs = name switch
            {
                "BatchNormalization" => [Fold.Counted(1, 2, 3), .. Enumerable.Repeat(Fold.Floats(1, 2), 4)],
                "Gemm" => [.. Enumerable.Range(0, random.Next(2, 4)).Select(_ => Tensor(random, common, [2, 2]))],
                "Pad" => [Tensor(random, common, [2, 3]), HostTensor.Integers([4], [.. Enumerable.Range(0, 4).Select(_ => Integer(random))])],
                "Range" => [.. Enumerable.Range(0, 3).Select(_ => Tensor(random, common ?? ElementType.Int64, []))],
                "ScatterND" => [Tensor(random, common, [3, 2]), HostTensor.Integers([2, 1], [random.Next(-4, 4), random.Next(-4, 4)]), Tensor(random, common, [2, 2])],
                "Not" => [Tensor(random, ElementType.Bool, shape)],
                "Slice" => [Tensor(random, common), .. Enumerable.Range(0, 4).Select(i => HostTensor.Integers([1], [i == 2 ? random.Next(2) : Integer(random)]))],
                "Tile" => [Tensor(random, common, [2, 3]), Fold.Longs(random.Next(4), random.Next(4))],
                "And" or "Or" or "Xor" => [Tensor(random, ElementType.Bool, shape), Tensor(random, ElementType.Bool, shape)],
                "QuantizeLinear" => [Tensor(random, ElementType.Float32, shape), .. Parameters(random, ElementType.UInt8)],
                "DequantizeLinear" => [Tensor(random, ElementType.Int8, shape), .. Parameters(random, ElementType.Int8)],
                "DynamicQuantizeLinear" => [Tensor(random, ElementType.Float32, shape)],
                "MatMulInteger" => [Tensor(random, ElementType.UInt8, [2, 3]), Tensor(random, ElementType.Int8, [3, 2]), Tensor(random, ElementType.UInt8, [random.Next(1, 3)])],
                "OneHot" => [Indices(random), HostTensor.Scalar(random.Next(-1, 5)), Tensor(random, common, [2])],
                "Where" => [Tensor(random, ElementType.Bool, shape), Tensor(random, common, shape), Tensor(random, common, shape)],
                _ => inputs,
            };
        }

        var outputs = name == "Split" ? random.Next(1, 4) : 1;
        return (
            new OnnxNode("n", name, "", [.. inputs.Select((input, i) => input is null ? "" : $"i{i}")], [.. Enumerable.Range(0, outputs).Select(i => $"o{i}")], attributes.ToImmutable()),
            inputs);
    }

    private static IEnumerable<HostTensor?> Parameters(Random random, ElementType type)
    {
        int[] shape = random.Next(2) == 0 ? [] : [random.Next(1, 4)];
        return [Tensor(random, ElementType.Float32, shape), random.Next(2) == 0 ? null : Tensor(random, type, shape)];
    }

    private static int UsualInputs(string name) => name switch
    {
        "Constant" => 0,
        "Add" or "Sub" or "Mul" or "Div" or "Mod" or "Pow" or "PRelu" or "Equal" or "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual" or "MatMul" or "Gemm" or "Concat" => 2,
        "LayerNormalization" or "QuantizeLinear" or "DequantizeLinear" or "MatMulInteger" => 2,
        "Clip" or "Slice" => 3,
        "BatchNormalization" => 5,
        _ => Indexed.Contains(name) ? 2 : 1,
    };

    private static long Integer(Random random) => random.Next(4) == 0 ? Odd[random.Next(Odd.Length)] : random.Next(-3, 4);

    private static HostTensor Indices(Random random)
    {
        int[] shape = random.Next(3) switch { 0 => [], 1 => [random.Next(4)], _ => [random.Next(3), random.Next(3)] };
        long[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (product, extent) => product * extent)).Select(_ => Integer(random))];
        return random.Next(4) == 0
            ? HostTensor.Of<int>(ElementType.Int32, [.. shape], [.. values.Select(value => (int)value)])
            : HostTensor.Integers([.. shape], values);
    }

    private static int[] Shape(Random random) => [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(6) == 0 ? 0 : random.Next(1, 4))];

    private static HostTensor Tensor(Random random, ElementType? ofType, int[]? ofShape = null)
    {
        var type = ofType ?? (ElementType)random.Next(13);
        var shape = ofShape ?? Shape(random);
        var data = new byte[shape.Aggregate(1, (product, extent) => product * extent) * HostTensor.SizeOf(type)];
        if (type == ElementType.Bool)
        {
            for (var i = 0; i < data.Length; i++)
            {
                data[i] = (byte)random.Next(2);
            }
        }
        else if (random.Next(2) == 0)
        {
            random.NextBytes(data);
        }
        else if (type == ElementType.Float32)
        {
            for (var i = 0; i < data.Length; i += 4)
            {
                BitConverter.TryWriteBytes(data.AsSpan(i), (float)random.Next(-4, 5));
            }
        }

        return new HostTensor(type, [.. shape], data);
    }

    private static string Describe(OnnxNode node, ImmutableArray<HostTensor?> inputs) =>
        $"{node.Operator}({string.Join(", ", inputs.Select(input => $"{input}"))}) {{{string.Join(", ", node.Attributes.Select(pair => $"{pair.Key}={Value(pair.Value)}"))}}}";

    private static string Value(object value) => value is ImmutableArray<long> list ? $"[{string.Join(", ", list)}]" : $"{value}";
}
