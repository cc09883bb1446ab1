using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Precisions;

/// <summary>The command line of <c>precision</c>.</summary>
internal sealed record PrecisionOptions
{
    internal const string Usage = """
        precision [--hidden 20,64,...] [--rounds N] [--slice-ms N] [--kernel NAME] [--output FILE | --no-file]
            One LSTM step with float32, bfloat16, float16 and int8 weights, every kernel but the scalar reference, interleaved rounds; the largest
            error over 1,000 steps. Writes bench/results/<processor>/precision.md as well as standard output.
        """;

    internal IReadOnlyList<(int Input, int Hidden)> Sizes { get; init; } = CellShape.Sizes;

    internal int Rounds { get; init; } = 150;

    internal double SliceSeconds { get; init; } = 0.005;

    internal string? Kernel { get; init; }

    internal string? Output { get; init; }

    internal bool NoFile { get; init; }

    internal IEnumerable<string> Kernels => Kernel is not null
        ? [Kernel]
        : RnnKernels.All.Where(kernel => kernel.IsAvailable && kernel.Name != "scalar").Select(kernel => kernel.Name);

    internal string Command
    {
        get
        {
            var standard = new PrecisionOptions();
            var command = new List<string> { "dotnet run -c Release --project bench/RnnRuntime.Bench -- precision" };
            command.AddRange(Sizes.Count != CellShape.Sizes.Length ? [$"--hidden {string.Join(',', Sizes.Select(size => size.Hidden))}"] : []);
            command.AddRange(Rounds != standard.Rounds ? [$"--rounds {Rounds}"] : []);
            command.AddRange(SliceSeconds != standard.SliceSeconds ? [string.Create(CultureInfo.InvariantCulture, $"--slice-ms {SliceSeconds * 1000:F0}")] : []);
            command.AddRange(Kernel is not null ? [$"--kernel {Kernel}"] : []);
            return string.Join(' ', command);
        }
    }

    internal static PrecisionOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new PrecisionOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == "--no-file")
            {
                options = options with { NoFile = true };
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new UsageException($"'{name}' is not an option of precision, or lacks its value.");
            options = name switch
            {
                "--hidden" => options with { Sizes = [.. value.Split(',').Select(text => CellShape.SizeOf(OptionValue.Integer(name, text)))] },
                "--rounds" => options with { Rounds = OptionValue.Integer(name, value) },
                "--slice-ms" => options with { SliceSeconds = OptionValue.Integer(name, value) / 1000.0 },
                "--kernel" => options with { Kernel = OptionValue.Kernel(value) },
                "--output" => options with { Output = value },
                _ => throw new UsageException($"'{name}' is not an option of precision."),
            };
        }

        return options;
    }
}
