namespace RnnRuntime.Comparison;

/// <summary>Counts the steps on which two outputs decide otherwise.</summary>
internal sealed class DecisionMeter(int elements, float threshold)
{
    public DecisionKind Kind { get; } = elements == 1 ? DecisionKind.Threshold : DecisionKind.LargestElement;

    public long Changed { get; private set; }

    public void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> candidate)
    {
        var isSame = Kind == DecisionKind.Threshold
            ? reference[0] >= threshold == candidate[0] >= threshold
            : IndexOfLargest(reference) == IndexOfLargest(candidate);
        Changed += isSame ? 0 : 1;
    }

    /// <summary>The first of several; -1 where no element is a number.</summary>
    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        var largest = -1;
        for (var i = 0; i < values.Length; i++)
        {
            if (largest < 0 ? !float.IsNaN(values[i]) : values[i] > values[largest])
            {
                largest = i;
            }
        }

        return largest;
    }
}
