namespace RnnRuntime.Graph;

/// <summary>A tensor that flows along an edge of the graph during one step of one stream. Identity is by reference.</summary>
internal sealed class Value(string name, TensorType type, TensorShape shape)
{
    public string Name { get; } = name;

    public TensorType Type { get; } = type;

    public TensorShape Shape { get; } = shape;

    public override string ToString() => $"{Name}: {Type}{Shape}";
}

/// <summary>A tensor that never changes: little-endian, row-major bytes that may lie in a mapped file.</summary>
internal sealed record Constant(string Name, TensorType Type, TensorShape Shape, ReadOnlyMemory<byte> Data);

/// <summary>
/// A weight matrix [rows, columns], one row an output: float32, bfloat16, float16, or int8 in [-127, 127] with a float32 scale per row
/// and maybe a factor per column (<c>real = scale[row] * stored * factor[column]</c>).
/// </summary>
/// <param name="Values">[rows, columns].</param>
/// <param name="Scales">[rows]; int8 only.</param>
/// <param name="Range">
/// Int8 only: the largest magnitude that the vectors to be multiplied are known or expected to have. A vector within it is quantised with the scale
/// <c>Range / 127</c>, one beyond it, and every one where the range is 0, with the scale of its own largest magnitude. Factors come before it.
/// </param>
/// <param name="Factors">
/// Int8 only: [columns], positive; vectors are multiplied by them before they are quantised, so that columns of very different magnitudes
/// lose alike. Null means ones.
/// </param>
internal sealed record Weights(Constant Values, Constant? Scales = null, float Range = 0, Constant? Factors = null)
{
    /// <summary>
    /// The most columns of an int8 matrix: with weights and activations in [-127, 127] every sum, and every step on its way, then
    /// fits int32.
    /// </summary>
    public const int MaximumInt8Columns = 133_144;

    /// <summary>The least range: from here on 127 / Range is finite and Range / 127 far from subnormal.</summary>
    public const float SmallestRange = 1e-30f;

    public int Rows => Values.Shape[0];

    public int Columns => Values.Shape[1];

    public bool IsInt8 => Values.Type == TensorType.Int8;

    public bool IsFloat32 => Values.Type == TensorType.Float32;
}

/// <summary>
/// A state variable: after each step <see cref="Output"/> replaces what <see cref="Input"/> reads. <see cref="Initial"/> is its
/// value after a reset; absent means zeros.
/// </summary>
internal sealed record StateVariable(string Name, Value Input, Value Output, Constant? Initial);
