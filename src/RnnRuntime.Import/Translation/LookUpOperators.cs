using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Look-ups by indices that come with the inputs, and joins.</summary>
internal static class LookUpOperators
{
    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("Gather", Gather);
        handlers.Add("Concat", Concat);
    }

    private static ImmutableArray<Operand?> Gather(NodeContext node)
    {
        var (data, indices) = (node.Operand(0, "data"), node.Operand(1, "indices"));
        if (indices.IsConstant)
        {
            return MovementOperators.Move(node);
        }

        if (indices.Type is not (ElementType.Int32 or ElementType.Int64) || !(data.Type is ElementType.Float32 or ElementType.Bool || QuantizationArguments.IsQuantized(data.Type)))
        {
            throw node.Refuse($"{data} with indices {indices}", "data of float32, bool or integers of 8 or 16 bits with int32 or int64 indices");
        }

        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", 0), data.Shape.Length);
        var emit = node.Emit;
        if (data.IsConstant && data.Type != ElementType.Bool && axis == 0 && data.Shape.Length == 2)
        {
            var table = new RnnRuntime.Graph.Weights(emit.NewConstant($"{node.Location}, input data", data.Constant));
            var row = emit.NewValue(TensorType.Float32, ShapeRules.EmbeddingOutput(node.Location, indices.Value, table));
            emit.Add(new EmbeddingNode(emit.NewNodeName(), indices.Value, row, table));
            return [Operand.Of(row, data.Type)];
        }

        var source = node.ValueOf(data, "data");
        var output = emit.NewValue(TensorType.Float32, ShapeRules.GatherOutput(node.Location, source, indices.Value, axis));
        emit.Add(new GatherNode(emit.NewNodeName(), source, indices.Value, output, axis));
        return [Operand.Of(output, data.Type)];
    }

    private static ImmutableArray<Operand?> Concat(NodeContext node)
    {
        var parts = Enumerable.Range(0, node.InputCount).Select(i => node.Operand(i, $"#{i}")).ToArray();
        if (parts.Any(part => part.Type != parts[0].Type || part.Shape.Length != parts[0].Shape.Length))
        {
            throw node.Refuse(string.Join(", ", (object[])parts), "parts of one type and rank");
        }

        if (!node.Attributes.Has("axis"))
        {
            throw node.Attributes.Error("axis", "nothing", "the axis to join along");
        }

        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", 0), parts[0].Shape.Length);
        ImmutableArray<Value> values = [.. parts.Where(part => !part.Shape.Contains(0)).Select(part => node.ValueOf(part, "part"))];
        return [Operand.Of(node.Emit.Concat(values, axis), parts[0].Type)];
    }
}
