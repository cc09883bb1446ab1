using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

internal static class TensorAssert
{
    private const double Relative = 1e-3;
    private const double Absolute = 1e-6;

    /// <summary>Type, shape and values; floats within the standard's tolerance, all else to the bit.</summary>
    public static void Close(HostTensor expected, HostTensor actual)
    {
        Assert.Equal(expected.ToString(), actual.ToString());
        switch (expected.Type)
        {
            case ElementType.Float32:
                Close(Widen(expected), Widen(actual));
                break;
            case ElementType.Float64:
                Close(expected.Values<double>(), actual.Values<double>());
                break;
            default:
                Assert.True(expected.Data.Span.SequenceEqual(actual.Data.Span), $"The values of {expected} differ.");
                break;
        }
    }

    public static void Holds<T>(T[] expected, HostTensor actual)
        where T : unmanaged => Assert.Equal(expected, actual.Values<T>().ToArray());

    private static double[] Widen(HostTensor tensor) => [.. tensor.Values<float>().ToArray().Select(value => (double)value)];

    private static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var (want, got) = (expected[i], actual[i]);
            Assert.True(want.Equals(got) || Math.Abs(want - got) <= Absolute + (Relative * Math.Abs(want)), $"Element {i} is {got}; expected {want}.");
        }
    }
}
