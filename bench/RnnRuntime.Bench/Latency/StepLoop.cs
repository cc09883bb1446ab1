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

    /// <summary>
    /// Runs on a thread of its own that stays on a processor; <paramref name="stamps"/> has one element more than there are calls, and <paramref name="preempted"/>, which is
    /// cleared, one a call.
    /// </summary>
    internal abstract void Run(Span<long> stamps, Span<byte> preempted, int processor);

    /// <summary>How often another thread was given the processor during the last run.</summary>
    internal long Preemptions { get; private protected set; }

    public abstract void Dispose();
}

/// <summary>A managed thread that calls and takes the time after each call.</summary>
internal sealed class ManagedLoop(IPeer peer) : StepLoop
{
    internal override unsafe void Run(Span<long> stamps, Span<byte> preempted, int processor)
    {
        Exception? failure = null;
        fixed (long* first = stamps)
        fixed (byte* firstMark = preempted)
        {
            long* to = first;
            byte* marks = firstMark;
            int count = stamps.Length;
            var thread = new Thread(() =>
            {
                try
                {
                    Processors.Pin(processor);
                    Loop(to, marks, count);
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

    private unsafe void Loop(long* stamps, byte* preempted, int count)
    {
        long start = Stopwatch.GetTimestamp(), calls = 0;
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds)
        {
            peer.Step();
            calls++;
        }

        long suspicious = 2 * (Stopwatch.GetTimestamp() - start) / calls;
        long before = Processors.Preemptions();
        TakeStamps(stamps, preempted, count, suspicious);
        Preemptions = Processors.Preemptions() - before;
        double nanoseconds = 1e9 / Stopwatch.Frequency;
        for (int i = 0; i < count; i++)
        {
            stamps[i] = (long)(stamps[i] * nanoseconds);
        }
    }

    /// <summary>The counter is a system call: only a time of twice the mean asks for it. The counter's own time falls into the call after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe void TakeStamps(long* stamps, byte* preempted, int count, long suspicious)
    {
        long seen = Processors.Preemptions();
        stamps[0] = Stopwatch.GetTimestamp();
        for (int i = 1; i < count; i++)
        {
            peer.Step();
            stamps[i] = Stopwatch.GetTimestamp();
            if (stamps[i] - stamps[i - 1] > suspicious)
            {
                long now = Processors.Preemptions();
                preempted[i - 1] = now != seen ? (byte)1 : (byte)0;
                seen = now;
            }
        }
    }
}

/// <summary>A thread that the .NET runtime does not know, as a host's audio thread: it calls <c>rnn_run</c> and takes the time itself.</summary>
internal sealed unsafe class NativeThreadLoop(NativeRun run) : StepLoop
{
    private const int WarmUpCalls = 20_000;

    internal override void Run(Span<long> stamps, Span<byte> preempted, int processor)
    {
        fixed (long* first = stamps)
        fixed (byte* marks = preempted)
        {
            NativeLoop* loop = (NativeLoop*)NativeMemory.AllocZeroed((nuint)sizeof(NativeLoop));
            try
            {
                *loop = new NativeLoop
                {
                    Run = run.Function,
                    Program = run.Program,
                    Input = run.Input,
                    Output = run.Output,
                    TimeSteps = run.TimeSteps,
                    WarmUp = WarmUpCalls,
                    Calls = stamps.Length - 1,
                    Stamps = first,
                    Preempted = marks,
                    Preemptions = 0,
                    Processor = processor,
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

    public override void Dispose() => run.Dispose();
}
