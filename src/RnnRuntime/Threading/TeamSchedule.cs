using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using RnnRuntime.Memory;

namespace RnnRuntime.Threading;

/// <summary>
/// Who does which part of which phase. Phases are numbered through, over all work that a team ever does; a part is claimed by moving its claim from one
/// number to the next, so each part of a phase is done once, and a worker that comes late finds its part claimed. The caller waits only for parts
/// that a worker has claimed, and takes the others itself: a worker that is parked, or that the system has put aside, costs its help and nothing else.
/// Nothing that a caller writes in every call lies on a line that workers read without need.
/// What describes the work changes only while no part of it is claimed, and is read by those who have claimed one.
/// </summary>
internal sealed unsafe class TeamSchedule
{
    /// <summary>A worker looks for work for this long before it parks.</summary>
    private static readonly long s_spinTicks = Stopwatch.Frequency / 20_000;

    /// <summary>Looks before a pause becomes a yield of the processor, some 50 us; see <see cref="Sleep"/>.</summary>
    private const int MostPauses = 2000;

    /// <summary>Looks at a part that is not done before the caller tries to claim it, some 200 ns.</summary>
    private const int PausesBeforeClaim = 8;

    private const int PausesBetweenClocks = 32;

    /// <summary>Yields of the processor before the caller sleeps, and then as many sleeps of no time before it sleeps for a millisecond.</summary>
    private const int MostYields = 16;

    private readonly int _threads;
    private readonly AlignedBlock _lines;
    private readonly CallerLine* _caller;
    private readonly CallLine* _call;
    private readonly PartLine* _parts;
    private readonly AutoResetEvent[] _wakeUps;
    private SplitWork? _work;
    private volatile bool _stopping;

    public TeamSchedule(int threads)
    {
        _threads = threads;
        _lines = new AlignedBlock(sizeof(CallerLine) + sizeof(CallLine) + (threads * sizeof(PartLine)));
        _caller = (CallerLine*)_lines.Pointer;
        _call = (CallLine*)(_caller + 1);
        _parts = (PartLine*)(_call + 1);
        _caller->NextPhase = 1;
        _wakeUps = [.. Enumerable.Range(0, threads).Select(_ => new AutoResetEvent(false))];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnter() => Volatile.Read(ref _caller->Taken) == 0 && Interlocked.CompareExchange(ref _caller->Taken, 1, 0) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit() => Volatile.Write(ref _caller->Taken, 0);

    /// <summary>Does the work with the workers that come in time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(SplitWork work, int phases, int parts)
    {
        Debug.Assert(phases > 0 && parts > 1 && parts <= _threads, "the work has parts for this team");
        var first = _caller->NextPhase;
        var end = first + phases;
        _caller->NextPhase = end;
        if (_work != work)
        {
            _work = work;
        }

        for (var part = parts; part < _threads; part++)
        {
            _parts[part].Claim = end - 1;
        }

        _call->First = first;
        _call->End = end;
        _call->Parts = parts;
        for (var phase = first; phase < end; phase++)
        {
            Volatile.Write(ref _call->Phase, phase);
            WakeWorkers(parts);
            work.Run((int)(phase - first), 0);
            Volatile.Write(ref _parts[0].Done, phase);
            for (var part = 1; part < parts; part++)
            {
                Finish(work, phase, (int)(phase - first), part);
            }
        }
    }

    /// <summary>The life of the worker that prefers this part. Phases that have no part for it are no work: it parks while they go by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Work(int part)
    {
        var seen = 0L;
        var start = Stopwatch.GetTimestamp();
        for (var looks = 1; ; looks++)
        {
            var phase = Volatile.Read(ref _call->Phase);
            if (phase > seen)
            {
                seen = phase;
                start = Join(part, ref seen) ? Stopwatch.GetTimestamp() : start;
            }
            else
            {
                Pause();
            }

            if (looks % PausesBetweenClocks == 0 && Stopwatch.GetTimestamp() - start > s_spinTicks)
            {
                Park(part);
                if (_stopping)
                {
                    return;
                }

                start = Stopwatch.GetTimestamp();
            }
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
            if (Volatile.Read(ref _parts[part].Parked) != 0)
            {
                Volatile.Write(ref _parts[part].Parked, 0);
                _wakeUps[part].Set();
            }
        }
    }

    /// <summary>Sees to it that the part is done, by its worker or here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(SplitWork work, long phase, int workPhase, int part)
    {
        for (var pauses = 0; Volatile.Read(ref _parts[part].Done) < phase; pauses++)
        {
            if (pauses >= PausesBeforeClaim && TryClaim(part, phase))
            {
                work.Run(workPhase, part);
                Volatile.Write(ref _parts[part].Done, phase);
                return;
            }

            if (pauses < MostPauses)
            {
                Pause();
            }
            else
            {
                Sleep(pauses - MostPauses);
            }
        }
    }

    /// <summary>
    /// Ever longer. A yield lets no thread of a lower priority run: where the caller is a real-time thread and the worker, which is none, has lost its processor to
    /// it with the part half done, only a caller that sleeps lets it end.
    /// </summary>
    private static void Sleep(int times)
    {
        if (times < MostYields)
        {
            Thread.Yield();
        }
        else
        {
            Thread.Sleep(times < 2 * MostYields ? 0 : 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryClaim(int part, long phase) =>
        Volatile.Read(ref _parts[part].Claim) == phase - 1 && Interlocked.CompareExchange(ref _parts[part].Claim, phase, phase - 1) == phase - 1;

    /// <summary>Does the worker's part of the phase that it has seen and of those behind it, for as long as the others keep up; false if it did none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Join(int part, ref long seen)
    {
        var joined = false;
        for (var phase = seen; TryClaim(part, phase); phase++)
        {
            joined = true;
            var (first, end, parts) = (_call->First, _call->End, _call->Parts);
            _work!.Run((int)(phase - first), part);
            Volatile.Write(ref _parts[part].Done, phase);
            seen = phase;
            if (phase + 1 == end || !WaitForOthers(phase, parts))
            {
                break;
            }
        }

        return joined;
    }

    /// <summary>Whether all parts of the phase are done before long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool WaitForOthers(long phase, int parts)
    {
        var pauses = 0;
        for (var part = 0; part < parts; part++)
        {
            for (; Volatile.Read(ref _parts[part].Done) < phase; pauses++)
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

    /// <summary>
    /// The barrier of the whole process stands here so that none has to stand between the caller's publishing a phase and its looking for parked workers:
    /// either the caller sees this one parked, or this one sees the phase, and that its part of it is not claimed.
    /// </summary>
    private void Park(int part)
    {
        Volatile.Write(ref _parts[part].Parked, 1);
        Interlocked.MemoryBarrierProcessWide();
        if (Volatile.Read(ref _call->Phase) is var phase && Volatile.Read(ref _parts[part].Claim) >= phase && !_stopping)
        {
            _wakeUps[part].WaitOne();
        }

        Volatile.Write(ref _parts[part].Parked, 0);
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
