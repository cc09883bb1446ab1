using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Google.Protobuf;
using RnnRuntime.Fuzz;
using RnnRuntime.Import;

namespace RnnRuntime.Tests.Import;

/// <summary>Every third-party model that is imported, by its set; a set that is missing skips the test. The quantised models are made here.</summary>
internal static class ImportedModels
{
    private static readonly ConcurrentDictionary<string, ImmutableArray<(string Name, RnnGraph Graph)>> s_sets = new();

    private const string Quantized = "quantized";

    public static ImmutableArray<string> Sets { get; } = ["silero", "torch", "charlm", "onnx-rnn", "rtneural", "nam", Quantized];

    public static ImmutableArray<(string Name, RnnGraph Graph)> Of(string set)
    {
        if (set == Quantized)
        {
            return s_sets.GetOrAdd(set, _ => [.. OnnxCases.Quantized().Select((sketch, i) => ($"{set}/{i}", RnnImporter.Import(sketch.Model().ToByteArray())))]);
        }

        var folder = SharedModels.Folder(set);
        return s_sets.GetOrAdd(set, _ => [.. Files(set, folder).Select(file => ($"{set}/{file.Name}", RnnImporter.Import(Path.Combine(folder, file.Name), file.Options)))]);
    }

    private static IEnumerable<(string Name, RnnImportOptions Options)> Files(string set, string folder) => set switch
    {
        "silero" =>
        [
            ("silero_vad_openvino_16k.onnx", Silero(576)),
            ("silero_vad_16k_op15.onnx", Silero(576, 16000)),
            ("silero_vad.onnx", Silero(576, 16000)),
            ("silero_vad.onnx", Silero(288, 8000)),
        ],
        "charlm" => [("model.onnx", new RnnImportOptions { InputShapes = Shapes(("tokens", [1, 1])) }), ("model.safetensors", new RnnImportOptions()), ("model.pt", new RnnImportOptions())],
        "rtneural" => new[] { "dense.json", "conv.json", "lstm.json", "gru_1d.json" }.Select(file => (file, new RnnImportOptions())),
        "nam" => new[] { "lstm.nam", "syn_l2h16.nam" }.Select(file => (file, new RnnImportOptions())),
        _ => Cases(folder),
    };

    private static List<(string Name, RnnImportOptions Options)> Cases(string folder)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        var cases = new List<(string, RnnImportOptions)>();
        foreach (var entry in manifest.RootElement.EnumerateArray())
        {
            var model = entry.TryGetProperty("onnx", out var path) ? path.GetString() : $"{entry.GetProperty("name").GetString()}/model.onnx";
            if (model is not null)
            {
                cases.Add((model, ModelCase.Read(folder, entry, model, 0, 0).Options(findStates: true)));
            }
        }

        return cases;
    }

    private static RnnImportOptions Silero(int samples, long? sampleRate = null)
    {
        var options = new RnnImportOptions { InputShapes = Shapes(("input", [1, samples]), ("state", [2, 1, 128])) };
        return sampleRate is { } rate ? options with { Fix = options.Fix.Add("sr", rate) } : options;
    }

    private static ImmutableDictionary<string, ImmutableArray<int>> Shapes(params (string Name, ImmutableArray<int> Shape)[] shapes) =>
        shapes.ToImmutableDictionary(shape => shape.Name, shape => shape.Shape);
}
