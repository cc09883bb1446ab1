using RnnRuntime.Bench.Compare;
using RnnRuntime.Roofline;

namespace RnnRuntime.Bench.Peers;

/// <summary>One LSTM layer and the call that is timed: <paramref name="TimeSteps"/> frames of <paramref name="Streams"/> streams.</summary>
internal readonly record struct LstmShape(int Input, int Hidden, int Streams = 1, int TimeSteps = 1)
{
    internal static readonly (int Input, int Hidden)[] Sizes = [(1, 20), (40, 64), (64, 128), (128, 256), (256, 512), (512, 1024)];

    /// <summary>The size with this many units.</summary>
    internal static (int Input, int Hidden) SizeOf(int hidden)
    {
        int index = Array.FindIndex(Sizes, size => size.Hidden == hidden);
        return index >= 0 ? Sizes[index] : throw new UsageException($"Hidden size {hidden} is none of {string.Join(", ", Sizes.Select(size => size.Hidden))}.");
    }

    internal int Rows => 4 * Hidden;

    /// <summary>Multiply-adds of one time step of all streams.</summary>
    internal long MultiplyAdds => (long)Rows * (Input + Hidden) * Streams;

    /// <summary>Bytes of weights and biases; int8 rows also carry a scale.</summary>
    internal long WeightBytes(bool int8) => (long)Rows * (((Input + Hidden) * (int8 ? 1 : sizeof(float))) + (int8 ? 8 : 4));

    /// <summary>
    /// Bytes of weights that one time step has to read: recurrent weights in each step, input weights once a call, because all frames of a
    /// call are known at its start.
    /// </summary>
    internal double BytesPerStep(bool int8)
    {
        double inputBytes = (double)Rows * Input * (int8 ? 1 : sizeof(float));
        return WeightBytes(int8) - inputBytes + (inputBytes / TimeSteps);
    }

    /// <summary>The roof of one time step in ns.</summary>
    internal double RoofNanoseconds(Roof roof, bool int8) =>
        roof.Nanoseconds(WeightBytes(int8), MultiplyAdds, int8, BytesPerStep(int8) / WeightBytes(int8));

    public override string ToString() => $"({Input},{Hidden})";
}
