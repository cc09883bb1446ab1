using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Bench.Measuring;

namespace RnnRuntime.Bench.Models;

/// <summary>A model by name, and how to come by it.</summary>
/// <param name="Name">Unique.</param>
/// <param name="File">The file that it needs; null for a generated one.</param>
/// <param name="Read">Makes the problem.</param>
internal sealed record ModelEntry(string Name, string? File, Func<ModelProblem> Read)
{
    internal bool IsPresent => File is null || System.IO.File.Exists(File);
}

/// <summary>
/// Models that others trained, from <c>shared/models</c> beside the checkout, with the shapes of their streaming use or of their manifest;
/// and generated ones.
/// </summary>
internal static class ModelLibrary
{
    private const string Variable = "RNNBENCH_MODELS";
    private const int SileroUnits = 128;

    private static readonly string[] TorchModels =
        ["lstm_l1_h64", "gru_l1_h96", "conv_gru_head", "ln_lstm_residual_stream", "lstmcell_step", "lstm_zero_state"];

    internal static string Folder => Path.GetFullPath(Path.Combine(Machine.CheckoutFolder, "..", "shared", "models"));

    internal static IReadOnlyList<ModelEntry> All =>
    [
        Silero("silero openvino 16k", "silero_vad_openvino_16k.onnx", 16000, hasRate: false),
        Silero("silero op15 16k", "silero_vad_16k_op15.onnx", 16000, hasRate: true),
        Silero("silero 16k", "silero_vad.onnx", 16000, hasRate: true),
        Silero("silero 8k", "silero_vad.onnx", 8000, hasRate: true),
        CharacterModel(),
        .. TorchModels.Select(Torch),
        new ModelEntry("denoiser", null, DenoiserModel.Build),
        new ModelEntry("chain100", null, () => ChainModel.Build(100)),
        new ModelEntry("chain400", null, () => ChainModel.Build(400)),
    ];

    /// <summary>All, or those that the suite's variable names.</summary>
    internal static IReadOnlyList<ModelEntry> Selected()
    {
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(wanted))
        {
            return All;
        }

        string[] names = wanted.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. names.Select(name => ByName(name) ?? throw new UsageException($"{Variable} has '{name}'; expected some of {string.Join(';', All.Select(entry => entry.Name))}."))];
    }

    internal static ModelEntry? ByName(string name) => All.FirstOrDefault(entry => entry.Name == name);

    /// <summary>What a user reads where a file is missing.</summary>
    internal static string SkipLine(ModelEntry entry) => $"Skipped {entry.Name}: no file {Path.GetRelativePath(Machine.CheckoutFolder, entry.File!)}.";

    private static ModelEntry Silero(string name, string file, int sampleRate, bool hasRate)
    {
        (int chunk, int context) = sampleRate == 16000 ? (512, 64) : (256, 32);
        return FromFile(name, Path.Combine("silero", file), bytes => new ModelProblem(
            name, bytes,
            [new ModelInput("input", [1, context + chunk]), .. hasRate ? [new ModelInput("sr", [], Fixed: sampleRate)] : Array.Empty<ModelInput>()],
            [new ModelState("state", "stateN", [2, 1, SileroUnits])]));
    }

    private static ModelEntry CharacterModel()
    {
        const int Characters = 65, Units = 192;
        return FromFile("charlm", Path.Combine("charlm", "model.onnx"), bytes => new ModelProblem(
            "charlm", bytes, [new ModelInput("tokens", [1, 1], Ids: Characters)],
            [new ModelState("h0", "hn", [1, 1, Units]), new ModelState("c0", "cn", [1, 1, Units])]));
    }

    private static ModelEntry Torch(string name) =>
        FromFile(name, Path.Combine("torch", name, "model.onnx"), bytes => FromManifest(name, bytes));

    /// <summary>Shapes as in the case's data; <c>h0</c> or <c>h</c> is replaced by <c>hn</c>, <c>c0</c> or <c>c</c> by <c>cn</c>.</summary>
    private static ModelProblem FromManifest(string name, byte[] bytes)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "torch", "manifest.json")));
        JsonElement entry = manifest.RootElement.EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == name);
        var outputs = entry.GetProperty("outputs").EnumerateObject().Select(output => output.Name).ToHashSet();
        var inputs = ImmutableArray.CreateBuilder<ModelInput>();
        var states = ImmutableArray.CreateBuilder<ModelState>();
        foreach (JsonProperty input in entry.GetProperty("inputs").EnumerateObject())
        {
            ImmutableArray<int> shape = [.. input.Value.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32())];
            string next = $"{input.Name[0]}n";
            if (input.Name is "h0" or "c0" or "h" or "c" && outputs.Contains(next))
            {
                states.Add(new ModelState(input.Name, next, shape));
            }
            else
            {
                inputs.Add(new ModelInput(input.Name, shape));
            }
        }

        return new ModelProblem(name, bytes, inputs.ToImmutable(), states.ToImmutable());
    }

    private static ModelEntry FromFile(string name, string file, Func<byte[], ModelProblem> read)
    {
        string path = Path.Combine(Folder, file);
        return new ModelEntry(name, path, () => read(File.ReadAllBytes(path)));
    }
}
