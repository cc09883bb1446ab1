using System.Runtime.CompilerServices;

namespace RnnRuntime.Threading;

/// <summary>
/// Threads that help a caller with its work: the calling thread and persistent workers, which park in the kernel where nothing comes for a while. One
/// caller at a time has the team; another one that finds it taken works alone. Nothing here allocates once it is made.
/// </summary>
internal sealed class WorkerTeam : IDisposable
{
    private readonly TeamSchedule _schedule;
    private readonly Thread[] _workers;

    /// <param name="threads">Threads that work at once, the caller among them; at least 2.</param>
    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 2);

        // Workers hold the schedule, never the team: a team that nobody holds any more is finalised, and its workers end.
        var schedule = _schedule = new TeamSchedule(threads);
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            var part = i + 1;
            _workers[i] = new Thread(() => schedule.Work(part)) { IsBackground = true, Name = $"RnnRuntime worker {part}" };
            _workers[i].Start();
        }
    }

    ~WorkerTeam() => _schedule.Stop();

    internal IReadOnlyList<Thread> Workers => _workers;

    /// <summary>Takes the team, or tells that another caller has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnter() => _schedule.TryEnter();

    /// <summary>Gives it back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit() => _schedule.Exit();

    /// <summary>Does the work, part 0 of each phase on this thread. The caller has the team.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(SplitWork work, int phases, int parts)
    {
        _schedule.Run(work, phases, parts);
        GC.KeepAlive(this);
    }

    /// <summary>Ends the workers and waits for them. No caller may have the team.</summary>
    public void Dispose()
    {
        _schedule.Stop();
        Array.ForEach(_workers, worker => worker.Join());
        GC.SuppressFinalize(this);
    }
}
