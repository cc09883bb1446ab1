using System.Diagnostics;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Measuring;

/// <summary>Nanoseconds of one time step over the rounds.</summary>
internal readonly record struct Timing(double Min, double Median);

/// <summary>
/// Times peers in rounds: each round gives every peer one slice in turn, so that a slow spell of the machine meets all of them. Peers are
/// warmed up for long enough that tiered compilation has finished with their code.
/// </summary>
internal sealed class InterleavedTimer(int rounds, double sliceSeconds, double warmUpSeconds)
{
    internal Timing[] Measure(IReadOnlyList<IPeer> peers, int timeSteps)
    {
        long[] calls = [.. peers.Select(peer => CallsPerSlice(WarmUp(peer)))];
        var samples = peers.Select(_ => new double[rounds]).ToArray();
        for (int round = 0; round < rounds; round++)
        {
            for (int p = 0; p < peers.Count; p++)
            {
                peers[p].Step();
                samples[p][round] = Seconds(peers[p], calls[p]) * 1e9 / calls[p] / timeSteps;
            }
        }

        return [.. samples.Select(Summarise)];
    }

    /// <summary>Runs the peer for the warm-up time and returns the seconds that a call takes at the end of it.</summary>
    private double WarmUp(IPeer peer)
    {
        long calls = 1;
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            double seconds = Seconds(peer, calls);
            if (Stopwatch.GetElapsedTime(start).TotalSeconds >= warmUpSeconds)
            {
                return seconds / calls;
            }

            calls = seconds < warmUpSeconds / 16 ? calls * 2 : calls;
        }
    }

    private long CallsPerSlice(double secondsPerCall) => Math.Max(1, (long)(sliceSeconds / secondsPerCall));

    private static double Seconds(IPeer peer, long calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (long call = 0; call < calls; call++)
        {
            peer.Step();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Timing Summarise(double[] samples)
    {
        Array.Sort(samples);
        int middle = samples.Length / 2;
        double median = samples.Length % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
        return new Timing(samples[0], median);
    }
}
