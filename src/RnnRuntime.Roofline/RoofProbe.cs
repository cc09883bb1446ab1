using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Roofline;

/// <summary>Measures a <see cref="Roof"/>: each figure is the best of several short runs, so that a neighbour's burst does not lower the roof.</summary>
internal static unsafe class RoofProbe
{
    private const int VnniChains = 12;
    private const int Repeats = 80;
    private const int CalibrationRepeats = 3;
    private const double RunSeconds = 0.0007;
    private const long LargestWorkingSet = 512L << 20;

    private static ulong _sink;

    /// <summary>What the probe's loops need; other processors have no roof to show.</summary>
    internal static bool IsSupported => Fma.IsSupported && Avx2.IsSupported;

    /// <summary>
    /// Twelve chains of <c>vpdpbusd</c> on registers of so many bits, for so many turns, with two times twelve registers of weights on a cache line. The runtime cannot reach the
    /// instruction with 512 bits: a program that has such a loop from elsewhere sets it before it measures.
    /// </summary>
    internal static VnniLoop? Vnni { get; set; }

    internal delegate int VnniLoop(int bits, long turns, sbyte* weights);

    /// <summary>Measures every level; DRAM takes most of the time.</summary>
    internal static Roof Measure() => Measure(_ => true);

    /// <summary>Measures the peaks and only those levels in which working sets of these lengths fit.</summary>
    internal static Roof MeasureFor(IReadOnlyCollection<long> workingSets)
    {
        IReadOnlyList<CacheLevel> levels = CacheLevel.Detect().Levels;
        return Measure(level => workingSets.Any(bytes => levels.First(each => bytes <= each.Bytes) == level));
    }

    private static Roof Measure(Func<CacheLevel, bool> isWanted)
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException("The roofline probe needs AVX2 and FMA; this processor reports neither or one of them.");
        }

        (IReadOnlyList<CacheLevel> levels, bool assumed) = CacheLevel.Detect();
        var bandwidths = new List<LevelBandwidth>();
        long below = 0;
        foreach (CacheLevel level in levels)
        {
            if (isWanted(level))
            {
                long workingSet = WorkingSet(level, below);
                bandwidths.Add(new LevelBandwidth(level, workingSet, Bandwidth(workingSet)));
            }

            below = level.Bytes;
        }

        return new Roof(bandwidths, FloatPeak(), Int8Peak(), assumed) { VnniPeak = Vnni is { } loop ? VnniPeak(loop) : null };
    }

    /// <summary>Read bandwidth of a block of <paramref name="bytes"/> read over and over.</summary>
    internal static Reading Bandwidth(long bytes)
    {
        bytes -= bytes % ReadBandwidth.TurnBytes;
        byte* block = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        try
        {
            for (long i = 0; i < bytes; i += sizeof(long))
            {
                *(long*)(block + i) = i;
            }

            return new Reading(
                Best(bytes, passes => _sink += ReadBandwidth.Read256(block, bytes, (int)passes)),
                Vector512.IsHardwareAccelerated ? Best(bytes, passes => _sink += ReadBandwidth.Read512(block, bytes, (int)passes)) : double.NaN);
        }
        finally
        {
            NativeMemory.AlignedFree(block);
        }
    }

    /// <summary>Half of a private cache; of a last-level cache a part well above the level below and well under what neighbours leave; several caches of DRAM.</summary>
    private static long WorkingSet(CacheLevel level, long below) => level.Name switch
    {
        "DRAM" => Math.Min(Math.Max(8 * below, 128L << 20), LargestWorkingSet),
        "L1" or "L2" => level.Bytes / 2,
        _ => Math.Max(level.Bytes / 4, Math.Min(4 * below, level.Bytes / 2)),
    };

    private static Reading FloatPeak() => new(
        Best(ComputePeaks.FloatChains * Vector256<float>.Count, turns => _sink += (ulong)ComputePeaks.Fma256(turns, 0.5f, 1)),
        Avx512F.IsSupported
            ? Best(ComputePeaks.FloatChains * Vector512<float>.Count, turns => _sink += (ulong)ComputePeaks.Fma512(turns, 0.5f, 1))
            : double.NaN);

    private static Reading Int8Peak()
    {
        const int Bytes = 2 * ComputePeaks.Int8Chains * 64;
        sbyte* weights = (sbyte*)NativeMemory.AlignedAlloc(Bytes, 64);
        try
        {
            new Span<sbyte>(weights, Bytes).Fill(1);
            return new Reading(
                Best(ComputePeaks.Int8Chains * Vector256<sbyte>.Count, turns => _sink += (ulong)ComputePeaks.Maddubs256(turns, weights)),
                Avx512BW.IsSupported
                    ? Best(ComputePeaks.Int8Chains * Vector512<sbyte>.Count, turns => _sink += (ulong)ComputePeaks.Maddubs512(turns, weights))
                    : double.NaN);
        }
        finally
        {
            NativeMemory.AlignedFree(weights);
        }
    }

    private static Reading VnniPeak(VnniLoop loop)
    {
        const int Bytes = 2 * VnniChains * 64;
        sbyte* weights = (sbyte*)NativeMemory.AlignedAlloc(Bytes, 64);
        try
        {
            new Span<sbyte>(weights, Bytes).Fill(1);
            return new Reading(Peak(256), Peak(512));
        }
        finally
        {
            NativeMemory.AlignedFree(weights);
        }

        double Peak(int bits) => Best(VnniChains * (bits / 8), turns => _sink += (ulong)loop(bits, turns, weights));
    }

    /// <summary>Units a nanosecond, where one turn does <paramref name="unitsPerTurn"/>.</summary>
    private static double Best(long unitsPerTurn, Action<long> run)
    {
        long turns = 1;
        while (Shortest(run, turns, CalibrationRepeats) < RunSeconds)
        {
            turns *= 2;
        }

        double best = Shortest(run, turns, Repeats);
        return unitsPerTurn * (double)turns / best / 1e9;
    }

    /// <summary>The least seconds of several runs: one may hold a compilation or a neighbour's turn.</summary>
    private static double Shortest(Action<long> run, long turns, int repeats)
    {
        double best = double.MaxValue;
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            run(turns);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
