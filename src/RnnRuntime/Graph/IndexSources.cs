using System.Collections.Immutable;

namespace RnnRuntime.Graph;

/// <summary>A value whose elements are looked up with, where they first enter.</summary>
/// <param name="Value">The value.</param>
/// <param name="Origin">Index of the node that makes it, or -1 for an input. A pick stands for its fill.</param>
/// <param name="Limit">What every element has to be below; none is negative.</param>
/// <param name="Consumer">Index of the look-up that sets the limit.</param>
internal readonly record struct IndexSource(Value Value, int Origin, int Limit, int Consumer);

/// <summary>
/// Where the indices of embeddings and gathers come from. Indices are checked where they enter and nowhere else, so between an entry and a
/// look-up only nodes that move data (view, concat, pick) may lie.
/// </summary>
internal static class IndexSources
{
    /// <summary>
    /// Every entry once, with the smallest of its limits. A node that neither moves data nor is a constant is an entry too:
    /// <see cref="GraphValidator"/> refuses it. Nodes have to be in order and to keep their shape rules.
    /// </summary>
    public static ImmutableArray<IndexSource> Of(RnnGraph graph)
    {
        var limits = new Dictionary<Value, (int Limit, int Consumer)>();
        var sources = ImmutableArray.CreateBuilder<IndexSource>();
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            foreach (var output in node.Outputs)
            {
                if (!limits.TryGetValue(output, out var limit))
                {
                    continue;
                }

                if (node is ViewNode or ConcatNode or PickNode)
                {
                    foreach (var input in node.Inputs)
                    {
                        Narrow(input, limit.Limit, limit.Consumer);
                    }
                }

                if (node is not (ViewNode or ConcatNode))
                {
                    sources.Add(new IndexSource(output, i, limit.Limit, limit.Consumer));
                }
            }

            switch (node)
            {
                case EmbeddingNode embedding:
                    Narrow(embedding.Indices, embedding.Table.Rows, i);
                    break;
                case GatherNode gather:
                    Narrow(gather.Indices, gather.Data.Shape[gather.Axis], i);
                    break;
            }
        }

        foreach (var input in graph.InputValues)
        {
            if (limits.TryGetValue(input, out var limit))
            {
                sources.Add(new IndexSource(input, -1, limit.Limit, limit.Consumer));
            }
        }

        return sources.ToImmutable();

        void Narrow(Value indices, int limit, int consumer)
        {
            if (!limits.TryGetValue(indices, out var known) || limit < known.Limit)
            {
                limits[indices] = (limit, consumer);
            }
        }
    }

    /// <summary>What the elements of inputs have to be below. An input that nothing looks up with is not here and takes any number.</summary>
    public static Dictionary<Value, int> InputLimits(RnnGraph graph) =>
        Of(graph).Where(source => source.Origin < 0).ToDictionary(source => source.Value, source => source.Limit);
}
