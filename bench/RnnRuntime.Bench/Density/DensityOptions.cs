using System.Globalization;
using RnnRuntime.Bench.Measuring;

namespace RnnRuntime.Bench.Density;

/// <summary>The command line of <c>density</c>.</summary>
internal sealed record DensityOptions
{
    internal const string Usage = """
        density [--regime step|sequence|batch|batch64] [--hidden 128,256,...] [--densities 1,0.5,...] [--rounds N] [--slice-ms N] [--kernel NAME] [--output FILE | --no-file]
            An LSTM with blocks of 8 rows and 4 columns left out, stored without its zeros beside stored with them, interleaved rounds.
            Writes bench/results/<processor>/density.md as well as standard output.
        """;

    internal static readonly double[] AllDensities = [1, 0.7, 0.5, 0.3, 0.1];

    private static readonly (int Input, int Hidden)[] s_sizes = [(64, 128), (128, 256), (256, 512), (512, 1024)];

    internal Regime Regime { get; init; } = Regime.Step;

    internal IReadOnlyList<(int Input, int Hidden)> Sizes { get; init; } = s_sizes;

    internal IReadOnlyList<double> Densities { get; init; } = AllDensities;

    internal int Rounds { get; init; } = 25;

    internal double SliceSeconds { get; init; } = 0.01;

    internal string? Kernel { get; init; }

    internal string? Output { get; init; }

    internal bool NoFile { get; init; }

    internal string Command
    {
        get
        {
            var standard = new DensityOptions();
            var command = new List<string> { "dotnet run -c Release --project bench/RnnRuntime.Bench -- density" };
            command.AddRange(Regime != standard.Regime ? [$"--regime {Regime.Key}"] : []);
            command.AddRange(Sizes.Count != standard.Sizes.Count ? [$"--hidden {string.Join(',', Sizes.Select(size => size.Hidden))}"] : []);
            command.AddRange(
                Densities.SequenceEqual(standard.Densities)
                    ? []
                    : [$"--densities {string.Join(',', Densities.Select(density => density.ToString(CultureInfo.InvariantCulture)))}"]);
            command.AddRange(Rounds != standard.Rounds ? [$"--rounds {Rounds}"] : []);
            command.AddRange(SliceSeconds != standard.SliceSeconds ? [string.Create(CultureInfo.InvariantCulture, $"--slice-ms {SliceSeconds * 1000:F0}")] : []);
            command.AddRange(Kernel is not null ? [$"--kernel {Kernel}"] : []);
            return string.Join(' ', command);
        }
    }

    internal static DensityOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new DensityOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--no-file")
            {
                options = options with { NoFile = true };
                continue;
            }

            string name = arguments[i];
            string value = ++i < arguments.Length ? arguments[i] : throw new UsageException($"'{name}' is not an option of density, or lacks its value.");
            options = name switch
            {
                "--regime" => options with { Regime = Regime.Of(value) },
                "--hidden" => options with { Sizes = [.. value.Split(',').Select(text => SizeOf(OptionValue.Integer(name, text)))] },
                "--densities" => options with { Densities = [.. value.Split(',').Select(DensityOf)] },
                "--rounds" => options with { Rounds = OptionValue.Integer(name, value) },
                "--slice-ms" => options with { SliceSeconds = OptionValue.Integer(name, value) / 1000.0 },
                "--kernel" => options with { Kernel = OptionValue.Kernel(value) },
                "--output" => options with { Output = value },
                _ => throw new UsageException($"'{name}' is not an option of density."),
            };
        }

        return options;
    }

    private static (int Input, int Hidden) SizeOf(int hidden) => hidden % 8 == 0
        ? (hidden / 2, hidden)
        : throw new UsageException($"--hidden takes multiples of 8; found {hidden}.");

    private static double DensityOf(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double density) && density is > 0 and <= 1
            ? density
            : throw new UsageException($"--densities takes numbers above 0 and up to 1; found '{text}'.");
}
