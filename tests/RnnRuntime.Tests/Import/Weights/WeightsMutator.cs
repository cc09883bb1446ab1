namespace RnnRuntime.Tests.Import;

/// <summary>
/// Changes a few places of a file: bits, bytes, interesting integers, copies of other places, cuts. Places at both ends of the file and beside
/// runs of zeros, where headers lie, are taken more often than the values between.
/// </summary>
internal static class WeightsMutator
{
    private static readonly long[] Interesting = [0, 1, -1, 2, 7, 8, 16, 255, 256, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 33];

    public static byte[] Mutate(byte[] original, int seed)
    {
        var random = new Random(seed);
        byte[] file = [.. original];
        var places = 1 + random.Next(4);
        for (var place = 0; place < places; place++)
        {
            var at = Place(file, random);
            switch (random.Next(6))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2:
                    var value = BitConverter.GetBytes(Interesting[random.Next(Interesting.Length)]);
                    var size = 1 << random.Next(4);
                    value.AsSpan(0, Math.Min(size, file.Length - at)).CopyTo(file.AsSpan(at));
                    break;
                case 3:
                    BitConverter.GetBytes((long)random.Next(file.Length)).AsSpan(0, Math.Min(8, file.Length - at)).CopyTo(file.AsSpan(at));
                    break;
                case 4:
                    var from = Place(file, random);
                    var length = Math.Min(1 + random.Next(64), file.Length - Math.Max(at, from));
                    file.AsSpan(from, length).ToArray().CopyTo(file, at);
                    break;
                default:
                    if (random.Next(8) == 0)
                    {
                        return file[..at];
                    }

                    file[at]++;
                    break;
            }
        }

        return file;
    }

    /// <summary>A place anywhere, at the start, at the end, or just after a run of text or zeros, where headers lie.</summary>
    private static int Place(byte[] file, Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                return random.Next(Math.Min(file.Length, 2048));
            case 1:
                return file.Length - 1 - random.Next(Math.Min(file.Length, 2048));
            default:
                var at = random.Next(file.Length);
                for (var step = 0; step < 4096 && at + 8 < file.Length; step++, at++)
                {
                    if (file.AsSpan(at, 6).IndexOfAnyExcept((byte)0) < 0)
                    {
                        return Math.Clamp(at + random.Next(-16, 16), 0, file.Length - 1);
                    }
                }

                return at;
        }
    }
}
