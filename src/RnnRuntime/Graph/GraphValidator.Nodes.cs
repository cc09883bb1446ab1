using System.Runtime.InteropServices;

namespace RnnRuntime.Graph;

/// <content>The rules for nodes.</content>
internal sealed partial class GraphValidator
{
    private void CheckNodes()
    {
        if (_graph.Nodes.Length > MaxNodes)
        {
            throw new RnnFormatException("graph", "nodes", $"{_graph.Nodes.Length} nodes", $"at most {MaxNodes}");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < _graph.Nodes.Length; i++)
        {
            var node = _graph.Nodes[i];
            var section = $"graph.nodes[{i}]";
            CheckUnique(section, names, node.Name, "node");
            foreach (var input in node.Inputs)
            {
                CheckDefined(section, "inputs", input, "a value defined by an input, a state or an earlier node");
            }

            ShapeRules.Check(node, section);
            foreach (var constant in node.Constants)
            {
                CheckConstant(constant);
            }

            foreach (var matrix in NodeWeights.Of(node))
            {
                CheckScalesAndFactors(matrix.Weights);
            }

            CheckParameters(node, section);
            if (node is PickNode pick)
            {
                CheckMap(pick, section);
            }

            foreach (var output in node.Outputs)
            {
                Define(section, "outputs", output);
            }
        }
    }

    private static void CheckParameters(Node node, string section)
    {
        switch (node)
        {
            case UnaryNode unary:
                OperatorParameters.Check(section, "attributes", unary.Function, unary.Alpha, unary.Beta);
                break;
            case FusedNode fused:
                for (var i = 0; i < fused.Operations.Length; i++)
                {
                    OperatorParameters.Check(section, $"attributes.operations[{i}]", fused.Operations[i].Unary, fused.Operations[i].Alpha, fused.Operations[i].Beta);
                }

                break;
            case SequenceNode sequence:
                for (var i = 0; i < sequence.Activations.Length; i++)
                {
                    OperatorParameters.Check(
                        section, $"attributes.activations[{i}]", sequence.Activations[i].Function, sequence.Activations[i].Alpha, sequence.Activations[i].Beta);
                }

                break;
        }
    }

    private void CheckMap(PickNode pick, string section)
    {
        if (pick.Sources.IsEmpty)
        {
            throw new RnnFormatException(section, "inputs.sources", "none", "at least one source");
        }

        var elements = pick.Sources.Sum(source => (long)source.Shape.ElementCount);
        var (least, greatest) = RangeOf(pick.Map);
        if (least < -1 || greatest >= elements)
        {
            throw new RnnFormatException(section, "tensors.map", $"{(least < -1 ? least : greatest)}", $"-1 to {elements - 1}");
        }
    }

    private void CheckIndices()
    {
        foreach (var source in IndexSources.Of(_graph))
        {
            var range = $"0 to {source.Limit - 1}, as {Names.Quote(_graph.Nodes[source.Consumer].Name)} looks up with it";
            switch (source.Origin < 0 ? null : _graph.Nodes[source.Origin])
            {
                case null:
                    break;
                case PickNode pick:
                    if (!(pick.Fill >= 0 && (double)pick.Fill < source.Limit))
                    {
                        throw new RnnFormatException($"graph.nodes[{source.Origin}]", "attributes.fill", $"{pick.Fill}", range);
                    }

                    break;
                case ConstantNode constant:
                    var (least, greatest) = RangeOf(constant.Data);
                    if (least < 0 || greatest >= source.Limit)
                    {
                        throw new RnnFormatException($"graph.nodes[{source.Origin}]", "tensors.data", $"{(least < 0 ? least : greatest)}", range);
                    }

                    break;
                case var node:
                    throw new RnnFormatException(
                        $"graph.nodes[{source.Consumer}]", "inputs.indices", $"indices that {node.Operator} {Names.Quote(node.Name)} computes",
                        "those of an input or a constant, moved by view, concat and pick only");
            }
        }
    }

    /// <summary>The least and the greatest element of an int32 tensor; its bytes are walked once, however many nodes share it.</summary>
    private (int Least, int Greatest) RangeOf(Constant constant)
    {
        if (!_ranges.TryGetValue(constant, out var range))
        {
            range = (int.MaxValue, int.MinValue);
            foreach (var element in MemoryMarshal.Cast<byte, int>(constant.Data.Span))
            {
                range = (Math.Min(range.Least, element), Math.Max(range.Greatest, element));
            }

            _ranges.Add(constant, range);
        }

        return range;
    }

    private void CheckScalesAndFactors(Weights weights)
    {
        if (weights.Factors is { } factors && _factors.Add(factors))
        {
            var values = MemoryMarshal.Cast<byte, float>(factors.Data.Span);
            for (var i = 0; i < values.Length; i++)
            {
                if (!(values[i] > 0))
                {
                    throw new RnnFormatException($"tensor {factors.Name}", $"data[{i}]", $"{values[i]}", "a factor above 0");
                }
            }
        }

        if (weights.Scales is { } scales && _scales.Add(scales))
        {
            var values = MemoryMarshal.Cast<byte, float>(scales.Data.Span);
            for (var i = 0; i < values.Length; i++)
            {
                if (!(values[i] >= 0))
                {
                    throw new RnnFormatException($"tensor {scales.Name}", $"data[{i}]", $"{values[i]}", "a scale of at least 0");
                }
            }
        }
    }
}
