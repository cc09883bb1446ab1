using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>How work is divided for each number of threads, and how many of them it is worth.</summary>
/// <typeparam name="TPart">What one thread does.</typeparam>
internal sealed class Divisions<TPart>
{
    /// <summary>Multiply-adds of int8 that take the time of one of float32.</summary>
    private const int Int8PerFloat = 3;

    private readonly TPart[][] _byThreads;
    private readonly long _cost;
    private readonly long _smallestPart;

    private Divisions(TPart[][] byThreads, long cost, long smallestPart)
    {
        _byThreads = byThreads;
        _cost = cost;
        _smallestPart = smallestPart;
    }

    /// <summary>The most parts.</summary>
    public int MostParts => _byThreads[^1].Length;

    /// <summary>Divisions for 1 to all threads, or null where there is nothing to divide.</summary>
    /// <param name="rule">The most threads, and the least work of one.</param>
    /// <param name="units">What is divided: whole units of a cell, or lanes.</param>
    /// <param name="isCut">Whether it may be cut before this unit.</param>
    /// <param name="make">Makes the part from one unit to another.</param>
    /// <param name="matrices">The weights; a sparse matrix is not divided.</param>
    public static Divisions<TPart>? Create(
        SplitRule rule, int units, Func<int, bool> isCut, Func<int, int, TPart> make, params ReadOnlySpan<PackedMatrix> matrices)
    {
        var cost = 0L;
        foreach (ref readonly var matrix in matrices)
        {
            if (matrix.IsSparse)
            {
                return null;
            }

            cost += (long)matrix.Lanes * matrix.Columns / (matrix.IsInt8 ? Int8PerFloat : 1);
        }

        int[] cuts = [.. Enumerable.Range(1, Math.Max(0, units - 1)).Where(isCut)];
        var byThreads = new TPart[rule.Threads + 1][];
        byThreads[0] = [];
        for (var parts = 1; parts <= rule.Threads; parts++)
        {
            var ends = Ends(units, parts, cuts);
            byThreads[parts] = ends is null ? byThreads[parts - 1] : [.. ends.Select((end, part) => make(part == 0 ? 0 : ends[part - 1], end))];
        }

        return byThreads[^1].Length > 1 ? new Divisions<TPart>(byThreads, cost, rule.SmallestPart) : null;
    }

    /// <summary>The parts for so many vectors at a time; fewer than two where dividing them does not pay.</summary>
    public TPart[] For(int vectors) => _byThreads[Math.Min(_byThreads.Length - 1, _cost * vectors / _smallestPart)];

    /// <summary>Where each part ends, as even as cuts allow; null where there are not enough.</summary>
    private static int[]? Ends(int units, int parts, int[] cuts)
    {
        if (cuts.Length < parts - 1)
        {
            return null;
        }

        var ends = new int[parts];
        ends[^1] = units;
        for (var part = 0; part < parts - 1; part++)
        {
            var wanted = (long)units * (part + 1) / parts;
            ends[part] = cuts.MinBy(cut => Math.Abs(cut - wanted));
            if (ends[part] <= (part == 0 ? 0 : ends[part - 1]))
            {
                return null;
            }
        }

        return ends;
    }
}
