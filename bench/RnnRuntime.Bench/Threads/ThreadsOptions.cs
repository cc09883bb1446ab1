using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Threads;

/// <summary>The command line of <c>threads</c>.</summary>
internal sealed record ThreadsOptions
{
    internal const string Usage = """
        threads [--kinds lstm,gru,...] [--hidden 64,128,...] [--precisions float32,bf16,fp16,int8] [--threads N] [--streams B] [--steps T] [--rounds N] [--slice-ms N]
                [--kernel NAME] [--idle-only | --no-idle] [--output FILE | --no-file]
            A layer on one thread and on N, interleaved rounds, and the processor time that the workers take between calls. Writes
            bench/results/<processor>/threads.md as well as standard output. Wants all processors: do not pin it.
        """;

    private static readonly (int Input, int Hidden)[] s_sizes = [.. CellShape.Sizes.Where(size => size.Hidden >= 64)];

    internal IReadOnlyList<string> Kinds { get; init; } = ["lstm", "gru"];

    internal IReadOnlyList<(int Input, int Hidden)> Sizes { get; init; } = s_sizes;

    internal IReadOnlyList<string> Precisions { get; init; } = ["float32", "int8"];

    internal int Threads { get; init; } = 2;

    internal int Streams { get; init; } = 1;

    internal int TimeSteps { get; init; } = 1;

    internal int Rounds { get; init; } = 60;

    internal double SliceSeconds { get; init; } = 0.005;

    internal string? Kernel { get; init; }

    internal bool Times { get; init; } = true;

    internal bool Idle { get; init; } = true;

    internal string? Output { get; init; }

    internal bool NoFile { get; init; }

    internal static RnnPrecision? PrecisionOf(string name) => name switch
    {
        "float32" => null,
        "bf16" => RnnPrecision.BFloat16,
        "fp16" => RnnPrecision.Float16,
        "int8" => RnnPrecision.Int8,
        _ => throw new UsageException($"Precision '{name}' is none of float32, bf16, fp16, int8."),
    };

    internal static ThreadsOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new ThreadsOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            ThreadsOptions? flagged = name switch
            {
                "--no-file" => options with { NoFile = true },
                "--no-idle" => options with { Idle = false },
                "--idle-only" => options with { Times = false },
                _ => null,
            };
            if (flagged is not null)
            {
                options = flagged;
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new UsageException($"'{name}' is not an option of threads, or lacks its value.");
            options = name switch
            {
                "--kinds" => options with { Kinds = value.Split(',') },
                "--hidden" => options with { Sizes = [.. value.Split(',').Select(text => SizeOf(OptionValue.Integer(name, text)))] },
                "--precisions" => options with { Precisions = value.Split(',') },
                "--threads" => options with { Threads = OptionValue.Integer(name, value) },
                "--streams" => options with { Streams = OptionValue.Integer(name, value) },
                "--steps" => options with { TimeSteps = OptionValue.Integer(name, value) },
                "--rounds" => options with { Rounds = OptionValue.Integer(name, value) },
                "--slice-ms" => options with { SliceSeconds = OptionValue.Integer(name, value) / 1000.0 },
                "--kernel" => options with { Kernel = OptionValue.Kernel(value) },
                "--output" => options with { Output = value },
                _ => throw new UsageException($"'{name}' is not an option of threads."),
            };
        }

        return options.Threads >= 2 && options.Threads <= Environment.ProcessorCount
            ? options
            : throw new UsageException($"--threads {options.Threads}: expected 2 to {Environment.ProcessorCount}, the processors of this process.");
    }

    /// <summary>A size of the other commands with this many units, or as many inputs as half of them.</summary>
    private static (int Input, int Hidden) SizeOf(int hidden) =>
        CellShape.Sizes.Where(size => size.Hidden == hidden).DefaultIfEmpty((Math.Max(1, hidden / 2), hidden)).First();

    internal string Command(string arguments) =>
        string.Create(CultureInfo.InvariantCulture, $"dotnet run -c Release --project bench/RnnRuntime.Bench -- {arguments}");
}
