using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Cli.Running;

/// <summary>All values of one output over a run; collecting them allocates nothing.</summary>
internal sealed class OutputBuffer
{
    private readonly int _index;
    private readonly int _size;
    private readonly float[] _floats = [];
    private readonly int[] _integers = [];

    public OutputBuffer(int index, TensorInfo output, int timeSteps)
    {
        var length = (long)timeSteps * output.Shape.ElementCount;
        if (length * sizeof(float) > Array.MaxLength)
        {
            throw new CliException($"output '{output.Name}' would be {timeSteps} times {output.Shape}, above the limit of 2 GiB");
        }

        (_index, _size) = (index, output.Shape.ElementCount);
        if (output.Type == TensorType.Int32)
        {
            _integers = new int[length];
        }
        else
        {
            _floats = new float[length];
        }
    }

    public void Collect(RnnSession session, int firstStep, int steps)
    {
        if (_integers.Length > 0)
        {
            session.GetOutput(_index, _integers.AsSpan(firstStep * _size, steps * _size));
        }
        else
        {
            session.GetOutput(_index, _floats.AsSpan(firstStep * _size, steps * _size));
        }
    }

    /// <summary>The values of one step of a float32 output.</summary>
    public ReadOnlySpan<float> Step(int step) => _floats.AsSpan(step * _size, _size);

    public NpyArray ToArray(params int[] shape) => _integers.Length > 0 ? NpyArray.FromInt32(_integers, shape) : NpyArray.From(_floats, shape);
}
