using System.Text.Json;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>Runs a graph of one recurrent module over a PyTorch module's golden input from its initial states.</summary>
internal static class TorchGolden
{
    /// <summary>Every module of the set.</summary>
    public static string[] Modules()
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(SharedModels.Folder("torch"), "manifest.json")));
        return [.. manifest.RootElement.EnumerateArray().Select(module => module.GetProperty("name").GetString()!)];
    }

    /// <summary>As it is read, and after the passes.</summary>
    public static void Check(string name, RnnGraph graph, double tolerance, bool? isBatchFirst = null)
    {
        CheckOne(name, graph, tolerance, isBatchFirst);
        CheckOne(name, GraphPasses.Run(graph), tolerance, isBatchFirst);
    }

    private static void CheckOne(string name, RnnGraph graph, double tolerance, bool? isBatchFirst)
    {
        var folder = SharedModels.Folder("torch");
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        var module = manifest.RootElement.EnumerateArray().Single(each => each.GetProperty("name").GetString() == name);
        var batchFirst = isBatchFirst
            ?? (module.GetProperty("torch_args") is { ValueKind: JsonValueKind.Object } arguments && arguments.TryGetProperty("batch_first", out var flag) && flag.GetBoolean());
        HostTensor? Find(string kind, string each) =>
            File.Exists(Path.Combine(folder, name, $"{kind}_{each}.npy")) ? TestNpy.Read(Path.Combine(folder, name, $"{kind}_{each}.npy")) : null;

        var x = Find("in", "x")!;
        var expected = Find("out", "y")!;
        var streams = x.Shape[batchFirst ? 0 : 1];
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession(streams);
        var states = graph.States.GroupBy(state => state.Name[^1..]).ToDictionary(group => group.Key, group => group.Select(state => state.Name).ToArray());
        foreach (var (kind, names) in states)
        {
            if (Find("in", $"{kind}0") is { } initial)
            {
                var size = initial.Values<float>().Length / names.Length;
                for (var layer = 0; layer < names.Length; layer++)
                {
                    session.SetState(names[layer], initial.Values<float>().Slice(layer * size, size));
                }
            }
        }

        // A stream runs time by time with all streams of a step together; a whole sequence is one step of a stream.
        var exchange = batchFirst != (graph.Inputs[0].Shape.Rank == 2);
        var y = LayerRuns.Run(session, InOrder(x, exchange));
        LayerRuns.Near(InOrder(expected, exchange), y, tolerance);
        foreach (var (kind, names) in states)
        {
            if (Find("out", $"{kind}n") is { } final)
            {
                var size = final.Values<float>().Length / names.Length;
                for (var layer = 0; layer < names.Length; layer++)
                {
                    var state = new float[size];
                    session.GetState(names[layer], state);
                    LayerRuns.Near(final.Values<float>().Slice(layer * size, size), state, tolerance);
                }
            }
        }
    }

    /// <summary>The values as they are, or with the two outer axes exchanged.</summary>
    private static float[] InOrder(HostTensor tensor, bool exchange)
    {
        var values = tensor.Values<float>();
        if (!exchange)
        {
            return values.ToArray();
        }

        var (outer, inner, size) = (tensor.Shape[0], tensor.Shape[1], tensor.Shape[2]);
        var result = new float[values.Length];
        for (var i = 0; i < outer * inner; i++)
        {
            values.Slice(i * size, size).CopyTo(result.AsSpan(((i % inner * outer) + (i / inner)) * size));
        }

        return result;
    }
}
