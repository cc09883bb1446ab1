using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// Copies of rows that are too short for a call of memmove each. The last vector of a row overlaps the one before it; source and target
/// never overlap.
/// </summary>
internal static unsafe class RowCopy
{
    private const int LongRow = 128;

    /// <summary>Side of the squares that a transposed copy moves at a time.</summary>
    public const int Square = 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint sourceStride, float* target, nint targetStride, int rows, int length)
    {
        for (var row = 0; row < rows; row++, source += sourceStride, target += targetStride)
        {
            Copy(source, target, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* source, float* target, int length)
    {
        if (length >= 8 && length <= LongRow)
        {
            for (nint i = 0; i < length - 8; i += 8)
            {
                Vector256.Load(source + i).Store(target + i);
            }

            Vector256.Load(source + length - 8).Store(target + length - 8);
        }
        else if (length > LongRow)
        {
            new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(target, length));
        }
        else if (length >= 4)
        {
            Vector128.Load(source).Store(target);
            Vector128.Load(source + length - 4).Store(target + length - 4);
        }
        else
        {
            for (nint i = 0; i < length; i++)
            {
                target[i] = source[i];
            }
        }
    }

    /// <summary>
    /// target[row * length + i] = source[row + i * stride], for at least <see cref="Square"/> rows of at least that length. Squares at the
    /// ends overlap their neighbours.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, nint stride, float* target, int rows, int length)
    {
        for (var row = 0; row < rows; row += Square)
        {
            var first = Math.Min(row, rows - Square);
            var output = target + ((nint)first * length);
            for (var i = 0; i < length; i += Square)
            {
                nint start = Math.Min(i, length - Square);
                TransposeSquare(source + first + (start * stride), stride, output + start, length);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeSquare(float* source, nint stride, float* target, nint targetStride)
    {
        if (!Sse.IsSupported)
        {
            for (nint row = 0; row < Square; row++)
            {
                for (nint i = 0; i < Square; i++)
                {
                    target[(row * targetStride) + i] = source[row + (i * stride)];
                }
            }

            return;
        }

        var a = Vector128.Load(source);
        var b = Vector128.Load(source + stride);
        var c = Vector128.Load(source + (2 * stride));
        var d = Vector128.Load(source + (3 * stride));
        var lowAB = Sse.UnpackLow(a, b);
        var lowCD = Sse.UnpackLow(c, d);
        var highAB = Sse.UnpackHigh(a, b);
        var highCD = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(lowAB, lowCD).Store(target);
        Sse.MoveHighToLow(lowCD, lowAB).Store(target + targetStride);
        Sse.MoveLowToHigh(highAB, highCD).Store(target + (2 * targetStride));
        Sse.MoveHighToLow(highCD, highAB).Store(target + (3 * targetStride));
    }
}
