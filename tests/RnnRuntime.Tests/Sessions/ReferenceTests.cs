namespace RnnRuntime.Tests.Sessions;

/// <summary>Float32 graphs against the definitions in double precision.</summary>
public sealed class ReferenceTests
{
    private const int TimeSteps = 16;

    // A sum of up to 160 products is off by at most 160 * 2^-24 = 1e-5 of the sum of magnitudes and by a tenth of that in practice, an
    // activation by 1.2e-7. Layers and steps add up (the weights' gain is about 1), and a linear recurrence of one unit may grow
    // them 1.2 times a step.
    private const double Tolerance = 2e-5;

    public static TheoryData<string> Kernels => [.. TestModels.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void RandomGraphsGiveTheReferenceOutputs(string kernel)
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            Check($"graph seed {seed}, {kernel}", RandomGraph.Make(seed), kernel, seed);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void LongGraphsGiveTheReferenceOutputs(string kernel)
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            Check($"long graph seed {seed}, {kernel}", RandomGraph.MakeLong(seed), kernel, seed, tolerance: 20 * Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryKindGivesTheReferenceOutputs(string kernel)
    {
        foreach (var kind in TestModels.Kinds)
        {
            foreach (var size in new[] { 1, 7, 16, 33 })
            {
                Check($"{kind} of size {size}, {kernel}", TestModels.Single(kind, features: 1 + (size / 2), size, seed: size, bias: size != 7), kernel, size);
            }
        }

        Check($"tokens, {kernel}", TestModels.Tokens(count: 11, size: 12, seed: 3), kernel, seed: 3);
    }

    internal static void Check(string what, RnnGraph graph, string kernel, int seed, double tolerance = Tolerance)
    {
        using var model = TestModels.Bind(graph, kernel);
        var signals = Signals.Random(model, TimeSteps, streams: 1, seed);
        using var session = model.CreateSession(1, TimeSteps);
        var actual = signals.Run(session, TimeSteps);
        var reference = new ReferenceInterpreter(graph);
        for (var step = 0; step < TimeSteps; step++)
        {
            var expected = reference.Step([.. Enumerable.Range(0, model.Inputs.Length).Select(input => Frame(signals.Steps(step, 1), input))]);
            for (var output = 0; output < expected.Length; output++)
            {
                for (var i = 0; i < expected[output].Length; i++)
                {
                    var (want, found) = (expected[output][i], actual[output][(step * expected[output].Length) + i]);
                    var allowed = tolerance * Math.Max(1, Math.Abs(want));
                    Assert.True(
                        Math.Abs(found - want) <= allowed,
                        $"{what}: step {step}, output '{model.Outputs[output].Name}'[{i}]: expected {want:R} within {allowed:R}, found {found:R}.");
                }
            }
        }
    }

    private static double[] Frame(Signals signals, int input)
    {
        var floats = signals.Floats(input).ToArray();
        return floats.Length > 0
            ? Array.ConvertAll(floats, value => (double)value)
            : Array.ConvertAll(signals.Indices(input).ToArray(), value => (double)value);
    }
}
