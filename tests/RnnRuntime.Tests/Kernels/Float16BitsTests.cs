using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>The exponent that a matrix of float16 weights is packed with.</summary>
public sealed class Float16BitsTests
{
    [Fact]
    public void TheLargestMagnitudeGetsTheLargestExponent()
    {
        for (var bits = 1; bits < 0x7c00; bits++)
        {
            var exponent = Float16Bits.ChooseExponent([0, (ushort)(bits / 2), (ushort)(bits | 0x8000), 1]);
            Assert.InRange(exponent, 0, 39);
            Assert.InRange(Math.Abs((float)BitConverter.UInt16BitsToHalf(Float16Bits.Multiply((ushort)bits, exponent))), 32768f, 65504f);
        }
    }

    [Fact]
    public void EveryWeightStaysExact()
    {
        foreach (var largest in new ushort[] { 1, 0x03ff, 0x0400, 0x3c00, 0x53ff, 0x5400, 0x7bff })
        {
            var exponent = Float16Bits.ChooseExponent([largest]);
            for (var bits = 0; bits <= largest; bits++)
            {
                foreach (var signed in new[] { (ushort)bits, (ushort)(bits | 0x8000) })
                {
                    var packed = Float16Bits.Widen(Float16Bits.Multiply(signed, exponent));
                    Assert.Equal(
                        BitConverter.SingleToInt32Bits((float)BitConverter.UInt16BitsToHalf(signed)), BitConverter.SingleToInt32Bits(packed * Float16Bits.Factor(exponent)));
                    Assert.False(exponent >= 10 && float.IsSubnormal(packed), $"0x{signed:x4} with the exponent {exponent}");
                }
            }
        }
    }

    [Fact]
    public void ZerosNeedNoExponent() => Assert.Equal(0, Float16Bits.ChooseExponent([0, 0x8000]));
}
