using RnnRuntime.Bench.Lab;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Latency;

/// <summary>The command line of <c>latency</c>.</summary>
internal sealed record LatencyOptions
{
    internal const string Usage = """
        latency [--sizes 64x128] [--steps N] [--rounds N] [--block N] [--only TEXT] [--output FILE | --no-file]
            Times from completion to completion of float32 LSTM steps, alone and beside a managed thread that makes garbage: p50 to p99.99, the largest, collections.
            A managed kernel, a C kernel a step and a block a call, a native thread of the host, ONNX Runtime. Wants two processors: not below taskset.
        """;

    internal (int Input, int Hidden) Size { get; init; } = (64, 128);

    internal int Steps { get; init; } = 200_000;

    internal int Rounds { get; init; } = 3;

    internal int Block { get; init; } = 64;

    /// <summary>Only ways whose name has this.</summary>
    internal string Only { get; init; } = "";

    internal string? Output { get; init; }

    internal bool NoFile { get; init; }

    internal string Command { get; init; } = "";

    internal static LatencyOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new LatencyOptions { Command = LabOptions.CommandText("latency", arguments) };
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == "--no-file")
            {
                options = options with { NoFile = true };
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new UsageException($"'{name}' is not an option of latency, or lacks its value.");
            options = name switch
            {
                "--sizes" => options with { Size = CellShape.ParseSize(value) },
                "--steps" => options with { Steps = OptionValue.Integer(name, value) },
                "--rounds" => options with { Rounds = OptionValue.Integer(name, value) },
                "--block" => options with { Block = OptionValue.Integer(name, value) },
                "--only" => options with { Only = value },
                "--output" => options with { Output = value },
                _ => throw new UsageException($"'{name}' is not an option of latency."),
            };
        }

        return options;
    }
}
