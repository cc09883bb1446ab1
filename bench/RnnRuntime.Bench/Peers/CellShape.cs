using System.Globalization;
using RnnRuntime.Bench.Measuring;

namespace RnnRuntime.Bench.Peers;

/// <summary>The recurrent cells that are measured; the GRU's reset gate scales the recurrent product (reset after).</summary>
internal enum Cell
{
    Lstm,
    Gru,
    Rnn,
}

/// <summary>One recurrent layer and the call that is timed: <paramref name="TimeSteps"/> frames of <paramref name="Streams"/> streams.</summary>
internal readonly record struct CellShape(int Input, int Hidden, int Streams = 1, int TimeSteps = 1, Cell Cell = Cell.Lstm)
{
    internal static readonly (int Input, int Hidden)[] Sizes = [(1, 20), (40, 64), (64, 128), (128, 256), (256, 512), (512, 1024)];

    /// <summary>Layers of real models: voice detection, and the two layers of the character model that ships.</summary>
    internal static readonly (int Input, int Hidden)[] ModelSizes = [(128, 128), (64, 384), (384, 384)];

    internal static readonly (int Input, int Hidden)[] AllSizes = [.. Sizes, .. ModelSizes];

    /// <summary>The size with this many units.</summary>
    internal static (int Input, int Hidden) SizeOf(int hidden)
    {
        int index = Array.FindIndex(Sizes, size => size.Hidden == hidden);
        return index >= 0 ? Sizes[index] : throw new UsageException($"Hidden size {hidden} is none of {string.Join(", ", Sizes.Select(size => size.Hidden))}.");
    }

    /// <summary><c>64</c> for the size with this many units, or any <c>INPUTxHIDDEN</c>.</summary>
    internal static (int Input, int Hidden) ParseSize(string text) => text.Split('x') switch
    {
        [string hidden] => SizeOf(OptionValue.Integer("--sizes", hidden)),
        [string input, string hidden] => (OptionValue.Integer("--sizes", input), OptionValue.Integer("--sizes", hidden)),
        _ => throw new UsageException($"--sizes takes sizes as HIDDEN or INPUTxHIDDEN; found '{text}'."),
    };

    internal int Gates => Cell switch
    {
        Cell.Lstm => 4,
        Cell.Gru => 3,
        _ => 1,
    };

    internal int Rows => Gates * Hidden;

    /// <summary>Multiply-adds of one time step of all streams.</summary>
    internal long MultiplyAdds => (long)Rows * (Input + Hidden) * Streams;

    /// <summary>Bytes of weights and biases; int8 rows also carry a scale.</summary>
    internal long WeightBytes(WeightType weights) => (long)Rows * (((Input + Hidden) * weights.Bytes()) + (weights == WeightType.Int8 ? 8 : 4));

    /// <summary>
    /// Bytes of weights that one time step has to read: recurrent weights in each step, input weights once a call, because all frames of a
    /// call are known at its start.
    /// </summary>
    internal double BytesPerStep(WeightType weights)
    {
        double inputBytes = (double)Rows * Input * weights.Bytes();
        return WeightBytes(weights) - inputBytes + (inputBytes / TimeSteps);
    }

    /// <summary>The roof of one time step in ns; 16-bit weights are widened, so their arithmetic is that of float32.</summary>
    internal double RoofNanoseconds(Roof roof, WeightType weights) =>
        roof.Nanoseconds(WeightBytes(weights), MultiplyAdds, weights == WeightType.Int8, BytesPerStep(weights) / WeightBytes(weights));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"({Input},{Hidden})");
}
