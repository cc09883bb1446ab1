using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Import.Passes;

/// <summary>Every pass that changes no operation, and all of them in their order, on random graphs of all node kinds.</summary>
public sealed class RandomPassTests
{
    private const int Graphs = 40;
    private const int LongGraphs = 8;

    private static readonly Dictionary<string, Func<RnnGraph, RnnGraph>> s_passes = new()
    {
        [nameof(DeadCode)] = DeadCode.Run,
        [nameof(ViewComposition)] = ViewComposition.Run,
        [nameof(TransposeSinking)] = TransposeSinking.Run,
        [nameof(SequenceToCell)] = SequenceToCell.Run,
        [nameof(ElementwiseFusion)] = ElementwiseFusion.Run,
    };

    public static TheoryData<string> Passes => [.. s_passes.Keys];

    [Theory]
    [MemberData(nameof(Passes))]
    public void APassChangesNoBit(string name) => ForGraphs((what, graph) => PassBits.Check(s_passes[name], graph, $"{what}, {name}"));

    /// <summary>One pass after the other, so that each meets what the others make.</summary>
    [Fact]
    public void AllOfThemChangeNoBit() => ForGraphs((what, graph) =>
        PassBits.Check(before => s_passes.Values.Concat(s_passes.Values).Aggregate(before, (each, pass) => pass(each)), graph, what));

    /// <summary>What the first run leaves has nothing for the second to do.</summary>
    [Theory]
    [MemberData(nameof(Passes))]
    public void APassRunAgainFindsNothing(string name) => ForGraphs((what, graph) =>
    {
        var once = DeadCode.Run(s_passes[name](DeadCode.Run(graph)));
        var twice = DeadCode.Run(s_passes[name](once));
        Assert.True(
            PassBits.Operators(once).SequenceEqual(PassBits.Operators(twice)),
            $"{what}, {name}: {string.Join(' ', PassBits.Operators(once))} became {string.Join(' ', PassBits.Operators(twice))}.");
    });

    [Fact]
    public void TheWholeListKeepsResultsWithinRounding() => ForGraphs((what, graph) =>
    {
        var after = GraphPasses.Run(graph);
        GraphValidator.Validate(after);
        using var first = RnnModel.FromGraph(graph);
        using var second = RnnModel.FromGraph(after);
        var signals = Signals.Random(first, timeSteps: 3, streams: 2, seed: 1);
        using var expected = first.CreateSession(2, 3);
        using var actual = second.CreateSession(2, 1);
        foreach (var (left, right) in signals.Run(expected, 3).Zip(signals.Run(actual, 1)))
        {
            for (var i = 0; i < left.Length; i++)
            {
                Assert.True(Math.Abs(left[i] - right[i]) <= 1e-5 * Math.Max(1, Math.Abs(left[i])), $"{what}: element {i} was {left[i]} and is {right[i]}.");
            }
        }
    });

    [Fact]
    public void TheWholeListLeavesAGraphThatIsSavedAndReadAgain() => ForGraphs((_, graph) =>
    {
        var after = GraphPasses.Run(graph);
        Assert.Equal(PassBits.Operators(after), PassBits.Operators(Formats.RnnFileReader.Read(SampleGraphs.Write(after)).Graph));
    });

    private static void ForGraphs(Action<string, RnnGraph> check)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            check($"graph seed {seed}", RandomGraph.Make(seed));
        }

        for (var seed = 1; seed <= LongGraphs; seed++)
        {
            check($"long graph seed {seed}", RandomGraph.MakeLong(seed));
        }
    }
}
