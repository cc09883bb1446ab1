namespace RnnRuntime.Fuzz;

/// <summary>Changes of bytes that know nothing of a format.</summary>
internal static class ByteMutator
{
    private static readonly long[] Interesting =
    [
        0, 1, -1, 2, 3, 7, 8, 16, 63, 64, 100, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 1 << 20, 1 << 24, int.MaxValue, int.MinValue, 1L << 31, uint.MaxValue,
        1L << 32, (1L << 32) + 1, 1L << 40, 1L << 62, long.MaxValue, long.MinValue,
    ];

    /// <summary>Mostly a small number, where a file may still be valid; otherwise one at a border.</summary>
    public static long Integer(Random random) => random.Next(3) > 0 ? random.Next(-3, 9) : Interesting[random.Next(Interesting.Length)];

    public static byte[] Mutate(byte[] original, Random random, Func<byte[]> other)
    {
        var bytes = new List<byte>(original);
        for (var changes = random.Next(4) == 0 ? random.Next(2, 8) : 1; changes > 0 && bytes.Count > 0; changes--)
        {
            Change(bytes, random, other);
        }

        return [.. bytes];
    }

    private static void Change(List<byte> bytes, Random random, Func<byte[]> other)
    {
        var at = Place(bytes, random);
        switch (random.Next(13))
        {
            case 0:
            case 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                bytes[at] = (byte)random.Next(256);
                break;
            case 3:
                bytes[at] = (byte)(bytes[at] + random.Next(-3, 4));
                break;
            case 4:
            case 5:
                Overwrite(bytes, at, Number(random));
                break;
            case 6:
                Overwrite(bytes, at, BitConverter.GetBytes((long)random.Next(bytes.Count + 1)).AsSpan(0, 1 << random.Next(4)));
                break;
            case 7:
                bytes.InsertRange(at, random.Next(2) == 0 ? Number(random) : Varint(Integer(random)));
                break;
            case 8:
                bytes.RemoveRange(at, Math.Min(Length(random), bytes.Count - at));
                break;
            case 9:
                bytes.InsertRange(Place(bytes, random), bytes.GetRange(at, Math.Min(Length(random), bytes.Count - at)));
                break;
            case 10:
                var source = other();
                var from = random.Next(source.Length);
                var block = source[from..(from + Math.Min(Length(random), source.Length - from))];
                if (random.Next(2) == 0)
                {
                    bytes.InsertRange(at, block);
                }
                else
                {
                    Overwrite(bytes, at, block);
                }

                break;
            case 11:
                Overwrite(bytes, at, bytes.GetRange(Place(bytes, random), 1).Concat(Varint(Integer(random))).ToArray());
                break;
            default:
                if (random.Next(6) == 0)
                {
                    bytes.RemoveRange(at, bytes.Count - at);
                }
                else
                {
                    bytes[at] = random.Next(3) switch { 0 => 0, 1 => 0x7F, _ => 0xFF };
                }

                break;
        }
    }

    /// <summary>A place anywhere, near an end, or beside a run of zeros, where headers lie.</summary>
    private static int Place(List<byte> bytes, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                return random.Next(Math.Min(bytes.Count, 512));
            case 1:
                return bytes.Count - 1 - random.Next(Math.Min(bytes.Count, 512));
            case 2:
                var at = random.Next(bytes.Count);
                for (var end = Math.Min(bytes.Count - 4, at + 2048); at < end; at++)
                {
                    if (bytes[at] == 0 && bytes[at + 1] == 0 && bytes[at + 2] == 0)
                    {
                        return Math.Clamp(at + random.Next(-12, 12), 0, bytes.Count - 1);
                    }
                }

                return at;
            default:
                return random.Next(bytes.Count);
        }
    }

    private static int Length(Random random) => random.Next(4) switch { 0 => random.Next(1, 4), 1 => random.Next(1, 16), 2 => random.Next(1, 64), _ => random.Next(1, 512) };

    private static byte[] Number(Random random)
    {
        var bytes = BitConverter.GetBytes(Interesting[random.Next(Interesting.Length)])[..(1 << random.Next(4))];
        if (random.Next(4) == 0)
        {
            Array.Reverse(bytes);
        }

        return bytes;
    }

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        var rest = (ulong)value;
        for (; rest >= 128; rest >>= 7)
        {
            bytes.Add((byte)(rest | 128));
        }

        bytes.Add((byte)rest);
        return [.. bytes];
    }

    private static void Overwrite(List<byte> bytes, int at, ReadOnlySpan<byte> values)
    {
        for (var i = 0; i < values.Length && at + i < bytes.Count; i++)
        {
            bytes[at + i] = values[i];
        }
    }
}
