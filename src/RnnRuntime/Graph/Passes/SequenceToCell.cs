using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// A sequence of one step of one stream is a cell. Its state may then live in the node, where many time steps of a call run at once: a
/// state that is only reshaped on its way to the cell and back takes the cell's shape.
/// </summary>
internal static class SequenceToCell
{
    public static RnnGraph Run(RnnGraph graph)
    {
        var index = new GraphIndex(graph);
        var nodes = ImmutableArray.CreateBuilder<Node>();
        foreach (var node in graph.Nodes)
        {
            if (node is SequenceNode sequence && IsPlainCell(sequence))
            {
                AddCell(sequence, nodes, index);
            }
            else
            {
                nodes.Add(node);
            }
        }

        return ReshapeStates(new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, nodes.ToImmutable(), graph.Metadata));
    }

    private static bool IsPlainCell(SequenceNode node) =>
        node.Input.Shape[0] == 1 && node.Input.Shape[1] == 1 && node.Lengths is null && node.Clip == 0 && node.Peepholes is null &&
        node.Projection is null && !node.InputForget && (node.Cell == SequenceCell.Rnn
            ? node.Activations[0].Function is UnaryOperator.Tanh or UnaryOperator.Relu or UnaryOperator.Identity
            : node.Activations.SequenceEqual(SequenceNode.DefaultActivations(node.Cell)));

    private static void AddCell(SequenceNode node, ImmutableArray<Node>.Builder nodes, GraphIndex index)
    {
        var input = Flat(node.Input);
        var hidden = Flat(node.Hidden);
        var newHidden = NewValue(node.NewHidden);
        switch (node.Cell)
        {
            case SequenceCell.Lstm:
                var (cell, newCell) = (Flat(node.CellState!), NewValue(node.NewCell!));
                nodes.Add(new LstmNode(node.Name, input, hidden, cell, newHidden, newCell, node.InputWeights, node.RecurrentWeights, node.InputBias));
                Shaped(newCell, node.NewCell!);
                break;
            case SequenceCell.Gru:
                nodes.Add(new GruNode(
                    node.Name, input, hidden, newHidden, node.InputWeights, node.RecurrentWeights, node.InputBias, node.RecurrentBias, node.ResetAfter));
                break;
            default:
                nodes.Add(new RnnNode(
                    node.Name, input, hidden, newHidden, node.InputWeights, node.RecurrentWeights, node.InputBias, node.Activations[0].Function));
                break;
        }

        Shaped(newHidden, node.NewHidden);
        Shaped(newHidden, node.Output);

        Value NewValue(Value model) => new(index.NewName(model.Name), model.Type, new TensorShape(model.Shape.ElementCount));

        Value Flat(Value value)
        {
            var flat = NewValue(value);
            nodes.Add(new ViewNode(index.NewName(node.Name), value, flat, [1], 0));
            return flat;
        }

        void Shaped(Value value, Value target) =>
            nodes.Add(new ViewNode(index.NewName(node.Name), value, target, [.. ViewNode.RowMajorStrides(target.Shape)], 0));
    }

    private static RnnGraph ReshapeStates(RnnGraph graph)
    {
        graph = DeadCode.Run(ViewComposition.Run(graph));
        var (index, maker) = (new GraphIndex(graph), new ConstantMaker(graph));
        var replaced = new Dictionary<Value, Value>();
        var states = ImmutableArray.CreateBuilder<StateVariable>();
        foreach (var state in graph.StateVariables)
        {
            var readers = index.Readers(state.Input);
            if (!index.IsKept(state.Input) && readers is [ViewNode reader] && IsReshape(reader) && index.Producer<ViewNode>(state.Output) is { } writer &&
                IsReshape(writer) && writer.Input.Shape == reader.Output.Shape)
            {
                var input = new Value(state.Input.Name, state.Input.Type, reader.Output.Shape);
                replaced.Add(reader.Output, input);
                var initial = state.Initial is { } known ? maker.Of(known.Name, known.Type, input.Shape, known.Data) : null;
                states.Add(state with { Input = input, Output = writer.Input, Initial = initial });
            }
            else
            {
                states.Add(state);
            }
        }

        var reshaped = new RnnGraph(
            graph.InputValues, graph.OutputValues, states.ToImmutable(), [.. graph.Nodes.Where(node => !replaced.ContainsKey(node.Outputs[0]))], graph.Metadata);
        return DeadCode.Run(NodeRewriter.Rebuild(reshaped, reshaped.Nodes, replaced));
    }

    private static bool IsReshape(ViewNode view) =>
        view.Offset == 0 && view.IsContiguous && view.Output.Shape.ElementCount == view.Input.Shape.ElementCount;
}
