using System.Collections.Immutable;
using RnnRuntime.Import;

namespace RnnRuntime.Fuzz;

/// <summary>What a mutant may ask for, and what it may take.</summary>
internal static class FuzzLimits
{
    public static readonly RnnImportLimits Import = new()
    {
        MaximumFileBytes = 16 << 20,
        MaximumTensorBytes = 64 << 20,
        MaximumElements = 1 << 20,
        MaximumNodes = 2_000,
        MaximumNesting = 32,
        MaximumTensors = 1_000,
    };

    /// <summary>Extents that files of exporters leave open.</summary>
    public static readonly RnnImportOptions Options = new() { Limits = Import };

    /// <summary>Bytes of garbage and results together that reading one file and planning its graph may allocate.</summary>
    public static readonly long MostAllocated = 16 * Import.MaximumTensorBytes;

    /// <summary>Graphs that take more than this for a step are planned but not run.</summary>
    public const long MostRunBytes = 16 << 20;
    public const long MostMultiplyAdds = 20_000_000;

    /// <summary>A mutant that takes longer hangs.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(5);

    public static RnnImportOptions Fixed(params (string Name, long Extent)[] extents) =>
        Options with { Fix = extents.ToImmutableDictionary(pair => pair.Name, pair => pair.Extent) };
}
