using RnnRuntime.Threading;

namespace RnnRuntime.Tests.Threading;

/// <summary>Every part of every phase is done once and in order, whoever is there to do it.</summary>
public sealed class WorkerTeamTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void EveryPartIsDoneOnceAndAfterThePhaseBefore(int threads)
    {
        var random = new Random(threads);
        using var team = new WorkerTeam(threads);
        for (var call = 0; call < 3000; call++)
        {
            var (phases, parts) = (random.Next(1, 6), random.Next(2, threads + 1));
            var work = new CountedWork(phases, parts);
            Assert.True(team.TryEnter());
            team.Run(work, phases, parts);
            team.Exit();
            work.Check();
            if (call % 500 == 0)
            {
                // Long enough that workers park.
                Thread.Sleep(5);
            }
        }
    }

    /// <summary>Every part waits until all have begun: nobody but the workers can begin the others.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void PartsRunAtTheSameTimeOnThreadsOfTheirOwn(int threads)
    {
        using var team = new WorkerTeam(threads);
        using var work = new MeetingWork(threads);
        for (var call = 0; call < 3; call++)
        {
            Assert.True(team.TryEnter());
            team.Run(work, 2, threads);
            team.Exit();
            Assert.Equal(threads, work.Threads.Distinct().Count());
            Assert.Equal(Environment.CurrentManagedThreadId, work.Threads[0]);
            Thread.Sleep(5);
        }
    }

    [Fact]
    public void ATakenTeamIsRefusedUntilItIsGivenBack()
    {
        using var team = new WorkerTeam(2);
        Assert.True(team.TryEnter());
        Assert.False(team.TryEnter());
        team.Exit();
        Assert.True(team.TryEnter());
        team.Exit();
    }

    /// <summary>A worker that no phase has a part for goes to sleep while phases go by; it is there again when one has.</summary>
    [Fact]
    public void AWorkerBeyondThePartsParks()
    {
        using var team = new WorkerTeam(3);
        var few = new CountedWork(1, 2);
        var limit = DateTime.UtcNow.AddMinutes(1);
        Assert.True(team.TryEnter());
        while (!team.Workers[1].ThreadState.HasFlag(ThreadState.WaitSleepJoin) && DateTime.UtcNow < limit)
        {
            team.Run(few, 1, 2);
        }

        Assert.True(team.Workers[1].ThreadState.HasFlag(ThreadState.WaitSleepJoin), "The worker without a part never parks.");
        using var all = new MeetingWork(3);
        team.Run(all, 2, 3);
        team.Exit();
        Assert.Equal(3, all.Threads.Distinct().Count());
    }

    [Fact]
    public void NeitherCallerNorWorkerAllocates()
    {
        using var team = new WorkerTeam(2);
        var work = new AllocationWork();
        void RunOften()
        {
            for (var call = 0; call < 200; call++)
            {
                team.TryEnter();
                team.Run(work, 3, 2);
                team.Exit();
            }
        }

        RunOften();
        Assert.Equal(0, Allocations.Of(RunOften));
        Assert.Equal(0, work.LeastOfWorker);
    }

    [Fact]
    public void DisposeEndsTheWorkers()
    {
        var team = new WorkerTeam(3);
        Assert.All(team.Workers, worker => Assert.True(worker.IsAlive && worker.IsBackground));
        team.Dispose();
        Assert.All(team.Workers, worker => Assert.False(worker.IsAlive));
    }

    private sealed class CountedWork(int phases, int parts) : SplitWork
    {
        private readonly int[] _counts = new int[phases];
        private readonly int[] _done = new int[phases * parts];
        private int _early;

        public override void Run(int phase, int part)
        {
            if (phase > 0 && Volatile.Read(ref _counts[phase - 1]) != parts)
            {
                Interlocked.Increment(ref _early);
            }

            Interlocked.Increment(ref _done[(phase * parts) + part]);
            Interlocked.Increment(ref _counts[phase]);
        }

        public void Check()
        {
            Assert.All(_done, count => Assert.Equal(1, count));
            Assert.Equal(0, _early);
        }
    }

    private sealed class MeetingWork(int threads) : SplitWork, IDisposable
    {
        private readonly Barrier _barrier = new(threads);

        public int[] Threads { get; } = new int[threads];

        public override void Run(int phase, int part)
        {
            Threads[part] = Environment.CurrentManagedThreadId;
            _barrier.SignalAndWait();
        }

        public void Dispose() => _barrier.Dispose();
    }

    /// <summary>Part 0 waits until part 1 has begun, so that it is the worker who does that; what it allocates from one to the next, the least.</summary>
    private sealed class AllocationWork : SplitWork
    {
        private int _waited;
        private int _begun;
        private long _before = long.MinValue;

        public long LeastOfWorker { get; private set; } = long.MaxValue;

        public override void Run(int phase, int part)
        {
            if (part == 0)
            {
                for (_waited++; Volatile.Read(ref _begun) < _waited;)
                {
                    Thread.Yield();
                }

                return;
            }

            var now = GC.GetAllocatedBytesForCurrentThread();
            LeastOfWorker = _before == long.MinValue ? LeastOfWorker : Math.Min(LeastOfWorker, now - _before);
            _before = now;
            Volatile.Write(ref _begun, _begun + 1);
        }
    }
}
