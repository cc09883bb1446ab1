using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Import.Passes;

/// <summary>Compares what graphs compute before and after a pass.</summary>
internal static class PassRuns
{
    private const int Steps = 4;

    /// <summary>Runs the pass and holds its graph against the rules and against the results before, step after step.</summary>
    public static RnnGraph Check(Func<RnnGraph, RnnGraph> pass, RnnGraph before)
    {
        var after = pass(before);
        GraphValidator.Validate(after);
        Assert.Equal(before.Inputs, after.Inputs);
        Assert.Equal(before.Outputs.Select(output => (output.Name, output.Shape)), after.Outputs.Select(output => (output.Name, output.Shape)));
        Assert.Equal(before.States, after.States);
        var (expected, found) = (Results(before), Results(after));
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.True(Math.Abs(expected[i] - found[i]) <= 1e-5 * Math.Max(1, Math.Abs(expected[i])), $"element {i}: found {found[i]}, expected {expected[i]}.");
        }

        return after;
    }

    /// <summary>The pass leaves the graph as it is.</summary>
    public static void CheckUnchanged(Func<RnnGraph, RnnGraph> pass, RnnGraph graph) => Assert.Same(graph, pass(graph));

    /// <summary>The operators without those that only move data.</summary>
    public static IEnumerable<string> Operators(RnnGraph graph) => graph.Nodes.Where(node => node is not ViewNode).Select(node => node.Operator);

    private static List<float> Results(RnnGraph graph)
    {
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession(chunkLength: 1);
        var random = new Random(1);
        foreach (var state in model.States)
        {
            session.SetState(state.Name, Signal(random, state));
        }

        var results = new List<float>();
        for (var step = 0; step < Steps; step++)
        {
            foreach (var input in model.Inputs)
            {
                session.SetInput(input.Name, Signal(random, input));
            }

            session.Run();
            foreach (var output in model.Outputs)
            {
                var values = new float[output.Shape.ElementCount];
                session.GetOutput(output.Name, values);
                results.AddRange(values);
            }
        }

        return results;
    }

    private static float[] Signal(Random random, TensorInfo tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        foreach (ref var value in values.AsSpan())
        {
            value = (random.NextSingle() * 2) - 1;
        }

        return values;
    }
}
