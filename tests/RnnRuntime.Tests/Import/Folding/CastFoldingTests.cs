using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

public sealed class CastFoldingTests
{
    [Fact]
    public void FloatsTruncateAndIntegersWrap()
    {
        TensorAssert.Holds<int>([1, -1, 0], Cast(Fold.Floats(1.9f, -1.9f, -0.5f), 6));
        TensorAssert.Holds<byte>([255, 0], Cast(Fold.Floats(255.7f, -0.7f), 2));
        TensorAssert.Holds<sbyte>([44, -1], Cast(Fold.Longs(300, -1), 3));
        TensorAssert.Holds<ulong>([ulong.MaxValue], Cast(Fold.Longs(-1), 13));
        TensorAssert.Holds<float>([16777216f], Cast(Fold.Longs(16777217), 1));
        TensorAssert.Holds<float>([float.PositiveInfinity], Cast(Fold.Of(ElementType.Float64, 1e300), 1));
        TensorAssert.Holds<long>([long.MinValue], Cast(Fold.Floats(-9223372036854775808f), 7));
    }

    [Fact]
    public void BooleansAreNotZero()
    {
        TensorAssert.Holds<byte>([1, 0, 1], Cast(Fold.Floats(float.NaN, -0f, 0.1f), 9));
        TensorAssert.Holds<byte>([1, 0, 1], Cast(Fold.Longs(256, 0, -1), 9));
        TensorAssert.Holds<float>([1f, 0f], Cast(Fold.Flags(true, false), 1));
    }

    [Fact]
    public void SixteenBitFloatsRoundToNearestEven()
    {
        TensorAssert.Holds<ushort>([0x3F80, 0x3F82, 0x7F80, 0xFFC0], Cast(Fold.Floats(1 + 0.00390625f, 1 + (3 * 0.00390625f), float.MaxValue, BitConverter.UInt32BitsToSingle(0xFF800001)), 16));
        TensorAssert.Holds<Half>([(Half)65504, Half.PositiveInfinity], Cast(Fold.Floats(65504, 70000), 10));
        TensorAssert.Holds<long>([2, 3], Cast(Fold.Of(ElementType.Float16, (Half)2.5, (Half)3), 7));
        TensorAssert.Holds<float>([1.5f], Cast(Fold.Of<ushort>(ElementType.BFloat16, 0x3FC0), 1));
    }

    [Theory]
    [InlineData(float.NaN, 7)]
    [InlineData(9223372036854775808f, 7)]
    [InlineData(2147483648f, 6)]
    [InlineData(-1f, 2)]
    [InlineData(float.NegativeInfinity, 3)]
    public void FloatsBeyondTheIntegerTypeAreRefused(float value, long to) =>
        Assert.Contains("range", new Fold("Cast", 13).With("to", to).Refused(Fold.Floats(value)).Message);

    [Theory]
    [InlineData(8)]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(long.MaxValue)]
    public void OtherTypesAreRefused(long to) => new Fold("Cast", 13).With("to", to).Refused(Fold.Floats(1));

    private static HostTensor Cast(HostTensor source, long to) => new Fold("Cast", 13).With("to", to).Run(source);
}
