using System.Runtime.InteropServices;

namespace RnnRuntime.Tests.Sessions;

/// <summary>What only shows after many steps.</summary>
public sealed class LongRunTests
{
    public static MatrixTheoryData<string, bool> Cells => new(["lstm", "gru-reset-after"], [false, true]);

    public static MatrixTheoryData<string, string, bool> Decaying =>
        new(TestModels.Kinds.Except(["rnn-relu", "rnn-identity"]).Append("leak"), TestModels.Kernels, [false, true]);

    [Theory]
    [MemberData(nameof(Cells))]
    public void AMillionStepsOneByOneAndInUnevenChunksGiveTheSameBits(string kind, bool int8)
    {
        const int Steps = 1_000_000, Block = 1000, Features = 2, Size = 5;
        int[] lengths = [1, 7, 64, 13, 2, 31, 100, 3];
        using var model = RnnModel.FromGraph(TestModels.Single(kind, Features, Size, seed: 5).Quantized(int8));
        using var single = model.CreateSession(1, 1);
        using var chunked = model.CreateSession(1, 32);
        var input = new float[Block * Features];
        var expected = new float[Block * Size];
        var actual = new float[Block * Size];
        var random = new Random(17);
        for (int done = 0, call = 0; done < Steps; done += Block)
        {
            // Every eighth block is silent, so that the state decays and rises again.
            var silent = done / Block % 8 == 7;
            foreach (ref var value in input.AsSpan())
            {
                value = silent ? 0f : (random.NextSingle() * 2) - 1;
            }

            for (var step = 0; step < Block; step++)
            {
                single.Run(input.AsSpan(step * Features, Features), expected.AsSpan(step * Size, Size));
            }

            for (int step = 0, count; step < Block; step += count, call++)
            {
                count = Math.Min(lengths[call % lengths.Length], Block - step);
                chunked.Run(input.AsSpan(step * Features, count * Features), actual.AsSpan(step * Size, count * Size));
            }

            Bits.Equal($"{kind}, int8 {int8}, steps from {done}", expected, actual);
            Assert.True(expected.All(value => Math.Abs(value) <= 1), "a hidden state of an LSTM or GRU stays within [-1, 1] and is no NaN");
        }

        Bits.EqualState($"{kind}, int8 {int8}", single, chunked);
    }

    [Theory]
    [MemberData(nameof(Decaying))]
    public void ADecayingStateHoldsNoSubnormal(string kind, string kernel, bool int8)
    {
        var graph = kind == "leak" ? Leak() : TestModels.Single(kind, 3, 9, seed: 2, bias: false);
        using var model = TestModels.Bind(graph.Quantized(int8), kernel);
        using var session = model.CreateSession();
        var features = model.Inputs[0].Shape.ElementCount;
        var output = new float[model.Outputs[0].Shape.ElementCount];
        var input = new float[features];
        Array.Fill(input, 0.5f);
        for (var step = 0; step < 2000; step++)
        {
            session.Run(input, output);
            Array.Clear(input);
            foreach (var value in MemoryMarshal.Cast<byte, float>(session.State().AsSpan(16)))
            {
                Assert.False(float.IsSubnormal(value), $"{kind}, {kernel}, int8 {int8}: the state holds {value:R} after {step} silent steps.");
            }
        }
    }

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru-reset-after")]
    [InlineData("rnn-identity")]
    [InlineData("delay")]
    [InlineData("conv")]
    public void SubnormalInputNeverReachesTheState(string kind)
    {
        using var model = RnnModel.FromGraph(TestModels.Single(kind, 3, 9, seed: 2, bias: false));
        using var session = model.CreateSession();
        var output = new float[model.Outputs[0].Shape.ElementCount];
        for (var step = 0; step < 20; step++)
        {
            session.Run([float.Epsilon, -1e-40f, 1e-39f], output);
        }

        Assert.All(MemoryMarshal.Cast<byte, float>(session.State().AsSpan(16)).ToArray(), value => Assert.Equal(0f, value));
        Assert.All(output, value => Assert.Equal(0f, value));
    }

    /// <summary>A leaky integrator, the simplest decaying state: s' = s / 2 + x.</summary>
    private static RnnGraph Leak()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        var state = builder.State("s", 3);
        var next = builder.Add(builder.Multiply(state, builder.Constant([0.5f])), x);
        builder.SetNextState(state, next);
        builder.Output("y", next);
        return builder.Build();
    }
}
