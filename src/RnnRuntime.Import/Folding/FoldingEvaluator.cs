using System.Collections.Frozen;
using System.Collections.Immutable;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Runs a node whose inputs are all known. Exact for integers and moved data; floats are computed in double and rounded once.</summary>
internal static class FoldingEvaluator
{
    private static readonly FrozenDictionary<string, Func<NodeArguments, ImmutableArray<HostTensor?>>> Operators = Table().ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Names => Operators.Keys;

    /// <summary>The node's outputs, null where one is absent; null where the operator is not one that folds here.</summary>
    /// <param name="node">The node.</param>
    /// <param name="inputs">Parallel to its inputs, null where one is absent.</param>
    /// <param name="opset">Version of the default operator set.</param>
    /// <param name="limits">What a result may take.</param>
    public static ImmutableArray<HostTensor?>? Evaluate(OnnxNode node, ImmutableArray<HostTensor?> inputs, int opset, RnnImportLimits limits)
    {
        if (node.Domain.Length > 0 || !Operators.TryGetValue(node.Operator, out var run))
        {
            return null;
        }

        foreach (var input in inputs)
        {
            if (input is not null)
            {
                ShapeArithmetic.CountElements(node.Location, input.Shape, limits);
            }
        }

        var attributes = new NodeAttributes(node);
        var outputs = run(new NodeArguments(node, attributes, inputs, opset, limits));
        attributes.End();
        return outputs;
    }

    private static Dictionary<string, Func<NodeArguments, ImmutableArray<HostTensor?>>> Table()
    {
        var table = new Dictionary<string, Func<NodeArguments, ImmutableArray<HostTensor?>>>
        {
            ["Split"] = ShapeOperators.Split,
            ["DynamicQuantizeLinear"] = QuantizationOperators.DynamicQuantizeLinear,
            ["LayerNormalization"] = node => HalfPrecision.Around(node, NormalizationOperators.LayerNormalization),
        };

        Exact("QuantizeLinear", QuantizationOperators.QuantizeLinear);
        Exact("DequantizeLinear", QuantizationOperators.DequantizeLinear);
        Exact("MatMulInteger", IntegerProducts.MatMulInteger);
        Exact("Constant", ConstantOperators.Constant);
        Exact("ConstantOfShape", ConstantOperators.ConstantOfShape);
        Exact("Shape", ConstantOperators.Shape);
        Exact("Size", ConstantOperators.Size);
        Exact("EyeLike", ConstantOperators.EyeLike);
        Exact("Cast", CastOperator.Cast);
        Exact("Identity", ShapeOperators.Identity);
        Exact("Reshape", ShapeOperators.Reshape);
        Exact("Transpose", ShapeOperators.Transpose);
        Exact("Squeeze", ShapeOperators.Squeeze);
        Exact("Unsqueeze", ShapeOperators.Unsqueeze);
        Exact("Flatten", ShapeOperators.Flatten);
        Exact("Concat", ShapeOperators.Concat);
        Exact("Slice", ShapeOperators.Slice);
        Exact("Expand", ShapeOperators.Expand);
        Exact("Tile", ShapeOperators.Tile);
        Exact("Pad", PadOperator.Pad);
        Exact("Gather", IndexOperators.Gather);
        Exact("GatherElements", IndexOperators.GatherElements);
        Exact("GatherND", IndexOperators.GatherND);
        Exact("NonZero", IndexOperators.NonZero);
        Exact("OneHot", IndexOperators.OneHot);
        Exact("Trilu", IndexOperators.Trilu);
        Exact("Where", LogicOperators.Where);
        Exact("Not", LogicOperators.Not);
        foreach (var name in (string[])["And", "Or", "Xor"])
        {
            Exact(name, LogicOperators.Combine);
        }

        Wide("ScatterND", ScatterOperator.ScatterND);
        Wide("Range", ConstantOperators.Range);
        Wide("Mod", BinaryOperators.Mod);
        Wide("Pow", BinaryOperators.Pow);
        Wide("PRelu", BinaryOperators.PRelu);
        Wide("Clip", UnaryOperators.Clip);
        Wide("CumSum", ReduceOperators.CumSum);
        Wide("BatchNormalization", NormalizationOperators.BatchNormalization);
        Wide("Gemm", ProductOperators.Gemm);
        Wide("MatMul", ProductOperators.MatMul);
        All(LogicOperators.Compare, "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual");
        All(BinaryOperators.Two, "Add", "Sub", "Mul", "Div");
        All(BinaryOperators.Several, "Min", "Max", "Sum");
        All(UnaryOperators.Number, "Neg", "Abs", "Sign", "Relu");
        All(UnaryOperators.Float, "Sqrt", "Exp", "Log", "Floor", "Ceil", "Round", "Reciprocal", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Erf", "Softplus", "Softsign", "HardSigmoid");
        All(ReduceOperators.Reduce, "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd");
        All(ReduceOperators.ArgExtreme, "ArgMax", "ArgMin");
        All(NormalizationOperators.Softmax, "Softmax", "LogSoftmax");
        return table;

        void Exact(string name, Func<NodeArguments, HostTensor> run) => table.Add(name, node => [run(node)]);

        void Wide(string name, Func<NodeArguments, HostTensor> run) => table.Add(name, node => HalfPrecision.Around(node, wide => [run(wide)]));

        void All(Func<NodeArguments, HostTensor> run, params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                Wide(name, run);
            }
        }
    }
}
