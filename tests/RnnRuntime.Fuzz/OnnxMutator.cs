using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using RnnRuntime.Import.Onnx.Proto;
using AttributeKind = RnnRuntime.Import.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Fuzz;

/// <summary>Changes of ONNX files: of the decoded messages, which gets past the reader, or of their bytes.</summary>
internal static class OnnxMutator
{
    private static readonly float[] Numbers = [0, 1, -1, 0.5f, -0.5f, 2, 1e-30f, 1e30f, float.MaxValue, float.NaN, float.PositiveInfinity];
    private static readonly string[] Texts =
        ["", "forward", "reverse", "bidirectional", "SAME_UPPER", "SAME_LOWER", "VALID", "constant", "reflect", "edge", "Sigmoid", "Tanh", "Relu", "Affine", "ij,jk->ik", "add", "none", "\uD83D"];

    public static FuzzCase Mutate(FuzzCase[] cases, Random random)
    {
        var (chosen, other) = ContainerMutators.Choose(cases, random);
        if (random.Next(5) == 0)
        {
            return chosen with { File = ByteMutator.Mutate(chosen.File, random, () => other().File) };
        }

        var model = ModelProto.Parser.ParseFrom(chosen.File);
        for (var changes = random.Next(3) == 0 ? random.Next(2, 6) : 1; changes > 0; changes--)
        {
            Change(model, random, () => ModelProto.Parser.ParseFrom(other().File));
        }

        var file = model.ToByteArray();
        return chosen with { File = random.Next(12) == 0 ? ByteMutator.Mutate(file, random, () => other().File) : file };
    }

    private static void Change(ModelProto model, Random random, Func<ModelProto> other)
    {
        var graph = Pick(Graphs(model.Graph).ToArray(), random)!;
        switch (random.Next(20))
        {
            case 0 when model.OpsetImport.Count > 0:
                model.OpsetImport[0].Version = random.Next(2) == 0 ? random.Next(1, 25) : ByteMutator.Integer(random);
                break;
            case 1:
                ChangeValue(Pick(graph.Input, random), random);
                break;
            case 2:
                if (Pick(graph.Output, random) is { } output && Pick(Names(graph), random) is { } shown)
                {
                    output.Name = shown;
                }

                break;
            case 3:
            case 4:
            case 5:
                ChangeTensor(Pick([.. graph.Initializer, .. graph.Node.SelectMany(node => node.Attribute).Select(attribute => attribute.T).OfType<TensorProto>()], random), random);
                break;
            case 6:
                var donor = Pick(Graphs(other().Graph).ToArray(), random)!;
                graph.Node.Insert(random.Next(graph.Node.Count + 1), Rewired(Pick(donor.Node, random), graph, random));
                graph.Initializer.Add(donor.Initializer.Where(tensor => random.Next(2) == 0 && graph.Initializer.All(known => known.Name != tensor.Name)));
                break;
            case 7:
                if (Pick(graph.Node, random) is { } duplicated)
                {
                    graph.Node.Insert(random.Next(graph.Node.Count), Rewired(duplicated, graph, random));
                }

                break;
            case 8 when graph.Node.Count > 1:
                graph.Node.RemoveAt(random.Next(graph.Node.Count));
                break;
            case 9 when random.Next(3) == 0:
                // The same chain over and over: growth that repeats.
                var last = graph.Output.FirstOrDefault()?.Name;
                for (var i = random.Next(1, 60); i > 0 && last is not null && Pick(graph.Node, random) is { } repeated; i--)
                {
                    var node = repeated.Clone();
                    node.Name = $"again{i}";
                    Replace(node.Input, random, last);
                    node.Output.Clear();
                    node.Output.Add(last = $"again{i}.{random.Next(1000)}");
                    graph.Node.Add(node);
                }

                if (graph.Output.Count > 0 && last is not null)
                {
                    graph.Output[0].Name = last;
                }

                break;
            default:
                ChangeNode(Pick(graph.Node, random), graph, random, other);
                break;
        }
    }

    private static void ChangeNode(NodeProto? node, GraphProto graph, Random random, Func<ModelProto> other)
    {
        if (node is null)
        {
            return;
        }

        switch (random.Next(14))
        {
            case 0:
                node.OpType = Pick(other().Graph.Node, random)?.OpType ?? "If";
                break;
            case 1 when node.Input.Count > 1:
                var (a, b) = (random.Next(node.Input.Count), random.Next(node.Input.Count));
                (node.Input[a], node.Input[b]) = (node.Input[b], node.Input[a]);
                break;
            case 2:
                Replace(node.Input, random, Pick(Names(graph), random) ?? "");
                break;
            case 3:
                node.Input.Add(random.Next(3) == 0 ? "" : Pick(Names(graph), random) ?? "");
                break;
            case 4 when node.Input.Count > 0:
                node.Input.RemoveAt(random.Next(node.Input.Count));
                break;
            case 5:
                node.Output.Add(random.Next(3) == 0 ? "" : $"more{random.Next(100)}");
                break;
            case 6 when node.Output.Count > 0:
                Replace(node.Output, random, random.Next(2) == 0 ? "" : Pick(Names(graph), random) ?? "");
                break;
            case 7 when node.Attribute.Count > 0:
                node.Attribute.RemoveAt(random.Next(node.Attribute.Count));
                break;
            case 8:
                if (Pick(other().Graph.Node, random) is { Attribute.Count: > 0 } donor && Pick(donor.Attribute, random) is { } attribute && node.Attribute.All(known => known.Name != attribute.Name))
                {
                    node.Attribute.Add(attribute.Clone());
                }

                break;
            default:
                ChangeAttribute(Pick(node.Attribute, random), random);
                break;
        }
    }

    private static void ChangeAttribute(AttributeProto? attribute, Random random)
    {
        switch (attribute?.Type)
        {
            case AttributeKind.Int:
                attribute.I = ByteMutator.Integer(random);
                break;
            case AttributeKind.Float:
                attribute.F = Numbers[random.Next(Numbers.Length)];
                break;
            case AttributeKind.String:
                attribute.S = ByteString.CopyFromUtf8(Texts[random.Next(Texts.Length)]);
                break;
            case AttributeKind.Ints:
                ChangeList(attribute.Ints, random, () => ByteMutator.Integer(random));
                break;
            case AttributeKind.Floats:
                ChangeList(attribute.Floats, random, () => Numbers[random.Next(Numbers.Length)]);
                break;
            case AttributeKind.Strings:
                ChangeList(attribute.Strings, random, () => ByteString.CopyFromUtf8(Texts[random.Next(Texts.Length)]));
                break;
            case AttributeKind.Tensor:
                ChangeTensor(attribute.T, random);
                break;
        }

        if (attribute is not null && random.Next(12) == 0)
        {
            attribute.Type = (AttributeKind)random.Next(0, 15);
        }
    }

    private static void ChangeValue(ValueInfoProto? value, Random random)
    {
        if (value?.Type?.TensorType is not { } tensor)
        {
            return;
        }

        switch (random.Next(6))
        {
            case 0:
                tensor.ElemType = (DataType)random.Next(0, 17);
                break;
            case 1:
                tensor.Shape?.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = random.Next(1, 4) });
                break;
            case 2 when tensor.Shape is { Dim.Count: > 0 }:
                tensor.Shape.Dim.RemoveAt(random.Next(tensor.Shape.Dim.Count));
                break;
            default:
                if (Pick(tensor.Shape?.Dim ?? [], random) is { } dimension)
                {
                    dimension.DimValue = random.Next(4) == 0 ? ByteMutator.Integer(random) : 1L << random.Next(0, 11);
                }

                break;
        }
    }

    private static void ChangeTensor(TensorProto? tensor, Random random)
    {
        if (tensor is null)
        {
            return;
        }

        switch (random.Next(7))
        {
            case 0:
                ChangeList(tensor.Dims, random, () => ByteMutator.Integer(random));
                break;
            case 1:
                tensor.DataType = (DataType)random.Next(0, 24);
                break;
            case 2:
                tensor.RawData = ByteString.CopyFrom(ByteMutator.Mutate([.. tensor.RawData, 0], random, () => [1, 0, 0, 0, 0, 0, 0, 0]));
                break;
            case 3:
                // As many values as the shape says, so that only their number is new.
                var count = random.Next(0, 9);
                tensor.Dims.Clear();
                tensor.Dims.Add(count);
                tensor.FloatData.Clear();
                tensor.RawData = ByteString.CopyFrom(Enumerable.Range(0, count).SelectMany(_ => Bytes(tensor.DataType, random)).ToArray());
                break;
            default:
                var size = Bytes(tensor.DataType, random).Length;
                var bytes = tensor.RawData.ToByteArray();
                if (bytes.Length >= size && size > 0)
                {
                    Bytes(tensor.DataType, random).CopyTo(bytes, random.Next(bytes.Length / size) * size);
                    tensor.RawData = ByteString.CopyFrom(bytes);
                }
                else if (tensor.FloatData.Count > 0)
                {
                    tensor.FloatData[random.Next(tensor.FloatData.Count)] = Numbers[random.Next(Numbers.Length)];
                }

                break;
        }
    }

    private static byte[] Bytes(DataType type, Random random) => type switch
    {
        DataType.Int64 or DataType.Uint64 => BitConverter.GetBytes(random.Next(3) == 0 ? 1L << random.Next(0, 21) : ByteMutator.Integer(random)),
        DataType.Int32 or DataType.Uint32 => BitConverter.GetBytes((int)ByteMutator.Integer(random)),
        DataType.Double => BitConverter.GetBytes((double)Numbers[random.Next(Numbers.Length)]),
        DataType.Float => MemoryMarshal.AsBytes(Numbers.AsSpan(random.Next(Numbers.Length), 1)).ToArray(),
        DataType.Bool => [(byte)random.Next(2)],
        _ => [(byte)random.Next(256)],
    };

    private static void ChangeList<T>(RepeatedField<T> list, Random random, Func<T> value)
    {
        switch (random.Next(6))
        {
            case 0:
                list.Add(value());
                break;
            case 1 when list.Count > 0:
                list.RemoveAt(random.Next(list.Count));
                break;
            case 2 when list.Count > 1:
                var (a, b) = (random.Next(list.Count), random.Next(list.Count));
                (list[a], list[b]) = (list[b], list[a]);
                break;
            default:
                if (list.Count > 0)
                {
                    list[random.Next(list.Count)] = value();
                }

                break;
        }
    }

    /// <summary>The node with some inputs of this graph and outputs that nothing has yet.</summary>
    private static NodeProto Rewired(NodeProto? node, GraphProto graph, Random random)
    {
        var copy = node?.Clone() ?? new NodeProto { OpType = "Identity", Input = { "x" }, Output = { "x" } };
        for (var i = 0; i < copy.Input.Count; i++)
        {
            if (random.Next(2) == 0)
            {
                copy.Input[i] = Pick(Names(graph), random) ?? "";
            }
        }

        for (var i = 0; i < copy.Output.Count; i++)
        {
            copy.Output[i] = $"{copy.Output[i]}_{random.Next(10_000)}";
        }

        return copy;
    }

    private static void Replace(RepeatedField<string> names, Random random, string name)
    {
        if (names.Count > 0)
        {
            names[random.Next(names.Count)] = name;
        }
    }

    private static string[] Names(GraphProto graph) =>
        [.. graph.Input.Select(input => input.Name), .. graph.Initializer.Select(tensor => tensor.Name), .. graph.Node.SelectMany(node => node.Output)];

    private static IEnumerable<GraphProto> Graphs(GraphProto? graph) => graph is null ? [] :
        graph.Node.SelectMany(node => node.Attribute).SelectMany(attribute => Graphs(attribute.G)).Prepend(graph);

    private static T? Pick<T>(IReadOnlyList<T> items, Random random)
        where T : class => items.Count == 0 ? null : items[random.Next(items.Count)];
}
