namespace RnnRuntime;

/// <summary>How <see cref="RnnComparer"/> runs.</summary>
public sealed record RnnComparisonOptions
{
    /// <summary>Steps of the run, at least 1; inputs that are shorter go round. Null takes as many as the inputs have.</summary>
    public long? Steps { get; init; }

    /// <summary>Steps over which the cost of every node and gate is measured, at most those of the run; 0 leaves it out.</summary>
    public int SensitivitySteps { get; init; } = 256;

    /// <summary>An output of one element decides yes where it is at least this.</summary>
    public float Threshold { get; init; } = 0.5f;

    /// <summary>A network whose outputs have at least this signal-to-noise ratio, in dB, has no node to keep float.</summary>
    public double SufficientDecibels { get; init; } = 40;

    /// <summary>
    /// Name of the output that holds a language model's logits, one for each index of the one int32 input. Null finds it: the only output
    /// with as many elements as there are indices.
    /// </summary>
    public string? LogitsOutput { get; init; }

    /// <summary>Name of the kernel variant (see <see cref="RnnOptions.Kernel"/>).</summary>
    public string? Kernel { get; init; }

    /// <summary>Is told the share of the work that is done, 0 to 1, by the thread that compares.</summary>
    public IProgress<double>? Progress { get; init; }
}
