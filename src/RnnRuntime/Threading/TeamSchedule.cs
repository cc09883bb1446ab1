using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Threading;

/// <summary>
/// Who does which part of which phase. Phases are numbered through, over all work that a team ever does; a part is claimed by moving its claim from one
/// number to the next, so each part of a phase is done once, and a worker that comes late finds its part claimed. The caller waits only for parts
/// that a worker has claimed, and takes the others itself: a worker that is parked, or that the system has put aside, costs its help and nothing else.
/// What describes the work stays as it is for as long as a claimed part is not done, and is read in between only.
/// </summary>
internal sealed class TeamSchedule(int threads)
{
    /// <summary>A worker looks for work for this long before it parks.</summary>
    private static readonly long s_spinTicks = Stopwatch.Frequency / 20_000;

    /// <summary>Looks before a pause becomes a yield of the processor, some 50 us.</summary>
    private const int MostPauses = 2000;

    /// <summary>Looks at a part that is not done before the caller tries to claim it, some 200 ns.</summary>
    private const int PausesBeforeClaim = 8;

    private const int PausesBetweenClocks = 32;

    private readonly PaddedInt64[] _claims = new PaddedInt64[threads];
    private readonly PaddedInt64[] _done = new PaddedInt64[threads];
    private readonly PaddedInt64[] _parked = new PaddedInt64[threads];
    private readonly AutoResetEvent[] _wakeUps = [.. Enumerable.Range(0, threads).Select(_ => new AutoResetEvent(false))];
    private PaddedInt64 _phase;
    private PaddedInt64 _taken;
    private SplitWork? _work;
    private long _firstPhase;
    private long _endPhase = 1;
    private int _parts;
    private volatile bool _stopping;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnter() => Volatile.Read(ref _taken.Value) == 0 && Interlocked.CompareExchange(ref _taken.Value, 1, 0) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit() => Volatile.Write(ref _taken.Value, 0);

    /// <summary>Does the work with the workers that come in time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(SplitWork work, int phases, int parts)
    {
        Debug.Assert(phases > 0 && parts > 1 && parts <= threads, "the work has parts for this team");
        var first = _endPhase;
        var end = first + phases;
        _work = work;
        _firstPhase = first;
        _endPhase = end;
        _parts = parts;
        for (var part = parts; part < threads; part++)
        {
            _claims[part].Value = end - 1;
        }

        // A full fence: a worker that parks either sees the phase or is seen parked.
        Interlocked.Exchange(ref _phase.Value, first);
        WakeWorkers(parts);
        for (var phase = first; phase < end; phase++)
        {
            if (phase > first)
            {
                Volatile.Write(ref _phase.Value, phase);
            }

            work.Run((int)(phase - first), 0);
            Volatile.Write(ref _done[0].Value, phase);
            for (var part = 1; part < parts; part++)
            {
                Finish(work, phase, (int)(phase - first), part);
            }
        }

        _work = null;
    }

    /// <summary>The life of the worker that prefers this part.</summary>
    public void Work(int part)
    {
        var seen = 0L;
        while (WaitForWork(part, ref seen))
        {
            Join(part, ref seen);
        }
    }

    public void Stop()
    {
        _stopping = true;
        Interlocked.MemoryBarrier();
        Array.ForEach(_wakeUps, wakeUp => wakeUp.Set());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WakeWorkers(int parts)
    {
        for (var part = 1; part < parts; part++)
        {
            if (Volatile.Read(ref _parked[part].Value) != 0)
            {
                Volatile.Write(ref _parked[part].Value, 0);
                _wakeUps[part].Set();
            }
        }
    }

    /// <summary>Sees to it that the part is done, by its worker or here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(SplitWork work, long phase, int workPhase, int part)
    {
        for (var pauses = 0; Volatile.Read(ref _done[part].Value) < phase; pauses++)
        {
            if (pauses >= PausesBeforeClaim && TryClaim(part, phase))
            {
                work.Run(workPhase, part);
                Volatile.Write(ref _done[part].Value, phase);
                return;
            }

            PauseOrYield(pauses);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryClaim(int part, long phase) =>
        Volatile.Read(ref _claims[part].Value) == phase - 1 && Interlocked.CompareExchange(ref _claims[part].Value, phase, phase - 1) == phase - 1;

    /// <summary>Does the worker's part of the phase that it has seen and of those behind it, for as long as the others keep up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Join(int part, ref long seen)
    {
        for (var phase = seen; TryClaim(part, phase); phase++)
        {
            var (work, first, end, parts) = (_work!, _firstPhase, _endPhase, _parts);
            work.Run((int)(phase - first), part);
            Volatile.Write(ref _done[part].Value, phase);
            seen = phase;
            if (phase + 1 == end || !WaitForOthers(phase, parts))
            {
                return;
            }
        }
    }

    /// <summary>Whether all parts of the phase are done before long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool WaitForOthers(long phase, int parts)
    {
        var pauses = 0;
        for (var part = 0; part < parts; part++)
        {
            for (; Volatile.Read(ref _done[part].Value) < phase; pauses++)
            {
                if (pauses == MostPauses)
                {
                    return false;
                }

                Pause();
            }
        }

        return true;
    }

    /// <summary>Waits for a phase after <paramref name="seen"/>; false when the team ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool WaitForWork(int part, ref long seen)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            for (var pauses = 0; pauses < PausesBetweenClocks; pauses++)
            {
                var phase = Volatile.Read(ref _phase.Value);
                if (phase > seen)
                {
                    seen = phase;
                    return true;
                }

                Pause();
            }

            if (Stopwatch.GetTimestamp() - start > s_spinTicks)
            {
                Park(part, seen);
                if (_stopping)
                {
                    return false;
                }

                start = Stopwatch.GetTimestamp();
            }
        }
    }

    private void Park(int part, long seen)
    {
        Interlocked.Exchange(ref _parked[part].Value, 1);
        if (Volatile.Read(ref _phase.Value) <= seen && !_stopping)
        {
            _wakeUps[part].WaitOne();
        }

        Volatile.Write(ref _parked[part].Value, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PauseOrYield(int pauses)
    {
        if (pauses < MostPauses)
        {
            Pause();
        }
        else
        {
            Thread.Yield();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else if (ArmBase.IsSupported)
        {
            ArmBase.Yield();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }
}
