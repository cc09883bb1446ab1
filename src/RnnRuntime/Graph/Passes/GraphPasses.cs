using System.Diagnostics;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// The passes in their order. Each takes a valid graph and gives a valid one that computes the same within the rounding of float32.
/// </summary>
internal static class GraphPasses
{
    private static readonly Func<RnnGraph, RnnGraph>[] InOrder =
    [
        DeadCode.Run,
        ViewComposition.Run,
        BatchNormFolding.Run,
        CellRecognition.Run,
        TransposeSinking.Run,
        ViewComposition.Run,
        SequenceToCell.Run,
        ElementwiseFusion.Run,
        DeadCode.Run,
    ];

    public static RnnGraph Run(RnnGraph graph)
    {
        foreach (var pass in InOrder)
        {
            graph = pass(graph);
            Validate(graph);
        }

        return graph;
    }

    [Conditional("DEBUG")]
    private static void Validate(RnnGraph graph) => GraphValidator.Validate(graph);
}
