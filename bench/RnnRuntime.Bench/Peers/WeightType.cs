namespace RnnRuntime.Bench.Peers;

/// <summary>How weights are stored.</summary>
internal enum WeightType
{
    Float32,
    BFloat16,
    Float16,
    Int8,
}

/// <summary>What follows from a type of weights.</summary>
internal static class WeightTypes
{
    internal static readonly WeightType[] All = Enum.GetValues<WeightType>();

    internal static int Bytes(this WeightType weights) => weights switch
    {
        WeightType.Float32 => 4,
        WeightType.Int8 => 1,
        _ => 2,
    };

    /// <summary>The short name that tables and options use.</summary>
    internal static string Key(this WeightType weights) => weights switch
    {
        WeightType.Float32 => "f32",
        WeightType.BFloat16 => "bf16",
        WeightType.Float16 => "fp16",
        _ => "int8",
    };

    /// <summary>What a network is quantised to; null leaves it float32.</summary>
    internal static RnnPrecision? Precision(this WeightType weights) => weights switch
    {
        WeightType.Float32 => null,
        WeightType.BFloat16 => RnnPrecision.BFloat16,
        WeightType.Float16 => RnnPrecision.Float16,
        _ => RnnPrecision.Int8,
    };

    internal static WeightType Of(RnnPrecision? precision) => All.Single(weights => weights.Precision() == precision);
}
