using System.Collections.Immutable;

namespace RnnRuntime.Cli.Benching;

/// <summary>A model bound to one kernel, and calls of it one after the other; the state is carried. A call allocates nothing.</summary>
internal sealed class BenchRun : IDisposable
{
    private readonly BenchFeed _feed;
    private readonly RnnSession _session;
    private readonly ImmutableArray<TensorInfo> _inputs;
    private readonly ImmutableArray<TensorInfo> _outputs;
    private readonly bool _isPlain;
    private int _next;

    /// <param name="model">The model, which is disposed with this.</param>
    /// <param name="feed">What it is given.</param>
    public BenchRun(RnnModel model, BenchFeed feed)
    {
        (Model, _feed) = (model, feed);

        // A call of one step needs no room for more.
        _session = model.CreateSession(feed.Streams, feed.TimeSteps == 1 ? 1 : null);
        (_inputs, _outputs) = (model.Inputs, model.Outputs);
        _isPlain = _inputs.Length == 1 && _outputs is [{ Type: TensorType.Float32 }];
        Floats = [.. _outputs.Select(output => new float[output.Type == TensorType.Int32 ? 0 : ElementsOfCall(output)])];
        Integers = [.. _outputs.Select(output => new int[output.Type == TensorType.Int32 ? ElementsOfCall(output) : 0])];
    }

    public RnnModel Model { get; }

    /// <summary>Time steps of a call.</summary>
    public int TimeSteps => _feed.TimeSteps;

    /// <summary>Calls whose inputs differ.</summary>
    public int Calls => _feed.Calls;

    /// <summary>The float32 outputs of the last call; empty for one of int32.</summary>
    public float[][] Floats { get; }

    /// <summary>The int32 outputs of the last call; empty for one of float32.</summary>
    public int[][] Integers { get; }

    public BenchWork Work => BenchWork.Of(Model.DescribePlan(_session.Streams, _session.ChunkLength));

    public void Restart()
    {
        _session.Reset();
        _next = 0;
    }

    public void Call()
    {
        var call = _next;
        _next = call + 1 == _feed.Calls ? 0 : call + 1;
        if (_isPlain)
        {
            var length = ElementsOfCall(_inputs[0]);
            if (_inputs[0].Type == TensorType.Int32)
            {
                _session.Run(_feed.Integers(0).AsSpan(call * length, length), Floats[0]);
            }
            else
            {
                _session.Run(_feed.Floats(0).AsSpan(call * length, length), Floats[0]);
            }

            return;
        }

        for (int done = 0, steps; done < TimeSteps; done += steps)
        {
            steps = Math.Min(_session.ChunkLength, TimeSteps - done);
            Give((call * TimeSteps) + done, steps);
            _session.Run(steps);
            Take(done, steps);
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        Model.Dispose();
    }

    private void Give(int firstStep, int steps)
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            var length = ElementsOfStep(_inputs[i]);
            if (_inputs[i].Type == TensorType.Int32)
            {
                _session.SetInput(i, _feed.Integers(i).AsSpan(firstStep * length, steps * length));
            }
            else
            {
                _session.SetInput(i, _feed.Floats(i).AsSpan(firstStep * length, steps * length));
            }
        }
    }

    private void Take(int firstStep, int steps)
    {
        for (var i = 0; i < _outputs.Length; i++)
        {
            var length = ElementsOfStep(_outputs[i]);
            if (_outputs[i].Type == TensorType.Int32)
            {
                _session.GetOutput(i, Integers[i].AsSpan(firstStep * length, steps * length));
            }
            else
            {
                _session.GetOutput(i, Floats[i].AsSpan(firstStep * length, steps * length));
            }
        }
    }

    private int ElementsOfStep(TensorInfo tensor) => tensor.Shape.ElementCount * _feed.Streams;

    private int ElementsOfCall(TensorInfo tensor) => ElementsOfStep(tensor) * TimeSteps;
}
