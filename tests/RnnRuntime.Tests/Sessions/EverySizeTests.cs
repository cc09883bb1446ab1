using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Cells in sessions: a few hidden sizes, and every one from 1 to 129, which are all tails, all panel widths, and one past the widest.</summary>
public sealed class EverySizeTests
{
    public static MatrixTheoryData<string, bool> Variants => new(TestModels.Kernels, [false, true]);

    public static MatrixTheoryData<string, string, bool> Cases => new(TestModels.Cells.Concat(["linear", "conv"]), TestModels.Kernels, [false, true]);

    [Theory]
    [MemberData(nameof(Variants))]
    [Trait("Category", "Kernels")]
    public void SmallCellsGiveTheBitsOfScalarInAnyChunking(string kernel, bool int8)
    {
        foreach (var kind in TestModels.Cells)
        {
            foreach (var size in Effort.Of<int[]>([1, 9, 24, 33, 97], [9, 33]))
            {
                CheckCell(kind, size, kernel, int8);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void EverySizeGivesTheBitsOfScalarInAnyChunkingAndBatch(string kind, string kernel, bool int8)
    {
        for (var size = 1; size <= 129; size++)
        {
            CheckCell(kind, size, kernel, int8);
        }
    }

    /// <summary>A variant against scalar: all steps of three streams in one call, and one by one.</summary>
    private static void CheckCell(string kind, int size, string kernel, bool int8)
    {
        const int TimeSteps = 3, Streams = 3;
        var graph = TestModels.Single(kind, features: 1 + (size * 7 % 29), size, seed: size, bias: size % 2 == 1).Quantized(int8);
        using var model = TestModels.Bind(graph, kernel);
        using var scalar = TestModels.Bind(graph, "scalar");
        var signals = Signals.Random(model, TimeSteps, Streams, seed: size);
        using var reference = scalar.CreateSession(Streams, 1);
        var expected = signals.Run(reference, 1);
        foreach (var length in new[] { TimeSteps, 1 })
        {
            var what = $"{kind} of {size} units, {kernel}, int8 {int8}, calls of {length} steps";
            using var session = model.CreateSession(Streams, length);
            Bits.Equal(what, expected, signals.Run(session, length));
            Bits.EqualState(what, reference, session);
        }

        using var alone = model.CreateSession(1, TimeSteps);
        Bits.Equal($"{kind} of {size} units, {kernel}, int8 {int8}, stream 1 alone",
            Signals.OfStream(expected[0], TimeSteps, Streams, 1), signals.Stream(1).Run(alone, TimeSteps)[0]);
    }
}
