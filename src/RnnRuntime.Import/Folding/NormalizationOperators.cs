using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Softmax and the normalisations, in their inference form.</summary>
internal static class NormalizationOperators
{
    /// <summary>Before opset 13 the axis splits the shape in two and the rows of that matrix are normalised; since then one axis is.</summary>
    public static HostTensor Softmax(NodeArguments node)
    {
        node.Expect(1, 1);
        var x = node.Required(0, "input");
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", node.Opset < 13 ? 1 : -1), x.Rank);
        var last = node.Opset < 13 ? x.Rank : axis + 1;
        return NumberTypes.DispatchFloat(node, x.Type, new SoftmaxFunction(node, x, axis, last));
    }

    public static HostTensor BatchNormalization(NodeArguments node)
    {
        node.Expect(5, 5);
        var x = node.Required(0, "X");
        node.Attributes.Float("momentum", 0.9f);
        if (node.Opset < 9)
        {
            node.Attributes.Require("spatial", 1);
        }

        if (node.Opset >= 14)
        {
            node.Attributes.Require("training_mode", 0);
        }

        var channels = x.Rank switch
        {
            0 => throw node.Error("a scalar", "a tensor of rank 1 or more"),
            1 => 1,
            _ => x.Shape[1],
        };
        var parameters = new double[4][];
        string[] names = ["scale", "B", "mean", "var"];
        for (var i = 0; i < names.Length; i++)
        {
            var tensor = node.Required(i + 1, names[i]);
            parameters[i] = tensor.Shape is [var extent] && extent == channels
                ? CastOperator.Convert(node, tensor, ElementType.Float64).Values<double>().ToArray()
                : throw node.Error(names[i], $"{tensor}", $"a shape of [{channels}]");
        }

        return NumberTypes.DispatchFloat(node, x.Type, new BatchFunction(node, x, parameters, node.Attributes.Float("epsilon", 1e-5f)));
    }

    /// <summary>Result, mean and inverse standard deviation; the latter two in float32 unless the data is wider.</summary>
    public static ImmutableArray<HostTensor?> LayerNormalization(NodeArguments node)
    {
        node.Expect(2, 3, 3);
        var (x, scale, bias) = (node.Required(0, "X"), node.Required(1, "Scale"), node.Optional(2, "B"));
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", -1), x.Rank);
        var epsilon = node.Attributes.Float("epsilon", 1e-5f);
        node.Attributes.Require("stash_type", 1);
        NumberTypes.CheckSame(node, x, scale);
        NumberTypes.CheckSame(node, x, bias ?? x);
        scale = DataMovement.Stretched(node, Checked(scale, "Scale"), x.Shape);
        bias = bias is null ? null : DataMovement.Stretched(node, Checked(bias, "B"), x.Shape);

        ImmutableArray<int> statisticsShape = [.. x.Shape.Select((extent, i) => i < axis ? extent : 1)];
        var (means, deviations) = (Statistics(node, statisticsShape), Statistics(node, statisticsShape));
        var y = NumberTypes.DispatchFloat(node, x.Type, new LayerFunction(node, x, scale, bias, axis, epsilon, means, deviations));
        HostTensor?[] all = [y, new(ElementType.Float32, statisticsShape, means), new(ElementType.Float32, statisticsShape, deviations)];
        return [.. all.Select((tensor, i) => node.HasOutput(i) ? tensor : null).Take(node.Outputs)];

        HostTensor Checked(HostTensor parameter, string name)
        {
            ShapeArithmetic.CheckBroadcastsTo($"{node.Location}, input {name}", parameter.Shape, x.Shape);
            return parameter;
        }
    }

    private static byte[] Statistics(NodeArguments node, ImmutableArray<int> shape) => node.Allocate(ElementType.Float32, shape);

    private readonly record struct SoftmaxFunction(NodeArguments Node, HostTensor X, int First, int Last) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var result = Node.Allocate(X.Type, X.Shape);
            var values = X.Values<T>();
            var results = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            var (extent, inner) = (DataMovement.Product(X.Shape, First, Last), DataMovement.Product(X.Shape, Last, X.Rank));
            for (var line = 0; results.Length > 0 && line < results.Length / extent; line++)
            {
                var start = (line / inner * extent * inner) + (line % inner);
                var maximum = double.NegativeInfinity;
                for (var i = 0; i < extent; i++)
                {
                    maximum = Math.Max(maximum, double.CreateTruncating(values[start + (i * inner)]));
                }

                var sum = 0.0;
                for (var i = 0; i < extent; i++)
                {
                    sum += Math.Exp(double.CreateTruncating(values[start + (i * inner)]) - maximum);
                }

                for (var i = 0; i < extent; i++)
                {
                    var shifted = double.CreateTruncating(values[start + (i * inner)]) - maximum;
                    results[start + (i * inner)] = T.CreateTruncating(Node.Operator == "Softmax" ? Math.Exp(shifted) / sum : shifted - Math.Log(sum));
                }
            }

            return new HostTensor(X.Type, X.Shape, result);
        }
    }

    private readonly record struct BatchFunction(NodeArguments Node, HostTensor X, double[][] Parameters, double Epsilon) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var result = Node.Allocate(X.Type, X.Shape);
            var values = X.Values<T>();
            var results = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            var (scale, bias, mean, variance) = (Parameters[0], Parameters[1], Parameters[2], Parameters[3]);
            var inner = X.Rank < 2 ? results.Length : DataMovement.Product(X.Shape, 2, X.Rank);
            for (var i = 0; i < results.Length; i++)
            {
                var channel = i / inner % scale.Length;
                var normal = (double.CreateTruncating(values[i]) - mean[channel]) / Math.Sqrt(variance[channel] + Epsilon);
                results[i] = T.CreateTruncating((normal * scale[channel]) + bias[channel]);
            }

            return new HostTensor(X.Type, X.Shape, result);
        }
    }

    private readonly record struct LayerFunction(
        NodeArguments Node, HostTensor X, HostTensor Scale, HostTensor? Bias, int Axis, double Epsilon, byte[] Means, byte[] Deviations) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var result = Node.Allocate(X.Type, X.Shape);
            var values = X.Values<T>();
            var results = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            var scales = Scale.Values<T>();
            var biases = Bias is null ? [] : Bias.Values<T>();
            var means = MemoryMarshal.Cast<byte, float>(Means.AsSpan());
            var deviations = MemoryMarshal.Cast<byte, float>(Deviations.AsSpan());
            var extent = DataMovement.Product(X.Shape, Axis, X.Rank);
            for (var row = 0; row < means.Length; row++)
            {
                var (start, sum, squares) = (row * extent, 0.0, 0.0);
                for (var i = start; i < start + extent; i++)
                {
                    sum += double.CreateTruncating(values[i]);
                }

                var mean = sum / extent;
                for (var i = start; i < start + extent; i++)
                {
                    var distance = double.CreateTruncating(values[i]) - mean;
                    squares += distance * distance;
                }

                var inverse = 1 / Math.Sqrt((squares / extent) + Epsilon);
                (means[row], deviations[row]) = ((float)mean, (float)inverse);
                for (var i = start; i < start + extent; i++)
                {
                    var normal = (double.CreateTruncating(values[i]) - mean) * inverse * double.CreateTruncating(scales[i]);
                    results[i] = T.CreateTruncating(normal + (biases.IsEmpty ? 0 : double.CreateTruncating(biases[i])));
                }
            }

            return new HostTensor(X.Type, X.Shape, result);
        }
    }
}
