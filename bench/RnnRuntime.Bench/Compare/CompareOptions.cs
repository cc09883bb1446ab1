using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Compare;

/// <summary>The regimes that are compared: one frame of one stream, many frames in a call, many streams in a call.</summary>
internal sealed record Regime(string Key, string Title, int Streams, int TimeSteps)
{
    internal static readonly Regime[] All =
    [
        new("step", "One step a call, one stream", 1, 1),
        new("sequence", "100 steps in one call, one stream (ns a step)", 1, 100),
        new("batch", "One step a call, 16 streams (ns a step of all 16)", 16, 1),
    ];
}

/// <summary>The command line of <c>compare</c>.</summary>
internal sealed record CompareOptions
{
    internal const string Usage = """
        compare [--regimes step,sequence,batch] [--hidden 20,64,...] [--rounds N] [--slice-ms N] [--kernel NAME] [--output FILE | --no-file]
            ONNX Runtime beside RnnRuntime on the same LSTM, one thread, interleaved rounds, with this machine's roof.
            Writes bench/results/<processor>/compare.md as well as standard output.
        """;

    internal IReadOnlyList<Regime> Regimes { get; init; } = Regime.All;

    internal IReadOnlyList<(int Input, int Hidden)> Sizes { get; init; } = LstmShape.Sizes;

    internal int Rounds { get; init; } = 15;

    internal double SliceSeconds { get; init; } = 0.02;

    internal string? Kernel { get; init; }

    internal string? Output { get; init; }

    internal bool NoFile { get; init; }

    internal static CompareOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new CompareOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--no-file")
            {
                options = options with { NoFile = true };
                continue;
            }

            string name = arguments[i];
            string value = ++i < arguments.Length ? arguments[i] : throw new UsageException($"'{name}' is not an option of compare, or lacks its value.");
            options = name switch
            {
                "--regimes" => options with { Regimes = [.. value.Split(',').Select(RegimeOf)] },
                "--hidden" => options with { Sizes = [.. value.Split(',').Select(text => LstmShape.SizeOf(OptionValue.Integer(name, text)))] },
                "--rounds" => options with { Rounds = OptionValue.Integer(name, value) },
                "--slice-ms" => options with { SliceSeconds = OptionValue.Integer(name, value) / 1000.0 },
                "--kernel" => options with { Kernel = OptionValue.Kernel(value) },
                "--output" => options with { Output = value },
                _ => throw new UsageException($"'{name}' is not an option of compare."),
            };
        }

        return options;
    }

    private static Regime RegimeOf(string key) => Regime.All.FirstOrDefault(regime => regime.Key == key)
        ?? throw new UsageException($"Regime '{key}' is none of {string.Join(", ", Regime.All.Select(regime => regime.Key))}.");
}

/// <summary>A command line that cannot be understood; the message is all that the user needs.</summary>
internal sealed class UsageException(string message) : Exception(message);
