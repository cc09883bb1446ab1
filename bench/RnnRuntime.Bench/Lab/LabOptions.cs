using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Lab;

/// <summary>The command line that the suites of cells share; each brings its own defaults.</summary>
internal sealed record LabOptions(string Suite)
{
    private const string Every = "all";

    private static readonly string[] References = ["scalar", "c-scalar"];

    internal const string Usage =
        "[--sizes 64,64x128,...] [--cells lstm,gru,rnn] [--weights f32,bf16,fp16,int8] [--kernel NAME,...|all] [--regimes KEY,...] [--rounds N] [--slice-ms N] [--output FILE | --no-file]";

    internal IReadOnlyList<(int Input, int Hidden)> Sizes { get; init; } = CellShape.Sizes;

    internal IReadOnlyList<Cell> Cells { get; init; } = [Cell.Lstm, Cell.Gru];

    internal IReadOnlyList<WeightType> Weights { get; init; } = [WeightType.Float32, WeightType.Int8];

    internal IReadOnlyList<string> Kernels { get; init; } = [.. Available.Except(References)];

    internal IReadOnlyList<Regime> Regimes { get; init; } = [Regime.Step];

    internal int Rounds { get; init; } = 11;

    internal double SliceSeconds { get; init; } = 0.01;

    internal string? Output { get; init; }

    internal bool NoFile { get; init; }

    /// <summary>False where fewer implementations run than a row of the results has: such a run writes no file, unless one is named.</summary>
    internal bool IsWhole { get; init; } = true;

    /// <summary>What the user typed.</summary>
    internal string Command { get; init; } = "";

    internal static IEnumerable<string> Available => RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name);

    internal LabOptions Parse(ReadOnlySpan<string> arguments)
    {
        LabOptions options = this with { Command = CommandText(Suite, arguments) };
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == "--no-file")
            {
                options = options with { NoFile = true };
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new UsageException($"'{name}' is not an option of {Suite}, or lacks its value.");
            options = name switch
            {
                "--sizes" => options with { Sizes = value == Every ? CellShape.AllSizes : [.. value.Split(',').Select(CellShape.ParseSize)] },
                "--cells" => options with { Cells = [.. value.Split(',').Select(CellOf)] },
                "--weights" => options with { Weights = [.. value.Split(',').Select(WeightsOf)], IsWhole = false },
                "--kernel" => options with { Kernels = value == Every ? [.. Available] : [.. value.Split(',').Select(OptionValue.Kernel)], IsWhole = false },
                "--regimes" => options with { Regimes = [.. value.Split(',').Select(Regime.Of)] },
                "--rounds" => options with { Rounds = OptionValue.Integer(name, value) },
                "--slice-ms" => options with { SliceSeconds = OptionValue.Integer(name, value) / 1000.0 },
                "--output" => options with { Output = value },
                _ => throw new UsageException($"'{name}' is not an option of {Suite}."),
            };
        }

        return options;
    }

    /// <summary>The command with what the user typed, but for where the results go.</summary>
    internal static string CommandText(string suite, ReadOnlySpan<string> arguments)
    {
        var command = new List<string> { "dotnet run -c Release --project bench/RnnRuntime.Bench --", suite };
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--output")
            {
                i++;
            }
            else if (arguments[i] != "--no-file")
            {
                command.Add(arguments[i].Contains(' ') ? $"'{arguments[i]}'" : arguments[i]);
            }
        }

        return string.Join(' ', command);
    }

    private static Cell CellOf(string text) => Enum.TryParse(text, ignoreCase: true, out Cell cell) && Enum.IsDefined(cell)
        ? cell
        : throw new UsageException($"--cells takes {string.Join(", ", Enum.GetNames<Cell>().Select(name => name.ToLowerInvariant()))}; found '{text}'.");

    private static WeightType WeightsOf(string text)
    {
        int index = Array.FindIndex(WeightTypes.All, weights => weights.Key() == text);
        return index >= 0
            ? WeightTypes.All[index]
            : throw new UsageException($"--weights takes {string.Join(", ", WeightTypes.All.Select(weights => weights.Key()))}; found '{text}'.");
    }
}
