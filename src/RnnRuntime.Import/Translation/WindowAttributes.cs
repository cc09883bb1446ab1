namespace RnnRuntime.Import.Translation;

/// <summary>Attributes of operators that slide a window: kernel, strides, dilations and pads, with <c>auto_pad</c> resolved.</summary>
internal sealed record WindowAttributes(int[] Kernel, int[] Strides, int[] Dilations, int[] Before, int[] After, string AutoPad)
{
    private const int Largest = 1 << 24;

    /// <param name="node">The node.</param>
    /// <param name="rank">Number of spatial axes.</param>
    /// <param name="kernel">Extents of the window.</param>
    /// <param name="spatial">Spatial extents of the input, for SAME padding; empty leaves that to the caller.</param>
    public static WindowAttributes Read(NodeContext node, int rank, int[] kernel, ReadOnlySpan<int> spatial)
    {
        var autoPad = node.Attributes.Text("auto_pad", "NOTSET");
        if (autoPad is not ("NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER"))
        {
            throw node.Attributes.Error("auto_pad", autoPad, "NOTSET, VALID, SAME_UPPER or SAME_LOWER");
        }

        var pads = Numbers(node, "pads", 2 * rank, 0);
        var window = new WindowAttributes(
            kernel, Numbers(node, "strides", rank, 1), Numbers(node, "dilations", rank, 1), autoPad == "NOTSET" ? pads[..rank] : new int[rank],
            autoPad == "NOTSET" ? pads[rank..] : new int[rank], autoPad);
        for (var i = 0; autoPad.StartsWith("SAME", StringComparison.Ordinal) && i < spatial.Length; i++)
        {
            var outputs = ((long)spatial[i] + window.Strides[i] - 1) / window.Strides[i];
            window.SetTotal(i, ((outputs - 1) * window.Strides[i]) + window.Reach(i) + 1 - spatial[i]);
        }

        return window;
    }

    /// <summary>How far the window's last tap lies from its first.</summary>
    public long Reach(int axis) => (Kernel[axis] - 1L) * Dilations[axis];

    public int OutputExtent(int axis, int extent)
    {
        var room = (long)extent + Before[axis] + After[axis] - Reach(axis) - 1;
        return room < 0 ? 0 : (int)Math.Min((room / Strides[axis]) + 1, int.MaxValue);
    }

    /// <summary>A list with a number for each axis, each at least <paramref name="minimum"/>, which is also the default.</summary>
    public static int[] Numbers(NodeContext node, string name, int count, int minimum)
    {
        if (node.Attributes.Integers(name) is not { } numbers)
        {
            return [.. Enumerable.Repeat(minimum, count)];
        }

        return numbers.Length == count && numbers.All(number => number >= minimum && number <= Largest)
            ? [.. numbers.Select(number => (int)number)]
            : throw node.Attributes.Error(name, $"[{string.Join(", ", numbers)}]", $"{count} numbers of {minimum} to {Largest}");
    }

    private void SetTotal(int axis, long total)
    {
        total = Math.Max(0, total);
        Before[axis] = checked((int)(AutoPad == "SAME_LOWER" ? (total + 1) / 2 : total / 2));
        After[axis] = checked((int)total) - Before[axis];
    }
}
