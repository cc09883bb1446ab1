using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

public sealed class QuantizationFoldingTests
{
    private static readonly HostTensor Half = HostTensor.Floats([], [0.5f]);

    [Fact]
    public void HalvesAreRoundedToEvenAndNumbersSaturate()
    {
        var x = Fold.Floats(0.25f, 0.75f, 1.25f, -0.25f, -0.75f, 1e30f, float.NegativeInfinity, 62.5f);
        TensorAssert.Holds<byte>([0, 2, 2, 0, 0, 255, 0, 125], new Fold("QuantizeLinear", 13).Run(x, Half));
        TensorAssert.Holds<sbyte>([-3, -1, -1, -3, -5, 127, -128, 122], new Fold("QuantizeLinear", 13).Run(x, Half, HostTensor.Of<sbyte>(ElementType.Int8, [], [-3])));
        TensorAssert.Holds<short>([0, 2, 2, 0, -2, 32767, -32768, 125], new Fold("QuantizeLinear", 21).With("output_dtype", 5L).Run(x, Half));
        TensorAssert.Holds<ushort>([1, 3, 3, 1, 0, 65535, 0, 126], new Fold("QuantizeLinear", 21).Run(x, Half, HostTensor.Of<ushort>(ElementType.UInt16, [], [1])));
    }

    /// <summary>Halves of a scale, where the product with its reciprocal is now and then another number.</summary>
    [Fact]
    public void TheScaleDivides()
    {
        var differences = 0;
        for (var i = 1; i < 2000; i++)
        {
            var scale = i * 0.001f;
            var x = 2.5f * scale;
            var expected = MathF.Round(x / scale, MidpointRounding.ToEven);
            differences += expected != MathF.Round(x * (1 / scale), MidpointRounding.ToEven) ? 1 : 0;
            TensorAssert.Holds<byte>([(byte)expected], new Fold("QuantizeLinear", 10).Run(Fold.Floats(x), HostTensor.Floats([], [scale])));
        }

        Assert.True(differences > 100, $"{differences} differences");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-2)]
    public void AnAxisHasScalesOfItsOwn(long axis)
    {
        var x = Fold.Counted(2, 3, 2);
        var (scales, zeroPoints) = (Fold.Floats(1, 2, 4), Fold.Of<byte>(ElementType.UInt8, 10, 20, 30));
        var quantized = new Fold("QuantizeLinear", 13).With("axis", axis).Run(x, scales, zeroPoints);
        TensorAssert.Holds<byte>([10, 11, 21, 22, 31, 31, 16, 17, 24, 24, 32, 33], quantized);
        TensorAssert.Holds<float>([0, 1, 2, 4, 4, 4, 6, 7, 8, 8, 8, 12], new Fold("DequantizeLinear", 13).With("axis", axis).Run(quantized, scales, zeroPoints));
    }

    [Fact]
    public void EveryStoredNumberIsDequantisedWithOneRounding()
    {
        sbyte[] all = [.. Enumerable.Range(-128, 256).Select(i => (sbyte)i)];
        const float Scale = 0.0123456789f;
        float[] expected = [.. all.Select(q => (float)((q - (double)7) * Scale))];
        var x = Fold.Of(ElementType.Int8, all);
        TensorAssert.Holds(expected, new Fold("DequantizeLinear", 10).Run(x, HostTensor.Floats([], [Scale]), HostTensor.Of<sbyte>(ElementType.Int8, [], [7])));

        var half = HostTensor.Of(ElementType.Float16, [], [(Half)Scale]);
        Half[] halves = [.. all.Select(q => (Half)(q * (double)(float)(Half)Scale))];
        TensorAssert.Holds(halves, new Fold("DequantizeLinear", 19).Run(x, half));
        TensorAssert.Holds<float>([-2147483648f * Scale, 16777216f * Scale], new Fold("DequantizeLinear", 13).Run(
            Fold.Of(ElementType.Int32, int.MinValue, 16777217), HostTensor.Floats([], [Scale]), HostTensor.Of(ElementType.Int32, [], [0])));
    }

    [Fact]
    public void WhatIsNotHonouredIsRefusedByName()
    {
        var x = Fold.Counted(2, 3);
        var q = HostTensor.Of<sbyte>(ElementType.Int8, [2, 3], new sbyte[6]);
        var zero = HostTensor.Of(ElementType.Int8, [], [(sbyte)0]);
        Names("block_size", new Fold("QuantizeLinear", 21).With("block_size", 2L).Refused(x, Half));
        Names("block_size", new Fold("DequantizeLinear", 21).With("block_size", 2L).Refused(q, Half));
        Names("uint4", new Fold("QuantizeLinear", 21).With("output_dtype", 21L).Refused(x, Half));
        Names("output_dtype", new Fold("QuantizeLinear", 21).With("output_dtype", 2L).Refused(x, Half, zero));
        Names("attribute axis", new Fold("QuantizeLinear", 10).With("axis", 1L).Refused(x, Half));
        Names("int16", new Fold("QuantizeLinear", 20).Refused(x, Half, HostTensor.Of(ElementType.Int16, [], [(short)0])));
        Names("float16", new Fold("QuantizeLinear", 19).Refused(HostTensor.Of(ElementType.Float16, [], [(Half)1]), Half));
        Names("scale", new Fold("QuantizeLinear", 13).Refused(x, Fold.Floats(1, 2)));
        Names("scale", new Fold("QuantizeLinear", 10).Refused(x, Fold.Floats(1, 2, 3)));
        Names("axis", new Fold("DequantizeLinear", 13).With("axis", 2L).Refused(q, Fold.Floats(1, 2, 3)));
        Names("zero_point", new Fold("DequantizeLinear", 13).Refused(q, Fold.Floats(1, 2, 3), zero));
        Names("uint8", new Fold("DequantizeLinear", 13).Refused(q, Half, HostTensor.Of(ElementType.UInt8, [], [(byte)0])));
        Names("0, as for every int32", new Fold("DequantizeLinear", 13).Refused(Fold.Of(ElementType.Int32, 5), Half, HostTensor.Of(ElementType.Int32, [], [1])));
        Names("divided by the scale 0", new Fold("QuantizeLinear", 13).Refused(Fold.Floats(0), HostTensor.Floats([], [0])));

        static void Names(string part, Exception error) => Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-45f, 0f)]
    public void AnEmptyRangeHasTheScaleOne(float first, float second)
    {
        var outputs = Dynamic(first, second);
        TensorAssert.Holds<byte>([0, 0], outputs[0]);
        TensorAssert.Holds<float>([1], outputs[1]);
        TensorAssert.Holds<byte>([0], outputs[2]);
    }

    [Fact]
    public void TheRangeContainsZero()
    {
        var below = Dynamic(-510, -255);
        TensorAssert.Holds<byte>([0, 127], below[0]);
        TensorAssert.Holds<float>([2], below[1]);
        TensorAssert.Holds<byte>([255], below[2]);
        var above = Dynamic(510, 255);
        TensorAssert.Holds<byte>([255, 128], above[0]);
        TensorAssert.Holds<byte>([0], above[2]);
        Assert.Contains("finite", new Fold("DynamicQuantizeLinear", 11).Refused(Fold.Floats(float.MinValue, float.MaxValue)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ZeroPointsAreThoseOfRowsAndColumns()
    {
        var a = HostTensor.Of<byte>(ElementType.UInt8, [2, 2], [255, 0, 1, 2]);
        var b = HostTensor.Of<sbyte>(ElementType.Int8, [2, 2], [-128, 127, 3, 4]);
        var fold = new Fold("MatMulInteger", 10);
        TensorAssert.Holds<int>([255 * -128, 255 * 127, -128 + 6, 127 + 8], fold.Run(a, b));
        TensorAssert.Holds<int>([254 * -138, 254 * 107, 0, 0], fold.Run(
            HostTensor.Of<byte>(ElementType.UInt8, [2, 2], [255, 1, 2, 2]), b, Fold.Of<byte>(ElementType.UInt8, 1, 2), Fold.Of<sbyte>(ElementType.Int8, 10, 20)));
        Assert.Contains("one for each column", fold.Refused(a, b, null, HostTensor.Of<sbyte>(ElementType.Int8, [2, 1], [1, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("the type of B", fold.Refused(a, b, null, Fold.Of<byte>(ElementType.UInt8, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("int8 or uint8", fold.Refused(Fold.Counted(2, 2), b).Message, StringComparison.Ordinal);
    }

    private static HostTensor[] Dynamic(params float[] x) =>
        [.. (new Fold("DynamicQuantizeLinear", 11) with { Outputs = 3 }).All(Fold.Floats(x)).Select(output => output!)];
}
