using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Suites;

/// <summary>The size parameter of a suite.</summary>
/// <param name="Input">Input features.</param>
/// <param name="Hidden">Hidden units.</param>
public readonly record struct LayerSize(int Input, int Hidden)
{
    private const string Variable = "RNNBENCH_SIZES";

    internal static IEnumerable<LayerSize> Selected()
    {
        LayerSize[] all = [.. CellShape.Sizes.Select(size => new LayerSize(size.Input, size.Hidden))];
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(wanted))
        {
            return all;
        }

        string[] names = wanted.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Select(name => Array.Find(all, size => size.ToString() == name) is { Hidden: > 0 } size
            ? size
            : throw new UsageException($"{Variable} has '{name}'; expected some of {string.Join(';', all)}."));
    }

    /// <inheritdoc/>
    public override string ToString() => $"({Input},{Hidden})";
}
