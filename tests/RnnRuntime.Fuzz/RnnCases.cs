using RnnRuntime.Import;
using RnnRuntime.Tests;

namespace RnnRuntime.Fuzz;

/// <summary>Files of this library's own format with every kind of node.</summary>
internal static class RnnCases
{
    public static FuzzCase[] All() =>
    [
        new("small", SampleGraphs.Write(SampleGraphs.Small()), FuzzLimits.Options),
        new("layers", SampleGraphs.Write(SampleGraphs.Layers()), FuzzLimits.Options),
        new("layers int8", SampleGraphs.Write(SampleGraphs.ToInt8(SampleGraphs.Layers())), FuzzLimits.Options),
        new("operators", SampleGraphs.Write(SampleGraphs.Operators()), FuzzLimits.Options),
        new("operators int8", SampleGraphs.Write(SampleGraphs.ToInt8(SampleGraphs.Operators())), FuzzLimits.Options),
        new("layers bfloat16", SampleGraphs.Write(SampleGraphs.ToHalf(SampleGraphs.Layers(), RnnPrecision.BFloat16)), FuzzLimits.Options),
        new("operators float16", SampleGraphs.Write(SampleGraphs.ToHalf(SampleGraphs.Operators(), RnnPrecision.Float16)), FuzzLimits.Options),
        .. OnnxCases.All(models: null).SelectMany(OfImported),
    ];

    /// <summary>A small graph says more of a node than a large one: most of its mutants change that node.</summary>
    private static IEnumerable<FuzzCase> OfImported(FuzzCase file)
    {
        var graph = RnnImporter.Import(file.File, file.Options);
        yield return new FuzzCase(file.Name, SampleGraphs.Write(graph), FuzzLimits.Options);
        yield return new FuzzCase($"{file.Name} int8", SampleGraphs.Write(SampleGraphs.ToInt8(graph)), FuzzLimits.Options);
    }
}
