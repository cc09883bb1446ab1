using System.Runtime.CompilerServices;
using RnnRuntime.Memory;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Sessions share weights, reuse arenas, and run side by side.</summary>
public sealed class PoolTests
{
    [Fact]
    public unsafe void AReturnedBlockIsRentedAgainZeroed()
    {
        using var pool = new ArenaPool(capacity: 2);
        var block = pool.Rent(256);
        var address = (nint)block.Pointer;
        Assert.Equal(0, address % AlignedBlock.Alignment);
        new Span<byte>(block.Pointer, 256).Fill(0xFF);
        pool.Return(block);

        var other = pool.Rent(320);
        Assert.NotEqual(address, (nint)other.Pointer);
        var again = pool.Rent(256);
        Assert.Equal(address, (nint)again.Pointer);
        Assert.Equal(-1, new Span<byte>(again.Pointer, 256).IndexOfAnyExcept((byte)0));
        other.Dispose();
        again.Dispose();
    }

    [Fact]
    public unsafe void BlocksBeyondTheCapacityAndAfterDisposeAreFreed()
    {
        var pool = new ArenaPool(capacity: 1);
        var blocks = new[] { pool.Rent(64), pool.Rent(64), pool.Rent(64) };
        pool.Return(blocks[0]);
        pool.Return(blocks[1]);
        Assert.True(blocks[0].Pointer != null);
        Assert.Throws<ObjectDisposedException>(() => { _ = blocks[1].Pointer; });

        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { _ = blocks[0].Pointer; });
        pool.Return(blocks[2]);
        Assert.Throws<ObjectDisposedException>(() => { _ = blocks[2].Pointer; });
        Assert.Throws<ObjectDisposedException>(() => pool.Rent(64));
    }

    [Fact]
    public unsafe void ADisposedSessionsArenaServesTheNextOneFromTheInitialState()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            using var model = RnnModel.FromGraph(RandomGraph.Make(seed));
            var signals = Signals.Random(model, 6, 2, seed);
            var first = model.CreateSession(2, 6);
            var address = (nint)Arena(first)!.Pointer;
            var initial = first.State();
            var expected = signals.Run(first, 6);

            // Whatever a session leaves behind must be gone.
            new Span<byte>(Arena(first)!.Pointer, checked((int)first.ArenaBytes)).Fill(0xFF);
            first.Dispose();
            first.Dispose();

            using var second = model.CreateSession(2, 6);
            Assert.Equal(address, (nint)Arena(second)!.Pointer);
            Bits.EqualState($"graph seed {seed}", initial, second.State());
            Bits.Equal($"graph seed {seed}", expected, signals.Run(second, 6));
            using var third = model.CreateSession(2, 6);
            Assert.NotEqual(address, (nint)Arena(third)!.Pointer);
        }
    }

    [Fact]
    public unsafe void AThousandSessionsShareTheWeights()
    {
        const int Sessions = 1000;
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 64, 128, seed: 1));
        var weightBytes = model.WeightBytes;
        var signals = Signals.Random(model, 1, 1, seed: 1);
        using var reference = model.CreateSession(1, 1);
        var expected = signals.Run(reference, 1);

        var sessions = Enumerable.Range(0, Sessions).Select(_ => model.CreateSession(1, 1)).ToArray();
        foreach (var session in sessions)
        {
            Assert.Same(model.Plan, PlanOf(session));
            Bits.Equal("one of a thousand", expected, signals.Run(session, 1));
        }

        Assert.Equal(weightBytes, model.WeightBytes);
        Assert.InRange(sessions[0].ArenaBytes, 1, weightBytes / 20);
        Assert.Equal(Sessions, sessions.Select(session => (nint)Arena(session)!.Pointer).Distinct().Count());
        foreach (var session in sessions)
        {
            session.Dispose();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SessionsOnSeveralThreadsGiveTheBitsOfOne(bool int8)
    {
        using var model = RnnModel.FromGraph(RandomGraph.Make(3).Quantized(int8));
        var signals = Enumerable.Range(0, 4).Select(seed => Signals.Random(model, 50, 2, seed)).ToArray();
        var expected = signals.Select(each =>
        {
            using var session = model.CreateSession(2, 8);
            return each.Run(session, 8);
        }).ToArray();

        await Task.WhenAll(signals.Select((each, i) => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < 20; round++)
                {
                    using var session = model.CreateSession(2, 1 + (round % 8));
                    Bits.Equal($"thread {i}, round {round}", expected[i], each.Run(session, session.ChunkLength));
                }
            },
            TaskCreationOptions.LongRunning)));
    }

    [Fact]
    public unsafe void AModelsMemoryIsFreedWithItsLastSession()
    {
        var model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 8, seed: 1));
        var session = model.CreateSession();
        var arena = Arena(session)!;
        model.Dispose();
        model.Dispose();
        Assert.True(arena.Pointer != null);
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { _ = arena.Pointer; });
        Assert.All(WeightBlocks(Weights(model.Plan)), block => Assert.Throws<ObjectDisposedException>(() => { _ = block.Pointer; }));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_arena")]
    private static extern ref AlignedBlock? Arena(RnnSession session);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_plan")]
    private static extern ref Plan.ExecutionPlan PlanOf(RnnSession session);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_weights")]
    private static extern ref Plan.Packer Weights(Plan.ExecutionPlan plan);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_blocks")]
    private static extern ref List<AlignedBlock> WeightBlocks(Plan.Packer packer);
}
