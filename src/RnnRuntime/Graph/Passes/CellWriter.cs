using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace RnnRuntime.Graph.Passes;

/// <summary>Writes a recognised cell as a sequence of one step, with views where its tensors have other shapes.</summary>
internal sealed class CellWriter(GraphIndex index, ConstantMaker constants)
{
    /// <summary>The nodes in their order; null where the weights are too many for a tensor, or a sum of several is no finite float32.</summary>
    public ImmutableArray<Node>? Write(CellMatch match)
    {
        var (streams, units, stem) = (match.Streams, match.Units, match.Place.Name);
        var width = match.Sources.Sum(source => (long)source.Columns);
        if (match.Gates.Length * units * Math.Max(width, units) > Array.MaxLength / sizeof(float))
        {
            return null;
        }

        var columns = (int)width;
        var inputWeights = Matrix(match, gate => gate.InputTerms, columns, FirstColumns(match));
        var recurrentWeights = Matrix(match, gate => gate.HiddenTerms, units, new Dictionary<ElementRun, int>());
        var inputBias = Bias(match, gate => gate.InputBias);
        var recurrentBias = match.ResetAfter ? Bias(match, gate => gate.HiddenBias) : [];
        if (!new[] { inputWeights, recurrentWeights, inputBias, recurrentBias }.All(values => values.All(float.IsFinite)))
        {
            return null;
        }

        var nodes = ImmutableArray.CreateBuilder<Node>();
        var parts = match.Sources.Select(source => Shaped(source.Source, streams, source.Columns)).ToImmutableArray();
        var input = parts[0];
        if (parts.Length > 1)
        {
            input = NewValue(1, streams, columns);
            nodes.Add(new ConcatNode(index.NewName(stem), parts, input, 2));
        }

        var state = new TensorShape(streams, units);
        var hidden = ShapedTo(match.Hidden, state);
        var cellState = match.CellState is { } cell ? ShapedTo(cell, state) : null;
        var newHidden = match.NewHidden.Shape == state ? match.NewHidden : NewValue(streams, units);
        var newCell = match.NewCell is null || match.NewCell.Shape == state ? match.NewCell : NewValue(streams, units);
        nodes.Add(new SequenceNode(
            index.NewName(stem), match.Cell, input, null, hidden, cellState, NewValue(1, streams, units), newHidden, newCell,
            new Weights(constants.Floats($"{stem}.input_weights", inputWeights, inputBias.Length, columns), null),
            new Weights(constants.Floats($"{stem}.recurrent_weights", recurrentWeights, inputBias.Length, units), null),
            constants.Floats($"{stem}.input_bias", inputBias, inputBias.Length),
            match.ResetAfter ? constants.Floats($"{stem}.recurrent_bias", recurrentBias, recurrentBias.Length) : null,
            null, null, SequenceNode.DefaultActivations(match.Cell), 0, false, false, match.ResetAfter));
        AddResult(newHidden, match.NewHidden);
        if (newCell is not null)
        {
            AddResult(newCell, match.NewCell!);
        }

        return nodes.ToImmutable();

        Value NewValue(params ReadOnlySpan<int> shape) => new(index.NewName(stem), TensorType.Float32, new TensorShape(shape));

        Value Shaped(ElementRun run, int rows, int rowLength) => ShapedTo(run, new TensorShape(1, rows, rowLength));

        Value ShapedTo(ElementRun run, TensorShape shape)
        {
            if (run.Root.Shape == shape)
            {
                return run.Root;
            }

            var view = NewValue(shape.Dimensions.AsSpan());
            nodes.Add(new ViewNode(index.NewName(stem), run.Root, view, [.. ViewNode.RowMajorStrides(shape)], run.Offset));
            return view;
        }

        void AddResult(Value made, Value result)
        {
            if (made != result)
            {
                nodes.Add(new ViewNode(index.NewName(stem), made, result, [.. ViewNode.RowMajorStrides(result.Shape)], 0));
            }
        }
    }

    private static Dictionary<ElementRun, int> FirstColumns(CellMatch match)
    {
        var (first, columns) = (new Dictionary<ElementRun, int>(), 0);
        foreach (var source in match.Sources)
        {
            first.Add(source.Source, columns);
            columns += source.Columns;
        }

        return first;
    }

    /// <summary>The rows of all gates; a source that is not in the map begins at column 0.</summary>
    private static float[] Matrix(CellMatch match, Func<CellGate, ImmutableArray<GateTerm>> terms, int columns, Dictionary<ElementRun, int> firstColumns)
    {
        var matrix = new float[match.Gates.Length * match.Units * columns];
        for (var gate = 0; gate < match.Gates.Length; gate++)
        {
            foreach (var term in terms(match.Gates[gate]))
            {
                var weights = MemoryMarshal.Cast<byte, float>(term.Weights.Values.Data.Span);
                for (var unit = 0; unit < match.Units; unit++)
                {
                    var source = weights.Slice((term.Rows[unit] * term.Weights.Columns) + term.FirstColumn, term.Columns);
                    var row = matrix.AsSpan((((gate * match.Units) + unit) * columns) + firstColumns.GetValueOrDefault(term.Source), term.Columns);
                    for (var i = 0; i < row.Length; i++)
                    {
                        row[i] += match.Gates[gate].IsNegated ? -source[i] : source[i];
                    }
                }
            }
        }

        return matrix;
    }

    private static float[] Bias(CellMatch match, Func<CellGate, double[]?> bias) =>
    [
        .. match.Gates.SelectMany(gate => (bias(gate) ?? new double[match.Units]).Select(number => (float)(gate.IsNegated ? -number : number))),
    ];
}
