using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Where the sums of a product start from.</summary>
public enum InitPlace
{
    /// <summary>A vector for each output.</summary>
    Own,

    /// <summary>One vector for all outputs: stride 0.</summary>
    Shared,

    /// <summary>The outputs themselves.</summary>
    Output,
}

/// <summary>A matrix [rows, columns] and vectors for it, and what y = init + W.x is when a variant computes it between guards.</summary>
internal sealed unsafe class ProductRun(Weights weights, float[] x, float[] init, int vectors, bool isSparse = false)
{
    private readonly int[] _laneRows = Packer.PlainLanes(weights.Rows);

    public Weights Weights => weights;

    public int Lanes => _laneRows.Length;

    public int Vectors => vectors;

    public ReadOnlySpan<float> X(int vector) => x.AsSpan(vector * weights.Columns, weights.Columns);

    public ReadOnlySpan<float> Init(int vector, InitPlace place) => init.AsSpan(place == InitPlace.Shared ? 0 : vector * Lanes, Lanes);

    /// <summary>[count][lanes] for the first <paramref name="count"/> vectors.</summary>
    public float[] Multiply(KernelVariant variant, GuardedMemory memory, int count, InitPlace place, string what) =>
        Multiply(variant, memory, count, place, what, out _);

    /// <summary>
    /// The same; <paramref name="quantized"/> is what an int8 product made of the vectors, [count][columns]. Empty for variants in C, which keep them in forms of
    /// their own (<c>native/src/quantize.h</c>).
    /// </summary>
    public float[] Multiply(KernelVariant variant, GuardedMemory memory, int count, InitPlace place, string what, out int[] quantized)
    {
        var matrix = default(PackedMatrix);
        using var packer = isSparse ? memory.PackSparse(weights, _laneRows, out matrix) : null;
        matrix = isSparse ? matrix : memory.Pack("weights", weights, _laneRows);
        nint xStride = weights.Columns + (count % 3);
        nint yStride = Lanes + (count % 2 * 8);
        var xs = memory.Place("x", x.AsSpan(0, count * weights.Columns), count, xStride);
        var ys = memory.Place<float>("y", ((count - 1) * yStride) + Lanes);
        var (inits, initStride) = place switch
        {
            InitPlace.Own => ((nint)memory.Place("init", init.AsSpan(0, count * Lanes), count, Lanes), Lanes),
            InitPlace.Shared => ((nint)memory.Place("init", init.AsSpan(0, Lanes)), 0),
            _ => ((nint)memory.Place("y", init.AsSpan(0, count * Lanes), count, yStride), yStride),
        };
        var scratch = isSparse ? memory.SparseScratch(matrix) : weights.IsInt8 ? memory.Scratch(count, matrix) : default;

        variant.Multiply(matrix, xs, xStride, (float*)inits, initStride, ys, yStride, count, scratch);

        memory.CheckBorders(what);
        var isQuantized = weights.IsInt8 && !isSparse && variant is not NativeVariant;
        quantized = new int[isQuantized ? count * weights.Columns : 0];
        var result = new float[count * Lanes];
        for (var i = 0; i < count; i++)
        {
            new ReadOnlySpan<float>(ys + (i * yStride), Lanes).CopyTo(result.AsSpan(i * Lanes));
            if (isQuantized)
            {
                Decode(scratch.Quantized + (i * scratch.Stride), quantized.AsSpan(i * weights.Columns, weights.Columns));
            }

            if (i < count - 1)
            {
                Assert.Equal(-1, new ReadOnlySpan<byte>(ys + (i * yStride) + Lanes, (int)(yStride - Lanes) * sizeof(float)).IndexOfAnyExcept((byte)0xFF));
            }
        }

        return result;
    }

    /// <summary>Reads the layout that <see cref="IInt8Kernel"/> documents, and holds it to what it says of masks, padding and the last sum.</summary>
    private static void Decode(sbyte* stored, Span<int> values)
    {
        var padded = (values.Length + 3) & ~3;
        var negatives = 0;
        for (var i = 0; i < padded; i++)
        {
            int magnitude = stored[(i / 4 * 8) + (i % 4)];
            int mask = stored[(i / 4 * 8) + 4 + (i % 4)];
            if (magnitude < 0 || mask is not (0 or -1) || (i >= values.Length && magnitude != 0))
            {
                Assert.Fail($"quantised column {i} of {values.Length}: magnitude {magnitude}, mask {mask}");
            }

            negatives += mask < 0 ? magnitude : 0;
            if (i < values.Length)
            {
                values[i] = mask < 0 ? -magnitude : magnitude;
            }
        }

        Assert.Equal(negatives, *(int*)(stored + (padded * 2)));
    }
}
