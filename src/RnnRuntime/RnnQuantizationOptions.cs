namespace RnnRuntime;

/// <summary>What the weights of a network become.</summary>
public enum RnnPrecision
{
    /// <summary>8 bits and a scale a row; vectors are quantised in each step.</summary>
    Int8,

    /// <summary>IEEE 754 binary16 weights, float32 arithmetic. A magnitude more than 2^29 below the largest of a matrix becomes 0.</summary>
    Float16,

    /// <summary>The upper half of float32 weights, float32 arithmetic.</summary>
    BFloat16,

    /// <summary>
    /// For each node the fastest of int8, bfloat16, float16 and float32 within the error that <see cref="RnnQuantizationOptions.MinimumDecibels"/> allows the whole network.
    /// </summary>
    Mixed,

    /// <summary>What they are; for <see cref="RnnQuantizationOptions.Density"/> alone.</summary>
    Float32,
}

/// <summary>What to do with a network's weights.</summary>
public sealed record RnnQuantizationOptions
{
    /// <summary>What the weights become.</summary>
    public RnnPrecision Precision { get; init; } = RnnPrecision.Int8;

    /// <summary>Names of nodes that stay as they are.</summary>
    public IReadOnlyCollection<string> KeepFloat { get; init; } = [];

    /// <summary>Whether nodes stay float32 that the precision would slow down; true unless set.</summary>
    public bool NeverSlower { get; init; } = true;

    /// <summary>
    /// Typical inputs. From them come the ranges of the vectors that int8 weights multiply, where no operator bounds them; without them such a
    /// vector is quantised by its own largest magnitude in each step. Costs and errors are measured on them too; without them on random inputs.
    /// </summary>
    public RnnInputs? Calibration { get; init; }

    /// <summary>
    /// A range is this percentile of the largest magnitudes of each step, above 0 and at most 100; null is the largest of all. A vector beyond its
    /// range is not clipped: it is quantised by its own largest magnitude. Of at most 1,000,000 steps.
    /// </summary>
    public double? Percentile { get; init; }

    /// <summary>
    /// The share of blocks of 8 outputs by 4 inputs that each matrix keeps, those with the largest sum of squares, above 0 and below 1; the others become
    /// zeros before anything else is done. A matrix keeps one block at least; embeddings and convolutions of one filter a channel keep all. Null keeps all.
    /// </summary>
    public double? Density { get; init; }

    /// <summary>
    /// Mixed only: the least signal-to-noise ratio of the outputs, in dB, against the float32 network (pruned, where that is asked for) on the calibration
    /// inputs, or without them on each of four random runs.
    /// </summary>
    public double MinimumDecibels { get; init; } = 40;
}
