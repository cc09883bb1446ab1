using RnnRuntime.Cli.Npy;
using RnnRuntime.Graph;

namespace RnnRuntime.Cli.Running;

/// <summary>
/// What one input of the model is given at each step: a slice of a sequence, the same values every time, or what an output was the step before.
/// </summary>
internal sealed class InputFeed
{
    private readonly string _source;
    private readonly int _index;
    private readonly int _length;
    private readonly float[] _floats;
    private readonly int[] _indices;

    private InputFeed(string source, int index, int length, int? timeSteps, float[] floats, int[] indices)
    {
        _source = source;
        _index = index;
        _length = length;
        _floats = floats;
        _indices = indices;
        TimeSteps = timeSteps;
    }

    /// <summary>Length of the sequence; null where the values stay.</summary>
    public int? TimeSteps { get; }

    /// <summary>The values of one step, for an output to be fed back into.</summary>
    public Span<float> Current => _floats;

    public static InputFeed FromArray(int index, TensorInfo input, NpyArray array, string path)
    {
        var shape = input.Shape.Dimensions;
        int? timeSteps = array.Shape.Length == shape.Length + 1 ? array.Shape[0] : null;
        if (!shape.AsSpan().SequenceEqual(array.Shape.AsSpan(timeSteps is null ? 0 : 1)))
        {
            throw new CliException(
                $"{path}: input '{input.Name}' is {Text.Of(input)}; expected an array of that shape or with one more leading axis, found {array.Describe()}");
        }

        if (timeSteps == 0)
        {
            throw new CliException($"{path}: input '{input.Name}' has no time steps: {array.Describe()}");
        }

        return input.Type == TensorType.Int32
            ? new InputFeed(path, index, input.Shape.ElementCount, timeSteps, [], array.ToInt32(path))
            : new InputFeed(path, index, input.Shape.ElementCount, timeSteps, array.ToFloat32(path), []);
    }

    /// <summary>Zeros, until an output is fed back.</summary>
    public static InputFeed Zeros(int index, TensorInfo input) =>
        new("--state", index, input.Shape.ElementCount, null, new float[input.Shape.ElementCount], []);

    /// <summary>What it gives over this many steps, as a model carries it: [T, shape].</summary>
    public Constant ToConstant(TensorInfo input, int steps)
    {
        int[] shape = [steps, .. input.Shape.Dimensions];
        var array = _indices.Length > 0
            ? NpyArray.FromInt32(TimeSteps is null ? Repeat(_indices, steps) : _indices, shape)
            : NpyArray.From(TimeSteps is null ? Repeat(_floats, steps) : _floats, shape);
        return new Constant(input.Name, input.Type, new TensorShape(shape), array.Data);
    }

    /// <summary>Has room to give the same values for this many steps at once.</summary>
    public InputFeed ForChunks(int chunkLength) => TimeSteps is not null || chunkLength == 1
        ? this
        : new InputFeed(_source, _index, _length, null, Repeat(_floats, chunkLength), Repeat(_indices, chunkLength));

    public void Give(RnnSession session, int firstStep, int steps)
    {
        try
        {
            Set(session, firstStep, steps);
        }
        catch (ArgumentException) when (TimeSteps is not null && steps > 1)
        {
            // The session counts from the call's beginning; one by one the step has its own number.
            for (var t = 0; t < steps; t++)
            {
                Give(session, firstStep + t, 1);
            }

            throw;
        }
        catch (ArgumentException exception)
        {
            throw new CliException($"{_source}: {(TimeSteps is null ? "" : $"time step {firstStep}: ")}{Text.Of(exception)}");
        }
    }

    private void Set(RnnSession session, int firstStep, int steps)
    {
        var start = TimeSteps is null ? 0 : firstStep * _length;
        if (_indices.Length > 0)
        {
            session.SetInput(_index, _indices.AsSpan(start, steps * _length));
        }
        else
        {
            session.SetInput(_index, _floats.AsSpan(start, steps * _length));
        }
    }

    private static T[] Repeat<T>(T[] values, int times)
    {
        var repeated = new T[checked(values.Length * times)];
        for (var i = 0; i < times; i++)
        {
            values.CopyTo(repeated, i * values.Length);
        }

        return repeated;
    }
}
