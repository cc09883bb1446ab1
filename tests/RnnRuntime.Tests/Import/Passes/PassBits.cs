using RnnRuntime.Graph;
using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Import.Passes;

/// <summary>For passes that change what is stored and run, but no operation: graphs before and after give the same bits.</summary>
internal static class PassBits
{
    private const int TimeSteps = 5;
    private const int Streams = 2;

    /// <summary>Runs the pass; what it leaves is valid, has the same ports and states, and gives the same bits in calls of any length.</summary>
    public static RnnGraph Check(Func<RnnGraph, RnnGraph> pass, RnnGraph before, string what = "pass")
    {
        var after = pass(before);
        GraphValidator.Validate(after);
        Assert.Equal(before.Inputs, after.Inputs);
        Assert.Equal(before.Outputs.Select(output => (output.Name, output.Type, output.Shape)), after.Outputs.Select(output => (output.Name, output.Type, output.Shape)));
        Assert.Equal(before.States.Select(state => (state.Name, state.Shape.ElementCount)), after.States.Select(state => (state.Name, state.Shape.ElementCount)));
        using var first = RnnModel.FromGraph(before);
        using var second = RnnModel.FromGraph(after);
        var signals = Signals.Random(first, TimeSteps, Streams, seed: before.Nodes.Length);
        foreach (var length in new[] { 1, TimeSteps })
        {
            using var expected = first.CreateSession(Streams, length);
            using var actual = second.CreateSession(Streams, length);
            Bits.Equal($"{what}, calls of {length} steps", signals.Run(expected, length), signals.Run(actual, length));
            foreach (var state in before.States)
            {
                Bits.Equal($"{what}, calls of {length} steps, state {state.Name}", State(expected, state), State(actual, state));
            }
        }

        return after;
    }

    public static IEnumerable<string> Operators(RnnGraph graph) => graph.Nodes.Select(node => node.Operator);

    private static float[] State(RnnSession session, TensorInfo state)
    {
        var values = new float[Streams * state.Shape.ElementCount];
        session.GetState(state.Name, values);
        return values;
    }
}
