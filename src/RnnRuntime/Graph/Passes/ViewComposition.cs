using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// A view of a view is one view where strides can say it, a view that changes nothing is its input, and a view of a constant is a
/// constant.
/// </summary>
internal static class ViewComposition
{
    public static RnnGraph Run(RnnGraph graph)
    {
        var views = new Dictionary<Value, ViewNode>();
        var constants = new Dictionary<Value, ConstantNode>();
        var replaced = new Dictionary<Value, Value>();
        var maker = new ConstantMaker(graph);
        var nodes = ImmutableArray.CreateBuilder<Node>(graph.Nodes.Length);
        foreach (var original in graph.Nodes)
        {
            var node = NodeRewriter.WithInputs(original, value => replaced.GetValueOrDefault(value, value));
            if (node is ViewNode view)
            {
                view = Composed(view, views);
                if (view.Input.Shape == view.Output.Shape && view.Offset == 0 && view.IsContiguous)
                {
                    replaced.Add(view.Output, view.Input);
                    continue;
                }

                node = constants.TryGetValue(view.Input, out var source) ? Folded(view, source, maker) : view;
            }

            if (node is ViewNode kept)
            {
                views.Add(kept.Output, kept);
            }
            else if (node is ConstantNode constant)
            {
                constants.Add(constant.Output, constant);
            }

            nodes.Add(node);
        }

        return NodeRewriter.Rebuild(graph, nodes.ToImmutable(), replaced);
    }

    private static ViewNode Composed(ViewNode view, Dictionary<Value, ViewNode> views)
    {
        while (views.TryGetValue(view.Input, out var inner))
        {
            if (inner.IsContiguous)
            {
                view = view with { Input = inner.Input, Offset = inner.Offset + view.Offset };
                continue;
            }

            var through = ViewStrides.Positions(inner.Output.Shape, inner.Strides.AsSpan(), inner.Offset);
            var positions = ViewStrides.Positions(view.Output.Shape, view.Strides.AsSpan(), view.Offset);
            for (var i = 0; i < positions.Length; i++)
            {
                positions[i] = through[positions[i]];
            }

            if (ViewStrides.Find(positions, view.Output.Shape) is not { } strides)
            {
                return view;
            }

            view = view with { Input = inner.Input, Strides = [.. strides], Offset = positions[0] };
        }

        return view;
    }

    private static ConstantNode Folded(ViewNode view, ConstantNode constant, ConstantMaker maker)
    {
        var positions = ViewStrides.Positions(view.Output.Shape, view.Strides.AsSpan(), view.Offset);
        var source = MemoryMarshal.Cast<byte, int>(constant.Data.Data.Span);
        var elements = new int[positions.Length];
        for (var i = 0; i < positions.Length; i++)
        {
            elements[i] = source[positions[i]];
        }

        var data = maker.Of(view.Output.Name, constant.Data.Type, view.Output.Shape, MemoryMarshal.AsBytes(elements.AsSpan()).ToArray());
        return new ConstantNode(view.Name, view.Output, data);
    }
}
