using System.Globalization;
using RnnRuntime.Bench.Measuring;

namespace RnnRuntime.Bench.Models;

/// <summary>The command line of <c>models</c>.</summary>
internal sealed record ModelsOptions
{
    internal const string Usage = """
        models [--only NAME,...] [--rounds N] [--slice-ms N] [--kernel NAME] [--output FILE | --no-file]
            ONNX Runtime beside RnnRuntime on whole models, one thread, interleaved rounds; third-party ones from shared/models beside the checkout.
            Writes bench/results/<processor>/models.md as well as standard output.
        models --steps [--only NAME,...] [--rounds N] [--slice-ms N] [--kernel NAME]
            The least time of each step of the models' plans, to standard output only.
        """;

    internal IReadOnlyList<string> Only { get; init; } = [];

    internal bool Steps { get; init; }

    internal int Rounds { get; init; } = 15;

    internal double SliceSeconds { get; init; } = 0.02;

    internal string? Kernel { get; init; }

    internal string? Output { get; init; }

    internal bool NoFile { get; init; }

    internal string Command
    {
        get
        {
            var standard = new ModelsOptions();
            var command = new List<string> { "dotnet run -c Release --project bench/RnnRuntime.Bench -- models" };
            command.AddRange(Only.Count > 0 ? [$"--only '{string.Join(',', Only)}'"] : []);
            command.AddRange(Rounds != standard.Rounds ? [$"--rounds {Rounds}"] : []);
            command.AddRange(SliceSeconds != standard.SliceSeconds ? [string.Create(CultureInfo.InvariantCulture, $"--slice-ms {SliceSeconds * 1000:F0}")] : []);
            command.AddRange(Kernel is not null ? [$"--kernel {Kernel}"] : []);
            return string.Join(' ', command);
        }
    }

    internal static ModelsOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new ModelsOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name is "--no-file" or "--steps")
            {
                options = name == "--steps" ? options with { Steps = true } : options with { NoFile = true };
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new UsageException($"'{name}' is not an option of models, or lacks its value.");
            options = name switch
            {
                "--only" => options with { Only = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) },
                "--rounds" => options with { Rounds = OptionValue.Integer(name, value) },
                "--slice-ms" => options with { SliceSeconds = OptionValue.Integer(name, value) / 1000.0 },
                "--kernel" => options with { Kernel = OptionValue.Kernel(value) },
                "--output" => options with { Output = value },
                _ => throw new UsageException($"'{name}' is not an option of models."),
            };
        }

        return options;
    }

    /// <summary>All, or those that are named.</summary>
    internal IReadOnlyList<ModelEntry> Select(IReadOnlyList<ModelEntry> all) => Only.Count == 0 ? all :
    [
        .. Only.Select(name => all.FirstOrDefault(entry => entry.Name == name)
            ?? throw new UsageException($"Model '{name}' is none of {string.Join(", ", all.Select(entry => entry.Name))}.")),
    ];
}
