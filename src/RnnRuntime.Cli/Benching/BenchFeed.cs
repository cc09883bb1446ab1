namespace RnnRuntime.Cli.Benching;

/// <summary>
/// What the calls of every kernel are given: random values of a fixed seed for some calls, which then come round again. Laid out
/// [call][time step][stream][input shape].
/// </summary>
internal sealed class BenchFeed
{
    private const ulong Seed = 1;
    private const int MostCalls = 64;

    /// <summary>Where a call is so large, fewer calls differ.</summary>
    private const long MostRandomElements = 1 << 20;

    private const long MostElements = 1 << 28;

    private readonly float[][] _floats;
    private readonly int[][] _integers;

    public BenchFeed(RnnModel model, int timeSteps, int streams)
    {
        var frames = (long)timeSteps * streams;
        var elements = frames * model.Inputs.Concat(model.Outputs).Max(tensor => tensor.Shape.ElementCount);
        if (elements > MostElements)
        {
            throw new CliException($"a call of {timeSteps} steps and {streams} streams has {elements} values in one input or output; at most {MostElements} are expected");
        }

        (TimeSteps, Streams) = (timeSteps, streams);
        Calls = (int)Math.Clamp(MostRandomElements / elements, 1, MostCalls);
        var values = RnnInputs.Random(model.Graph, (int)(Calls * frames), Seed);
        _floats = [.. model.Inputs.Select(input => input.Type == TensorType.Int32 ? [] : values.Floats(input.Name).ToArray())];
        _integers = [.. model.Inputs.Select(input => input.Type == TensorType.Int32 ? values.Integers(input.Name).ToArray() : [])];
    }

    public int TimeSteps { get; }

    public int Streams { get; }

    /// <summary>Calls that differ.</summary>
    public int Calls { get; }

    /// <summary>All values of a float32 input.</summary>
    public float[] Floats(int input) => _floats[input];

    /// <summary>All values of an int32 input.</summary>
    public int[] Integers(int input) => _integers[input];
}
