using System.Collections.Immutable;

namespace RnnRuntime.Import.Folding;

/// <summary>What a slice takes of one axis: <c>Count</c> positions from <c>Start</c>, each <c>Step</c> further. Below two positions the step is 1.</summary>
internal readonly record struct SliceRange(int Start, int Step, int Count);

/// <summary>Positions added before and after one axis; negative where they are cut off.</summary>
internal readonly record struct PadRange(int Before, int After);

/// <content>Parts of axes: slices, splits and pads.</content>
internal static partial class ShapeArithmetic
{
    /// <summary>Per axis of the shape; axes that are not named are whole. Out-of-range positions are clamped.</summary>
    public static ImmutableArray<SliceRange> SliceRanges(
        string location, ImmutableArray<int> shape, ImmutableArray<long> starts, ImmutableArray<long> ends, ImmutableArray<long>? axes, ImmutableArray<long>? steps)
    {
        if (starts.Length != ends.Length || starts.Length > shape.Length
            || (axes is { } a && a.Length != starts.Length) || (steps is { } s && s.Length != starts.Length))
        {
            throw new RnnImportException(
                location,
                $"{starts.Length} starts, {ends.Length} ends, {axes?.Length ?? starts.Length} axes and {steps?.Length ?? starts.Length} steps",
                $"as many of each, at most {shape.Length}");
        }

        var named = axes is null ? [.. Enumerable.Range(0, starts.Length)] : NormalizeAxes(location, axes.Value, shape.Length);
        var ranges = shape.Select(extent => new SliceRange(0, 1, extent)).ToArray();
        for (var i = 0; i < named.Length; i++)
        {
            ranges[named[i]] = Range(location, shape[named[i]], starts[i], ends[i], steps?[i] ?? 1);
        }

        return [.. ranges];
    }

    /// <summary>Sizes as given, or parts of equal size; with <paramref name="mayBeUneven"/> the last part may be smaller.</summary>
    public static ImmutableArray<int> SplitSizes(string location, int extent, ImmutableArray<long>? sizes, int parts, bool mayBeUneven)
    {
        if (sizes is { } given)
        {
            Int128 sum = 0;
            foreach (var size in given)
            {
                sum += size;
            }

            return given.Length == parts && sum == extent && given.All(size => size >= 0)
                ? [.. given.Select(size => (int)size)]
                : throw new RnnImportException(location, $"sizes {Text(given)}", $"{parts} sizes that sum to {extent}");
        }

        var each = parts == 0 ? 0 : (int)(((long)extent + parts - 1) / parts);
        var last = extent - ((long)each * (parts - 1));
        return parts > 0 && last >= 0 && (mayBeUneven || last == each)
            ? [.. Enumerable.Repeat(each, parts - 1), (int)last]
            : throw new RnnImportException(location, $"an axis of {extent}", $"an extent that splits into {parts} parts");
    }

    /// <summary>Pads are given as all befores, then all afters, of the named axes or of all.</summary>
    public static ImmutableArray<PadRange> PadRanges(string location, ImmutableArray<int> shape, ImmutableArray<long> pads, ImmutableArray<long>? axes)
    {
        var named = axes is null ? [.. Enumerable.Range(0, shape.Length)] : NormalizeAxes(location, axes.Value, shape.Length);
        if (pads.Length != 2 * named.Length)
        {
            throw new RnnImportException(location, $"{pads.Length} pads", $"two for each of {named.Length} axes");
        }

        var ranges = new PadRange[shape.Length];
        for (var i = 0; i < named.Length; i++)
        {
            var (before, after) = (pads[i], pads[i + named.Length]);
            var extent = (Int128)shape[named[i]] + before + after;
            if (before is < -int.MaxValue or > int.MaxValue || after is < -int.MaxValue or > int.MaxValue
                || extent < 0 || extent > int.MaxValue || shape[named[i]] + Math.Min(before, 0) + Math.Min(after, 0) < 0)
            {
                throw new RnnImportException(location, $"pads {before} and {after} of axis {named[i]} of {Text(shape)}", $"a result of 0 to {int.MaxValue}");
            }

            ranges[named[i]] = new PadRange((int)before, (int)after);
        }

        return [.. ranges];
    }

    public static ImmutableArray<int> PadShape(ImmutableArray<int> shape, ImmutableArray<PadRange> ranges) =>
        [.. shape.Select((extent, axis) => extent + ranges[axis].Before + ranges[axis].After)];

    private static SliceRange Range(string location, int extent, long start, long end, long step)
    {
        if (step == 0)
        {
            throw new RnnImportException(location, "a step of 0", "a step forward or back");
        }

        var from = start < 0 ? start + extent : start;
        var to = end < 0 ? end + extent : end;
        long count;
        if (step > 0)
        {
            from = Math.Clamp(from, 0, extent);
            to = Math.Clamp(to, 0, extent);
            count = to > from ? 1 + ((to - from - 1) / step) : 0;
        }
        else
        {
            from = Math.Clamp(from, -1, extent - 1);
            to = Math.Clamp(to, -1, extent - 1);
            count = from > to ? 1 + ((from - to - 1) / -Math.Max(step, -int.MaxValue)) : 0;
        }

        return count switch
        {
            0 => new SliceRange(0, 1, 0),
            1 => new SliceRange((int)from, 1, 1),
            _ => new SliceRange((int)from, (int)step, (int)count),
        };
    }
}
