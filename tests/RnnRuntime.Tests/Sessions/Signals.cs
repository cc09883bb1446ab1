using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Values for every input of a model: [T][B][shape] each.</summary>
internal sealed class Signals
{
    private readonly float[][] _floats;
    private readonly int[][] _indices;

    private Signals(int timeSteps, int streams, float[][] floats, int[][] indices)
    {
        TimeSteps = timeSteps;
        Streams = streams;
        _floats = floats;
        _indices = indices;
    }

    public int TimeSteps { get; }

    public int Streams { get; }

    /// <summary>Uniform in [-1, 1], one frame in eight silent; indices anywhere in the table, integers that look nothing up small.</summary>
    public static Signals Random(RnnModel model, int timeSteps, int streams, int seed)
    {
        var random = new Random(seed);
        var floats = new List<float[]>();
        var indices = new List<int[]>();
        foreach (var port in model.Plan.Inputs)
        {
            var length = port.Value.Shape.ElementCount;
            var isIndex = port.Value.Type == TensorType.Int32;
            floats.Add(isIndex ? [] : new float[timeSteps * streams * length]);
            indices.Add(isIndex ? new int[timeSteps * streams * length] : []);
            foreach (ref var index in indices[^1].AsSpan())
            {
                index = port.IndexLimit > 0 ? random.Next(port.IndexLimit) : random.Next(-3, 10);
            }

            for (var frame = 0; frame * length < floats[^1].Length; frame++)
            {
                var silent = random.Next(8) == 0;
                foreach (ref var value in floats[^1].AsSpan(frame * length, length))
                {
                    value = silent ? 0f : (random.NextSingle() * 2) - 1;
                }
            }
        }

        return new Signals(timeSteps, streams, [.. floats], [.. indices]);
    }

    /// <summary>The values of one input; empty where it is of the other type.</summary>
    public Span<float> Floats(int input) => _floats[input];

    public ReadOnlySpan<int> Indices(int input) => _indices[input];

    public Signals Steps(int start, int count) => Map(count, Streams, frame => frame + (start * Streams));

    public Signals Stream(int stream) => Map(TimeSteps, 1, frame => (frame * Streams) + stream);

    /// <summary>The same for one stream, and numbers that do harm wherever they leak for all others.</summary>
    public Signals WithHostileNeighbours(int stream)
    {
        float[] hostile = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -float.MaxValue, float.Epsilon, 1e30f];
        var copy = Map(TimeSteps, Streams, frame => frame);
        foreach (var values in copy._floats)
        {
            var length = values.Length / (TimeSteps * Streams);
            for (var i = 0; i < values.Length; i++)
            {
                if (i / length % Streams != stream)
                {
                    values[i] = hostile[i * 31 % hostile.Length];
                }
            }
        }

        return copy;
    }

    /// <summary>Runs everything in named calls of these lengths, repeated, and returns every output as [T][B][shape]; integers as numbers.</summary>
    public float[][] Run(RnnSession session, params ReadOnlySpan<int> lengths)
    {
        Assert.Equal(Streams, session.Streams);
        var outputs = NewOutputs(session);
        for (int done = 0, call = 0, steps; done < TimeSteps; done += steps, call++)
        {
            steps = Math.Min(lengths[call % lengths.Length], TimeSteps - done);
            Give(session, done, steps);
            session.Run(steps);
            Read(session, outputs, done, steps);
        }

        return outputs;
    }

    /// <summary>Gives all time steps to a session and runs nothing.</summary>
    public void Give(RnnSession session) => Give(session, 0, TimeSteps);

    /// <summary>The outputs of a session's last call, which ran all time steps.</summary>
    public float[][] Read(RnnSession session)
    {
        var outputs = NewOutputs(session);
        Read(session, outputs, 0, TimeSteps);
        return outputs;
    }

    /// <summary>One stream of data laid out [T][B][length].</summary>
    public static float[] OfStream(float[] data, int timeSteps, int streams, int stream)
    {
        var length = data.Length / (timeSteps * streams);
        var result = new float[timeSteps * length];
        for (var t = 0; t < timeSteps; t++)
        {
            data.AsSpan(((t * streams) + stream) * length, length).CopyTo(result.AsSpan(t * length));
        }

        return result;
    }

    private float[][] NewOutputs(RnnSession session) =>
        [.. session.Model.Outputs.Select(output => new float[TimeSteps * Streams * output.Shape.ElementCount])];

    private void Give(RnnSession session, int start, int steps)
    {
        for (var i = 0; i < _floats.Length; i++)
        {
            if (_floats[i].Length > 0)
            {
                session.SetInput(i, Part(_floats[i], start, steps));
            }
            else
            {
                session.SetInput(i, Part(_indices[i], start, steps));
            }
        }
    }

    private void Read(RnnSession session, float[][] outputs, int start, int steps)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            var target = Part(outputs[i], start, steps);
            if (session.Model.Outputs[i].Type == TensorType.Float32)
            {
                session.GetOutput(i, target);
                continue;
            }

            var integers = new int[target.Length];
            session.GetOutput(i, integers);
            for (var k = 0; k < integers.Length; k++)
            {
                target[k] = integers[k];
            }
        }
    }

    private Span<T> Part<T>(T[] data, int start, int count)
    {
        var length = data.Length / TimeSteps;
        return data.AsSpan(start * length, count * length);
    }

    private Signals Map(int timeSteps, int streams, Func<int, int> sourceFrame)
    {
        return new Signals(timeSteps, streams, [.. _floats.Select(Copy)], [.. _indices.Select(Copy)]);

        T[] Copy<T>(T[] data)
        {
            var length = data.Length / (TimeSteps * Streams);
            var result = new T[timeSteps * streams * length];
            for (var frame = 0; frame < timeSteps * streams; frame++)
            {
                data.AsSpan(sourceFrame(frame) * length, length).CopyTo(result.AsSpan(frame * length));
            }

            return result;
        }
    }
}
