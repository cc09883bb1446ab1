using System.Collections.Immutable;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>The one list of variants. Tests, benches, the command line and the default choice all read it.</summary>
internal static class KernelRegistry
{
    public const string EnvironmentVariable = "RNNRUNTIME_KERNEL";

    /// <summary>
    /// Best first, by measurement (bench/results); but for avxvnni, whose instruction the measured processor lacks: its int8 loops have half the instructions of
    /// those of avx2, and the rest is the same.
    /// </summary>
    public static ImmutableArray<KernelVariant> All { get; } =
    [
        new NativeVariant("c-avx512vnni", "C: 512-bit products, int8 with VNNI", "AVX-512 F, BW, DQ, VL and VNNI, AVX2, FMA and F16C"),
        new NativeVariant("c-avx512", "C: 512-bit products", "AVX-512 F, BW, DQ and VL, AVX2, FMA and F16C"),
        new KernelVariant<Fp32Avx512, HalfAvx512, Int8Avx512, CellUnitsAvx512, Vector256Lanes, Vector256<float>>("avx512", "512-bit products", "AVX-512F and AVX-512BW"),
        new KernelVariant<Fp32Avx2, HalfAvx2, Int8AvxVnni<AvxVnniDotProduct>, CellUnits<Vector256Lanes, Vector256<float>>, Vector256Lanes, Vector256<float>>("avxvnni", "256-bit products, int8 by VNNI", "AVX-VNNI, AVX2 and FMA"),
        new NativeVariant("c-avx2", "C: 256-bit products", "AVX2, FMA and F16C"),
        new KernelVariant<Fp32Avx2, HalfAvx2, Int8Avx2, CellUnits<Vector256Lanes, Vector256<float>>, Vector256Lanes, Vector256<float>>("avx2", "256-bit products", "AVX2 and FMA"),
        new KernelVariant<Fp32Portable, HalfPortable, Int8Portable, CellUnits<Vector128Lanes, Vector128<float>>, Vector128Lanes, Vector128<float>>("portable", "128-bit products without any particular instruction set", "128-bit vectors"),
        new NativeVariant("c-scalar", "C: one number at a time", "nothing"),
        new KernelVariant<Fp32Scalar, HalfScalar, Int8Scalar, CellUnits<ScalarLanes, float>, ScalarLanes, float>("scalar", "the reference, one number at a time", "nothing"),
    ];

    /// <summary>Whether the variant of this name is one of the C library; false where there is none.</summary>
    public static bool IsNative(string name) => All.Any(variant => variant is NativeVariant && variant.Name == name);

    public static IEnumerable<KernelVariant> Available => All.Where(variant => variant.IsSupported);

    /// <summary>
    /// The variant with this name; null asks the environment variable and, where that is unset or empty, takes the best available one.
    /// </summary>
    /// <exception cref="ArgumentException">The name is unknown or the variant cannot run here; the message lists those that can.</exception>
    public static KernelVariant Choose(string? name)
    {
        var source = "kernel";
        if (name is null)
        {
            name = Environment.GetEnvironmentVariable(EnvironmentVariable);
            if (string.IsNullOrEmpty(name))
            {
                return Available.First();
            }

            source = EnvironmentVariable;
        }

        var variant = All.FirstOrDefault(candidate => candidate.Name == name);
        if (variant is { IsSupported: true })
        {
            return variant;
        }

        var reason = variant is null ? "is not a kernel" : $"cannot run here: {variant.UnavailableReason}";
        throw new ArgumentException($"{source} '{name}' {reason}. Available: {string.Join(", ", Available.Select(candidate => candidate.Name))}.", nameof(name));
    }
}
