using System.Text.Json;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>The character model's logits and its cross-entropy on held-back text.</summary>
internal static class LanguageModelGolden
{
    public static void Check(RnnGraph graph)
    {
        var folder = SharedModels.Folder("charlm");
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        int[] tokens = [.. TestNpy.Read(Path.Combine(folder, "tokens.npy")).Values<long>().ToArray().Select(token => checked((int)token))];
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession();
        var count = graph.Outputs[0].Shape.ElementCount;
        var logits = new float[(tokens.Length - 1) * count];
        session.Run(tokens.AsSpan(..^1), logits);
        var golden = LayerRuns.ReadNpy(Path.Combine(folder, "logits_first64.npy"));
        LayerRuns.Near(golden, logits.AsSpan(0, golden.Length), manifest.RootElement.GetProperty("atol_logits").GetDouble());

        var bits = 0.0;
        for (var step = 0; step < tokens.Length - 1; step++)
        {
            var row = logits.AsSpan(step * count, count).ToArray();
            var peak = row.Max();
            bits += Math.Log2(row.Sum(logit => Math.Exp(logit - peak))) - ((row[tokens[step + 1]] - peak) / Math.Log(2));
        }

        Assert.Equal(manifest.RootElement.GetProperty("bits_per_char").GetDouble(), bits / (tokens.Length - 1), 1e-5);
    }
}
