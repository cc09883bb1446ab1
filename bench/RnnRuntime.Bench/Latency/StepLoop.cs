using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RnnRuntime.Bench.Interop;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Latency;

/// <summary>One way to run steps: times of completion, in ns, of as many calls as asked for.</summary>
internal abstract class StepLoop : IDisposable
{
    /// <summary>So many calls go before that tiered compilation, which a pinned process delays, has finished.</summary>
    protected const double WarmUpSeconds = 0.5;

    /// <summary>Runs on a thread of its own that stays on a processor; <paramref name="stamps"/> has one element more than there are calls.</summary>
    internal abstract void Run(Span<long> stamps, int processor);

    /// <summary>How often another thread was given the processor during the last run.</summary>
    internal long Preemptions { get; private protected set; }

    public abstract void Dispose();
}

/// <summary>A managed thread that calls and takes the time after each call.</summary>
internal sealed class ManagedLoop(IPeer peer) : StepLoop
{
    internal override unsafe void Run(Span<long> stamps, int processor)
    {
        Exception? failure = null;
        fixed (long* first = stamps)
        {
            long* to = first;
            int count = stamps.Length;
            var thread = new Thread(() =>
            {
                try
                {
                    Processors.Pin(processor);
                    Loop(to, count);
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            })
            { Name = "steps", Priority = ThreadPriority.Highest };
            thread.Start();
            thread.Join();
        }

        if (failure is not null)
        {
            throw new InvalidOperationException($"The loop of {peer.Name} ended early.", failure);
        }
    }

    public override void Dispose() => peer.Dispose();

    private unsafe void Loop(long* stamps, int count)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds)
        {
            peer.Step();
        }

        long before = Processors.Preemptions();
        TakeStamps(stamps, count);
        Preemptions = Processors.Preemptions() - before;
        double nanoseconds = 1e9 / Stopwatch.Frequency;
        for (int i = 0; i < count; i++)
        {
            stamps[i] = (long)(stamps[i] * nanoseconds);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe void TakeStamps(long* stamps, int count)
    {
        stamps[0] = Stopwatch.GetTimestamp();
        for (int i = 1; i < count; i++)
        {
            peer.Step();
            stamps[i] = Stopwatch.GetTimestamp();
        }
    }
}

/// <summary>A thread that the .NET runtime does not know, as a host's audio thread: it calls the C kernel and takes the time itself.</summary>
internal sealed unsafe class NativeThreadLoop(NativeLstm cell) : StepLoop
{
    private const int WarmUpSteps = 20_000;

    internal override void Run(Span<long> stamps, int processor)
    {
        fixed (long* first = stamps)
        {
            NativeLoop* loop = (NativeLoop*)NativeMemory.AllocZeroed((nuint)sizeof(NativeLoop));
            try
            {
                *loop = new NativeLoop
                {
                    Step = cell.Step,
                    Weights = cell.Weights,
                    Arguments = cell.Arguments,
                    WarmUp = WarmUpSteps,
                    Steps = stamps.Length - 1,
                    Stamps = first,
                    Processor = processor,
                    Preemptions = 0,
                };
                BenchNative.Run(loop);
                Preemptions = loop->Preemptions;
            }
            finally
            {
                NativeMemory.Free(loop);
            }
        }
    }

    public override void Dispose() => cell.Dispose();
}
