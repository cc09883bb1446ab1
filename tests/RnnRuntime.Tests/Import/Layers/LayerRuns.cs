using System.Globalization;
using System.Text;
using RnnRuntime.Import;
using RnnRuntime.Import.Layers;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>Runs what an importer made, and reads golden vectors.</summary>
internal static class LayerRuns
{
    public static RnnImportOptions Options { get; } = new();

    public static RnnImportLimits Limits { get; } = new();

    /// <summary>All steps of one stream, from the initial state.</summary>
    public static float[] Run(RnnGraph graph, ReadOnlySpan<float> x)
    {
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession();
        return Run(session, x);
    }

    public static float[] Run(RnnSession session, ReadOnlySpan<float> x)
    {
        var model = session.Model;
        var y = new float[x.Length / (model.Inputs[0].Shape.ElementCount * session.Streams) * model.Outputs[0].Shape.ElementCount * session.Streams];
        session.Run(x, y);
        return y;
    }

    public static RnnGraph ReadJson(string json, string? topology = null) =>
        LayerFiles.ReadJson(Encoding.UTF8.GetBytes(json), Options with { Topology = topology });

    public static NamedTensors Named(params (string Name, HostTensor Tensor)[] tensors) =>
        new("safetensors", [.. tensors.Select(tensor => KeyValuePair.Create(tensor.Name, tensor.Tensor))]);

    public static float[] ReadCsv(string path) =>
        [.. File.ReadLines(path).SelectMany(line => line.Split(',')).Select(text => float.Parse(text, CultureInfo.InvariantCulture))];

    public static float[] ReadNpy(string path) => TestNpy.Read(path).Values<float>().ToArray();

    public static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs((double)expected[i] - actual[i]) <= tolerance, $"[{i}]: expected {expected[i]}, found {actual[i]}.");
        }
    }

    /// <summary>The error names both of these.</summary>
    public static void Refused(Action read, params ReadOnlySpan<string> parts)
    {
        var error = Assert.Throws<RnnImportException>(read);
        foreach (var part in parts)
        {
            Assert.Contains(part, error.Message);
        }
    }
}
