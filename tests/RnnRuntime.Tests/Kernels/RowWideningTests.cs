using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Rows of tables in few bits become float32 exactly, whatever their length and place.</summary>
[Trait("Category", "Kernels")]
public sealed unsafe class RowWideningTests : IDisposable
{
    private readonly GuardedMemory _memory = new(GuardSide.End);

    [Fact]
    public void EveryNumberOf16BitsIsWidenedExactly()
    {
        var bits = Enumerable.Range(0, 1 << 16).Where(Effort.Takes).Select(i => (ushort)i).ToArray();
        var result = new float[bits.Length];
        fixed (ushort* x = bits)
        {
            fixed (float* y = result)
            {
                RowWidening.BFloat16(x, y, bits.Length);
                Assert.All(bits, (each, i) => Assert.Equal((uint)each << 16, BitConverter.SingleToUInt32Bits(result[i])));
                RowWidening.Float16(x, y, bits.Length);
                Assert.All(bits, (each, i) =>
                {
                    var half = BitConverter.UInt16BitsToHalf(each);
                    Assert.True(!Half.IsFinite(half) || BitConverter.SingleToUInt32Bits((float)half) == BitConverter.SingleToUInt32Bits(result[i]), $"0x{each:x4}");
                });
            }
        }
    }

    [Fact]
    public void EveryInt8IsOneMultiplication()
    {
        var values = Enumerable.Range(-127, 255).Select(i => (sbyte)i).ToArray();
        var result = new float[values.Length];
        foreach (var scale in new[] { 1f, 0.1f, 1e-38f, 3e36f, 0f })
        {
            fixed (sbyte* x = values)
            {
                fixed (float* y = result)
                {
                    RowWidening.Int8(x, scale, y, values.Length);
                }
            }

            Assert.Equal(values.Select(value => value * scale), result);
        }
    }

    [Fact]
    public void NothingBeyondARowIsTouchedWhateverItsLength()
    {
        for (var length = 1; length <= 40; length++)
        {
            var source = Enumerable.Range(0, length).Select(i => (byte)(i * 7)).ToArray();
            var bytes = _memory.Place<byte>("bytes", length, 1);
            var words = _memory.Place<ushort>("words", length, 2);
            var y = _memory.Place<float>("y", length);
            for (var i = 0; i < length; i++)
            {
                (bytes[i], words[i]) = (source[i], (ushort)(0x3c00 + source[i]));
            }

            RowWidening.Int8((sbyte*)bytes, 0.5f, y, length);
            Assert.Equal(source.Select(value => (sbyte)value * 0.5f), new Span<float>(y, length).ToArray());
            RowWidening.BFloat16(words, y, length);
            Assert.Equal(source.Select(value => BitConverter.UInt32BitsToSingle((0x3c00u + value) << 16)), new Span<float>(y, length).ToArray());
            RowWidening.Float16(words, y, length);
            Assert.Equal(source.Select(value => (float)BitConverter.UInt16BitsToHalf((ushort)(0x3c00 + value))), new Span<float>(y, length).ToArray());
            _memory.CheckBorders($"{length} elements");
        }
    }

    public void Dispose() => _memory.Dispose();
}
